"""Contenders in turn: each in a process of its own, which waits while the others are measured, all on the same cores.

A contender is a function build(*arguments) that imports its library, makes the work ready and returns (facts, act): a dict, and a
call without arguments that does the work once and returns when it is done. Standard library only.
"""
import multiprocessing
import os
import statistics
import sys
import time
import traceback

WARM_UP, LEAST = 2, 3  # acts of a turn that are not timed, and those that are timed at least


def use_cores(threads):
    """Binds this process, and all that it starts, to the first `threads` of its cores; returns how many that are.

    OpenMP's threads of the libraries keep spinning for a while after their work, which would take from the next in turn:
    KMP_BLOCKTIME=1 ends that after 1 ms (LLVM's and Intel's runtime; GNU's stops by itself), and a turn begins with acts that are not timed."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    os.sched_setaffinity(0, cores)
    os.environ.update({"OMP_NUM_THREADS": str(len(cores)), "MKL_NUM_THREADS": str(len(cores)),
                       "OPENBLAS_NUM_THREADS": str(len(cores)), "KMP_BLOCKTIME": "1"})
    return len(cores)


def timed(act, seconds):
    """Milliseconds of each act that fits into the time."""
    for _ in range(WARM_UP):
        act()
    times, end = [], time.perf_counter() + seconds
    while len(times) < LEAST or time.perf_counter() < end:
        begin = time.perf_counter()
        act()
        times.append(1e3 * (time.perf_counter() - begin))
    return times


def serve(connection, build, arguments):
    try:
        facts, act = build(*arguments)
        connection.send(facts)
        for seconds in iter(connection.recv, None):
            connection.send(timed(act, seconds))
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

    def turn(self, seconds):
        """Median of a turn, ms."""
        self.connection.send(seconds)
        return statistics.median(self.receive())

    def end(self):
        self.connection.send(None)
        self.process.join()


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def text(values, digits=2):
    """min, median (bold) and max, as the tables have them."""
    s = spread(values)
    return f"{s['min']:.{digits}f} **{s['median']:.{digits}f}** {s['max']:.{digits}f}"
