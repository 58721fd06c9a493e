"""The dense matrix products of a step: ours and CLBlast's (`clunroll bench products`) beside OpenBLAS (NumPy), in turn, in one run, on
the same cores.

    python3 tests/peers/products.py build/clunroll --sizes 250x500,50x100

Times are those of a whole step: U = b W_bᵀ and dW_b once, Y and H once for each layer but one, and dW_x with these layers stacked.
OpenBLAS multiplies the zeros too, as any peer does; "sparse" is what ours takes that skips them, on the network's own (every Y with those of the
last, every H of layer 2).
"""
import environment

environment.enter("numpy", "safetensors")

import argparse
import json
import pathlib

import numpy as np

import turns
from network import Network
from program import Program, add_model_options, models_of

WAYS = ("sparse", "dense", "CLBlast")


def build_openblas(rows, inner, columns, count, transposed):
    """`count` products [rows][inner] × [inner][columns]; transposed: the first factor lies as [inner][rows]."""
    random = np.random.default_rng(1)
    shape = (inner, rows) if transposed else (rows, inner)
    pairs = [[random.standard_normal(s, np.float32) for s in (shape, (inner, columns), (rows, columns))] for _ in range(count)]

    def act():
        for a, b, c in pairs:
            np.matmul(a.T if transposed else a, b, out=c)

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {"blas": f"{blas['name']} {blas['version']}"}, act


def shapes(network):
    """name → (rows, inner, columns, count, transposed), as bench products names them."""
    n, m = network.w_b.shape
    batch, layers = network.settings["batch"], network.layers - 1
    return {"U": (batch, m, n, 1, False), "Y": (batch, n, n, layers, False), "H": (batch, n, n, layers, False),
            "dW_x": (n, batch * layers, n, 1, True), "dW_b": (m, batch, n, 1, True)}


def compare(program, model, options):
    network = Network(model)
    peers = {name: turns.Contender(f"OpenBLAS {name}", build_openblas, *shape) for name, shape in shapes(network).items()}
    rows = []
    for _ in range(options.rounds):
        for row in program.rows("bench", "products", model, "--repeat", 3, "--slice", options.seconds):
            if row["way"] in WAYS:
                rows.append({"bench": "peer product", "network": model, "arch": row["arch"], "m": row["m"], "n": row["n"],
                             "product": row["product"], "peer": row["way"], "ms": row["ms_per_step_median"],
                             "device": row["device"], "driver": row["driver"], "density": row["density"],
                             "flop": 1e6 * row["gflops_dense_equivalent"] * row["ms_per_step_median"]})
        for name, peer in peers.items():
            like = next(row for row in rows if row["product"] == name)
            rows.append({**like, "peer": "OpenBLAS", "ms": peer.turn(options.seconds), "blas": peer.facts["blas"]})
    for peer in peers.values():
        peer.end()
    return rows


def table(rows):
    lines = ["| network | product | peer | ms a step, min **median** max | GFLOP/s, dense-equivalent |", "|---|---|---|---|---|"]
    place = list(dict.fromkeys((row["network"], row["product"]) for row in rows))
    keys = dict.fromkeys((row["network"], row["product"], row["peer"]) for row in rows)
    for key in sorted(keys, key=lambda key: place.index(key[:2])):
        same = [row for row in rows if (row["network"], row["product"], row["peer"]) == key]
        ms, first = turns.spread([row["ms"] for row in same]), same[0]
        lines.append(f"| {first['arch'][:24]} {first['m']}×{first['n']} | {key[1]} | {key[2]} | {ms['min']:.3f} **{ms['median']:.3f}** "
                     f"{ms['max']:.3f} | {1e-6 * first['flop'] / ms['median']:.0f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model_options(parser)
    parser.set_defaults(archs="Searched")
    parser.add_argument("--threads", type=int, default=1024, help="cores for each contender (all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of a turn")
    parser.add_argument("--json", type=pathlib.Path, help="the rows, one a line")
    options = parser.parse_args()
    options.threads = turns.use_cores(options.threads)
    program = Program(options.program)
    rows = [row for model in models_of(program, options) for row in compare(program, model, options)]
    blas = next(row["blas"] for row in rows if row["peer"] == "OpenBLAS")
    print(f"{environment.versions('numpy')} with {blas}; {options.threads} cores; {options.rounds} turns\n\n{table(rows)}")
    if options.json:
        options.json.write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main()
