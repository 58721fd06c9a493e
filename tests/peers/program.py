"""The program under comparison: its runs, its data, and networks that it trains for a comparison."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

import environment

# Short trainings, much as `clunroll bench` has its own: only their share of zeros matters where time is measured, and that settles
# early.
TRAINING = ["--recipe", "fast", "--set", "loss=squares", "--set", "start=previous", "--set", "rate=2e-3", "--set", "curve=cosine",
            "--set", "length=200", "--set", "length_last=400", "--train-samples", "12800", "--validation-samples", "1024",
            "--test-samples", "1024"]


# Keys of a model's settings that its test set depends on, in the order in which options may stand.
TEST_SET_KEYS = ["m", "n", "dictionary", "dictionary_rank", "codes", "density", "gamma_shape", "gamma_scale", "snr", "salt_pepper",
                 "perturbation", "data_seed", "test_samples", "test_set", "test_measurements"]


def data_options(settings):
    """Options for `clunroll data` that make the test set of these settings, and no other set."""
    settings = dict(settings, snr=settings.get("snr_db", "inf"))
    options = [word for key in TEST_SET_KEYS if key in settings for word in ("--" + key.replace("_", "-"), settings[key])]
    return [*options, "--train-samples", 0, "--validation-samples", 0]


class Program:
    def __init__(self, path):
        self.path = shutil.which(path)
        if not self.path:
            sys.exit(f"{path} is no program: build clunroll first, and name it as the first argument")

    def run(self, *words, progress=False):
        result = subprocess.run([self.path, *map(str, words)], stdout=subprocess.PIPE, text=True,
                                stderr=None if progress else subprocess.PIPE)
        if result.returncode != 0:
            sys.exit(f"clunroll {' '.join(map(str, words))} ended with {result.returncode}: {result.stderr or ''}")
        return result.stdout

    def rows(self, *words):
        return [json.loads(line) for line in self.run(*words, "--json").splitlines()]

    def signals(self, network, *options):
        """Measurements [count, m] and codes [count, n] of the test set of a network's settings, changed by options."""
        with tempfile.TemporaryDirectory() as directory:
            self.run("data", "-o", directory, *data_options(network.settings), *options)
            return tuple(np.load(pathlib.Path(directory) / f"test_{name}.npy") for name in ("b", "x"))

    def dictionary(self, network):
        """D [m, n] that the network was trained for."""
        with tempfile.TemporaryDirectory() as directory:
            self.run("data", "-o", directory, *data_options(network.settings), "--test-samples", 1)
            return np.load(pathlib.Path(directory) / "dictionary.npy")

    def apply(self, model, b):
        """Codes of measurements, by `clunroll apply`."""
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory)
            np.save(folder / "b.npy", b)
            self.run("apply", model, "--input", folder / "b.npy", "--output", folder / "x.npy")
            return np.load(folder / "x.npy")

    def trained(self, arch, m, n):
        """A network of that size, from an earlier call or trained now; beside the peers' environment."""
        folder = environment.folder().parent / "peers-networks"
        os.makedirs(folder, exist_ok=True)
        path = folder / f"{arch}-{m}x{n}.safetensors"
        if not path.exists():
            print(f"training {arch} at {m}x{n} for the comparison", file=sys.stderr, flush=True)
            self.run("train", "--arch", arch, "--m", m, "--n", n, *TRAINING, "-o", path, progress=True)
        return str(path)


def models_of(program, options):
    """The files of --models, or networks of --archs at --sizes."""
    if options.models:
        return options.models
    sizes = [tuple(int(side) for side in size.split("x")) for size in options.sizes.split(",")]
    return [program.trained(arch, m, n) for m, n in sizes for arch in options.archs.split(",")]


def add_model_options(parser):
    parser.add_argument("program", help="the program, such as build/clunroll")
    parser.add_argument("--models", nargs="+", help="networks that it trained; else those of --archs at --sizes, trained now")
    parser.add_argument("--archs", default="Searched,Dense,LISTA")
    parser.add_argument("--sizes", default="250x500", help="such as 250x500,50x100,512x1024")
