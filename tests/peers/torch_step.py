"""A full-depth optimiser step of trained networks: `clunroll bench step` and PyTorch (eager, CPU), in turn, in one run.

    python tests/peers/torch_step.py build/clunroll MODEL...      needs numpy, torch and safetensors
"""
import json
import statistics
import subprocess
import sys
import time

import torch

from network import Network
from torch_network import ProtocolAdam, TorchNetwork, origins_of

ROUNDS, STEPS = 5, 8


def torch_network(model):
    ours = Network(model)
    dictionary = torch.zeros(ours.w_b.shape[1], ours.w_b.shape[0])
    network = TorchNetwork(dictionary, ours.layers, origins_of(ours.extra), 1.0)
    with torch.no_grad():
        network.w_b.copy_(torch.from_numpy(ours.w_b))
        network.w_x.copy_(torch.from_numpy(ours.w_x))
        for layer, origins in enumerate(network.origins):
            network.theta[layer].fill_(float(ours.theta[layer]))
            for k, i in enumerate(origins):
                network.c[layer][k] = float(ours.coefficient[layer, i - 1]) * len(origins)
    return ours, network


def torch_steps(ours, network, b, x):
    variables = [(v, 1.0) for layer in range(1, ours.layers + 1) for v in network.introduced(layer)]
    adam = ProtocolAdam(variables, 1e-9)
    times = []
    for step in range(STEPS + 2):
        begin = time.perf_counter()
        adam.step(0.5 * ((network.forward(b, ours.layers) - x) ** 2).sum())
        if step >= 2:
            times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)


def our_step(program, model):
    command = [program, "bench", "step", model, "--repeat", "3", "--slice", "0.3", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["ms_per_step_median"]


def main(program, models):
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads; min, median, max of {ROUNDS} rounds in turn")
    for model in models:
        ours, network = torch_network(model)
        b = torch.randn(ours.settings["batch"], ours.w_b.shape[1])
        x = torch.randn(ours.settings["batch"], ours.w_b.shape[0])
        rows = [(our_step(program, model), torch_steps(ours, network, b, x)) for _ in range(ROUNDS)]
        spread = lambda values: f"{min(values):.2f} {statistics.median(values):.2f} {max(values):.2f}"
        print(f"{model}: clunroll {spread([r[0] for r in rows])} ms, PyTorch {spread([r[1] for r in rows])} ms, "
              f"ratio {spread([r[1] / r[0] for r in rows])}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
