"""Contenders in turn: each in a process of its own, which waits while the others are measured, all on the same cores.

A contender is a function build(*arguments) that imports its library, makes the work ready and returns (facts, act): a dict, and a
call that does the work once and returns when it is done. Standard library only.
"""
import multiprocessing
import os
import statistics
import sys
import time
import traceback

WARM_UP = 2  # acts of a turn that are not timed; one where it takes as long as a turn


def use_cores(threads):
    """Binds this process, and all that it starts, to the first `threads` of its cores; returns how many that are.

    OpenMP's threads of the libraries keep spinning for a while after their work, which would take from the next in turn:
    KMP_BLOCKTIME=1 ends that after 1 ms (LLVM's and Intel's runtime; GNU's stops by itself), and a turn begins with acts that are not timed."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    os.sched_setaffinity(0, cores)
    os.environ.update({"OMP_NUM_THREADS": str(len(cores)), "MKL_NUM_THREADS": str(len(cores)),
                       "OPENBLAS_NUM_THREADS": str(len(cores)), "KMP_BLOCKTIME": "1"})
    return len(cores)


def timed(act, seconds, arguments):
    """Milliseconds of each act that begins within the time; one at least."""
    start = time.perf_counter()
    for _ in range(WARM_UP):
        act(*arguments)
        if time.perf_counter() > start + seconds:
            break
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        begin = time.perf_counter()
        act(*arguments)
        times.append(1e3 * (time.perf_counter() - begin))
    return times


def serve(connection, build, arguments):
    try:
        facts, act = build(*arguments)
        connection.send(facts)
        for seconds, arguments in iter(connection.recv, None):
            connection.send(timed(act, seconds, arguments))
    except Exception:  # whatever it was, the parent is to say it
        connection.send(traceback.format_exc())


class Contender:
    def __init__(self, name, build, *arguments):
        context = multiprocessing.get_context("spawn")
        self.name = name
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, build, arguments), daemon=True)
        self.process.start()
        theirs.close()
        self.facts = self.receive()

    def receive(self):
        try:
            answer = self.connection.recv()
        except EOFError:
            sys.exit(f"{self.name}: its process ended without a word")
        if isinstance(answer, str):
            sys.exit(f"{self.name}:\n{answer}")
        return answer

    def turn_times(self, seconds, *arguments):
        """Milliseconds of each act(*arguments) of a turn."""
        self.connection.send((seconds, arguments))
        return self.receive()

    def turn(self, seconds, *arguments):
        """Their median."""
        return statistics.median(self.turn_times(seconds, *arguments))

    def end(self):
        self.connection.send(None)
        self.process.join()


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}
