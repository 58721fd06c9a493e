"""Trains the first layers of an architecture by the paper's stages in PyTorch, on the data of `clunroll data`: an independent
implementation to hold `clunroll train --schedule` against (its shuffles are its own, so figures agree to some 0.1 dB).

    clunroll data -o DIR
    python tests/peers/torch_train.py DIR ARCH LAYERS 300,1200,300
"""
import environment

environment.enter("numpy", "torch")

import pathlib
import sys

import numpy as np
import torch

from torch_network import ProtocolAdam, TorchNetwork, origins_of

BATCH, DECAY, RATES = 128, 0.3, (5e-4, 1e-4, 1e-5)


def nmse_db(network, b, x, depth):
    with torch.no_grad():
        error = torch.cat([((network.forward(b[i:i + 1024], depth) - x[i:i + 1024]) ** 2).sum(1) for i in range(0, len(b), 1024)])
        return (10 * torch.log10(error.double() / (x.double() ** 2).sum(1))).mean().item()


def main(directory, arch, layers, lengths):
    load = lambda name: torch.from_numpy(np.load(pathlib.Path(directory) / f"{name}.npy"))
    dictionary, x, b, test_x, test_b = (load(name) for name in ("dictionary", "train_x", "train_b", "test_x", "test_b"))
    lipschitz = 1.001 * float(torch.linalg.matrix_norm(dictionary.double(), 2)) ** 2
    network = TorchNetwork(dictionary, layers, origins_of([int(word) for word in arch.split("_")])[:layers], lipschitz)
    for layer in range(1, layers + 1):
        for stage, (length, rate) in enumerate(zip(lengths, RATES)):
            first = layer if stage == 0 else 1
            adam = ProtocolAdam([(v, DECAY ** (layer - old)) for old in range(first, layer + 1) for v in network.introduced(old)], rate)
            order = torch.empty(0, dtype=torch.long)
            for _ in range(length):
                if len(order) < BATCH:
                    order = torch.randperm(len(x))
                batch, order = order[:BATCH], order[BATCH:]
                adam.step(0.5 * ((network.forward(b[batch], layer) - x[batch]) ** 2).sum())
        print(f"layer {layer}: {nmse_db(network, test_b, test_x, layer):.3f} dB", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    torch.manual_seed(1)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), [int(word) for word in sys.argv[4].split(",")])
