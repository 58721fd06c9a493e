"""The use of trained networks: `clunroll bench apply`, ONNX Runtime and PyTorch on the same weights and signals, in turn, in one run, on
the same cores; and beside them classical solvers on the same signals, each at its own accuracy.

    python3 tests/peers/apply.py build/clunroll --models lista.safetensors searched.safetensors

All networks must reach the same NMSE to 0.01 dB. The solvers are matching pursuit of scikit-learn, signal by signal, and FISTA in
NumPy on all signals at once, with the penalty that is best on other signals. NMSE is the mean of dB over the test signals.
"""
import environment

environment.enter("numpy", "safetensors", "torch", "onnx", "onnxruntime", "scikit-learn")

import argparse
import json
import pathlib
import statistics

import numpy as np

import turns
from network import Network, nmse_db
from program import Program, add_model_options, models_of

AGREEMENT_DB = 0.01
JUDGED = 1024  # signals on which NMSE is taken
SOLVED = 32    # signals of matching pursuit, which takes one at a time
TOGETHER = 256 # signals of FISTA, which takes many
TUNED = 64     # other signals, on which its penalty is chosen
FISTA_ITERATIONS = (16, 100, 500, 2000)
FISTA_PENALTIES = (0.1, 0.03, 0.01, 0.003, 0.001, 0.0003)


def judged(apply, b, x):
    return {"nmse_db": float(nmse_db(apply(b[:JUDGED]), x[:JUDGED])[0])}


def build_onnx(model, b, x, most, threads):
    import onnxruntime
    import onnx_network
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(onnx_network.build(Network(model)), settings, providers=["CPUExecutionProvider"])
    apply = lambda rows: session.run(None, {"b": rows})[0]
    many = np.resize(b, (most, b.shape[1]))
    return judged(apply, b, x), lambda batch: apply(many[:batch])


def build_torch(model, b, x, most, threads):
    import torch
    from torch_network import TorchNetwork
    torch.set_num_threads(threads)
    stored = Network(model)
    network = TorchNetwork.of(stored)
    many = torch.from_numpy(np.resize(b, (most, b.shape[1])))

    def apply(rows):
        with torch.inference_mode():
            return network.forward(rows / stored.scale, stored.layers) * stored.scale

    return judged(lambda rows: apply(torch.from_numpy(rows)).numpy(), b, x), lambda batch: apply(many[:batch])


def build_omp(solver, dictionary, b, x):
    import solvers
    solve = getattr(solvers, solver)
    return {"nmse_db": float(nmse_db(solve(dictionary, b), x)[0])}, lambda: solve(dictionary, b)


def build_fista(iterations, dictionary, b, x, other_b, other_x):
    from solvers import fista
    tried = [(nmse_db(fista(dictionary, other_b, penalty, iterations), other_x)[0], penalty) for penalty in FISTA_PENALTIES]
    penalty = min(tried)[1]
    return {"nmse_db": float(nmse_db(fista(dictionary, b, penalty, iterations), x)[0]), "penalty": penalty}, \
        lambda: fista(dictionary, b, penalty, iterations)


def row_of(network, model, peer, facts, **figures):
    return {"bench": "peer apply", "network": model, "m": network.w_b.shape[1], "n": network.w_b.shape[0],
            "layers": network.layers, "peer": peer, **facts, **figures}


def summary(times):
    """Of milliseconds: with what 95 per cent do not exceed."""
    return {**turns.spread(times), "p95": sorted(times)[(95 * len(times) + 99) // 100 - 1]}


def compare_networks(program, model, options):
    network, batches = Network(model), options.batches
    b, x = program.signals(network, "--test-samples", JUDGED)
    facts = judged(lambda rows: program.apply(model, rows), b, x)
    peers = [turns.Contender(name, build, model, b, x, max(batches), options.threads)
             for name, build in (("ONNX Runtime", build_onnx), ("PyTorch", build_torch))]
    times = {(peer.name, batch): [] for peer in peers for batch in batches}
    rows = []
    for _ in range(options.rounds):
        for batch in batches:
            ours = program.rows("bench", "apply", model, "--batches", batch, "--slice", options.seconds)[0]
            rows.append(row_of(network, model, "clunroll", facts, batch=batch, arch=ours["arch"],
                               ms={key: ours[f"ms_per_call_{key}"] for key in ("min", "median", "max", "p95")},
                               device=ours["device"], driver=ours["driver"], threads=options.threads))
            for peer in peers:
                peer_times = peer.turn_times(options.seconds, batch)
                rows.append(row_of(network, model, peer.name, peer.facts, batch=batch, arch=ours["arch"], ms=summary(peer_times),
                                   threads=options.threads))
    for peer in peers:
        peer.end()
    return rows


def compare_solvers(program, model, options):
    network = Network(model)
    dictionary, (b, x) = program.dictionary(network), program.signals(network, "--test-samples", TOGETHER + TUNED)
    rows = []
    for name in ("omp", "omp_gram"):
        title = {"omp": "orthogonal_mp", "omp_gram": "orthogonal_mp_gram"}[name]
        solver = turns.Contender(title, build_omp, name, dictionary, b[:SOLVED], x[:SOLVED])
        rows.append(row_of(network, model, title, solver.facts, signals=SOLVED, ms=summary(solver.turn_times(options.seconds))))
        solver.end()
    for iterations in FISTA_ITERATIONS:
        solver = turns.Contender(f"FISTA, {iterations} iterations", build_fista, iterations, dictionary, b[:TOGETHER],
                                 x[:TOGETHER], b[TOGETHER:], x[TOGETHER:])
        rows.append(row_of(network, model, solver.name, solver.facts, signals=TOGETHER,
                           ms=summary(solver.turn_times(options.seconds))))
        solver.end()
    return rows


def of_rounds(rows, peer, model, batch):
    """Figures of a peer's rounds: the least minimum, the median of medians and of 95th percentiles."""
    ms = [row["ms"] for row in rows if (row["peer"], row["network"], row.get("batch")) == (peer, model, batch)]
    return min(m["min"] for m in ms), statistics.median(m["median"] for m in ms), statistics.median(m["p95"] for m in ms)


def network_table(rows, models, batches):
    large = [batch for batch in batches if batch > 1]
    lines = ["| network | | one signal, ms: min **median** 95 % | " + " | ".join(f"{batch} at once, signals/s" for batch in large) +
             " | NMSE dB |", "|---" * (4 + len(large)) + "|"]
    for model in models:
        for peer in ("clunroll", "ONNX Runtime", "PyTorch"):
            first = next(row for row in rows if row["network"] == model and row["peer"] == peer)
            least, median, p95 = of_rounds(rows, peer, model, 1)
            rates = [f"{1e3 * batch / of_rounds(rows, peer, model, batch)[1]:,.0f}" for batch in large]
            lines.append(f"| {first['arch'][:24]} {first['m']}×{first['n']} | {peer} | {least:.3f} **{median:.3f}** {p95:.3f} | " +
                         " | ".join(rates) + f" | {first['nmse_db']:.2f} |")
    return "\n".join(lines)


def solver_table(rows, solved, models, batch):
    lines = ["| on the same signals | NMSE dB | µs a signal |", "|---|---|---|"]
    for model in models:
        first = next(row for row in rows if row["network"] == model and row["peer"] == "clunroll")
        lines.append(f"| {first['arch'][:24]} by clunroll, {batch} at once | {first['nmse_db']:.1f} | "
                     f"{1e3 * of_rounds(rows, 'clunroll', model, batch)[1] / batch:,.1f} |")
    lines += [f"| {row['peer']} | {row['nmse_db']:.1f} | {1e3 * row['ms']['median'] / row['signals']:,.1f} |" for row in solved]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model_options(parser)
    parser.add_argument("--batches", default="1,16,256,4096,65536", help="signals of a call; 1 is always among them")
    parser.add_argument("--threads", type=int, default=1024, help="cores for each contender (all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a turn")
    parser.add_argument("--json", type=pathlib.Path, help="the rows, one a line")
    options = parser.parse_args()
    options.batches = sorted({1, *map(int, options.batches.split(","))})
    options.threads = turns.use_cores(options.threads)
    program = Program(options.program)
    models = models_of(program, options)
    rows = [row for model in models for row in compare_networks(program, model, options)]
    solved = compare_solvers(program, models[0], options)
    versions = environment.versions("onnxruntime", "torch", "scikit-learn", "numpy")
    print(f"{versions}; {options.threads} cores; {options.rounds} turns of {options.seconds} s each\n")
    print(network_table(rows, models, options.batches), "\n", sep="")
    print(solver_table(rows, solved, models, min(options.batches, key=lambda batch: abs(batch - JUDGED))))
    if options.json:
        options.json.write_text("".join(json.dumps(row) + "\n" for row in rows + solved))
    apart = max(abs(row["nmse_db"] - other["nmse_db"]) for row in rows for other in rows if row["network"] == other["network"])
    return 0 if apart <= AGREEMENT_DB else f"the networks' NMSE are {apart:.2g} dB apart: not the same work"


if __name__ == "__main__":
    raise SystemExit(main())
