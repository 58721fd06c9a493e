"""Evaluates a trained network in NumPy, in double precision, on the data that `clunroll data` wrote, beside `clunroll eval`.

    python tests/peers/numpy_eval.py build/clunroll MODEL...
"""
import environment

environment.enter("numpy", "safetensors")

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from network import Network, apply, nmse_db


def data_options(settings):
    names = {"m": "--m", "n": "--n", "density": "--density", "data_seed": "--data-seed"}
    options = [word for key, option in names.items() if key in settings for word in (option, str(settings[key]))]
    return options + ["--train-samples", "0", "--validation-samples", "0"]


def main(program, models):
    worst = 0.0
    for model in models:
        network = Network(model)
        with tempfile.TemporaryDirectory() as directory:
            command = [program, "data", "-o", directory] + data_options(network.settings)
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            folder = pathlib.Path(directory)
            truth = np.load(folder / "test_x.npy")
            ours = nmse_db(apply(network, np.load(folder / "test_b.npy")), truth)
        printed = subprocess.run([program, "eval", model, "--json"], check=True, capture_output=True, text=True).stdout
        theirs = json.loads(printed.splitlines()[0])
        gap = max(abs(ours[0] - theirs["nmse_db"]), abs(ours[1] - theirs["nmse_ratio_db"]))
        worst = max(worst, gap)
        print(f"{model}: NumPy {ours[0]:.5f} {ours[1]:.5f} dB, clunroll eval {theirs['nmse_db']:.5f} "
              f"{theirs['nmse_ratio_db']:.5f} dB, apart {gap:.2g} dB")
    return 0 if worst <= 0.001 else 1


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
