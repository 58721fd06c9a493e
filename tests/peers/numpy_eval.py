"""Evaluates trained networks in NumPy, in double precision, on the data that `clunroll data` writes, beside `clunroll eval`: under
the conditions of their training and under every named setting of their size. Fails where any differs by more than 0.001 dB.

    python tests/peers/numpy_eval.py build/clunroll MODEL...
"""
import environment

environment.enter("numpy", "safetensors")

import sys

from network import Network, apply, nmse_db
from program import Program

ALLOWED_DB = 0.001
SETTINGS = ["noiseless", "snr40", "snr20", "gamma", "gamma-dense", "salt-pepper", "perturbed"]
SETTINGS_OF_SIZE = {(250, 500): ["low-rank"], (512, 1024): ["size512"]}


def settings_of(network):
    """Names of settings that the network can be evaluated under; measurements from a file are what they are."""
    if "test_measurements" in network.settings:
        return []
    return SETTINGS + SETTINGS_OF_SIZE.get((network.settings["m"], network.settings["n"]), [])


def compare(program, network, path, setting):
    """Prints both figures of one condition; returns how far they are apart, in dB."""
    options = ["--setting", setting] if setting else []
    b, truth = program.signals(network, *options)
    ours = nmse_db(apply(network, b), truth)
    row = program.rows("eval", path, *options)[0]
    gap = max(abs(ours[0] - row["nmse_db"]), abs(ours[1] - row["nmse_ratio_db"]))
    print(f"{setting or 'as trained':12}  NumPy {ours[0]:10.5f} {ours[1]:10.5f} dB  clunroll eval {row['nmse_db']:10.5f} "
          f"{row['nmse_ratio_db']:10.5f} dB  apart {gap:.2g} dB", flush=True)
    return gap


def main(program, paths):
    worst = 0.0
    for path in paths:
        network = Network(path)
        print(path)
        for setting in [None] + settings_of(network):
            gap = compare(program, network, path, setting)
            worst = gap if gap > worst or gap != gap else worst
    print(f"at most {worst:.2g} dB apart")
    return 0 if worst <= ALLOWED_DB else 1


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(Program(sys.argv[1]), sys.argv[2:]))
