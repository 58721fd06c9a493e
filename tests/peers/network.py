"""The network family in NumPy and PyTorch, written from the formulas alone, for scripts that hold clunroll against others.

A network is what `clunroll train` writes: W_b [n, m], W_x [n, n], theta [K], coefficient [K, K] with the effective coefficients
a[L-1, i-1] of origin i in layer L, and the architecture's notation in the metadata.
"""
import json

import numpy as np
from safetensors import safe_open


class Network:
    def __init__(self, path):
        with safe_open(path, framework="numpy") as file:
            self.metadata = file.metadata()
            self.w_b = file.get_tensor("W_b")
            self.w_x = file.get_tensor("W_x")
            self.theta = file.get_tensor("theta")
            self.coefficient = file.get_tensor("coefficient")
        notation = self.metadata["arch"].split(":")
        self.extra = [int(word) for word in notation[0].split("_")]
        self.layers = len(self.extra)
        self.neurons = notation[1] if len(notation) > 1 and notation[1] else "s" * self.layers
        selected = self.metadata.get("selected")
        self.selected = [int(word) for word in selected.split("_")] if selected else [0] * self.layers
        self.sides = notation[2] if len(notation) > 2 else "1" * self.layers
        self.scale = float(self.metadata["scale"])
        self.settings = json.loads(self.metadata["settings"])

    def need_soft_thresholds(self):
        """What the peers are written for."""
        if not set(self.neurons) <= {"s", "p"} or "0" in self.sides:
            raise ValueError("only networks of soft thresholds, with support selection or without, and all side connections")

    def origins(self, layer):
        """Layers (from 1) whose outputs enter `layer`: the one before and those that the bits of its integer add."""
        if layer == 1:
            return []
        extra = [layer - 2 - j for j in range(layer - 2) if self.extra[layer - 1] >> j & 1]
        return sorted(extra) + [layer - 1]


def neuron(kind, v, theta, selected):
    if kind == "p":
        return select(v, theta, selected)
    if kind == "s":
        return np.sign(v) * np.maximum(np.abs(v) - theta, 0)
    if kind == "f":
        return np.sign(v) * np.minimum(np.abs(v), 2 * np.maximum(np.abs(v) - theta, 0)) if theta > 0 else neuron("s", v, theta, 0)
    if kind == "r":
        return np.maximum(v - theta, 0)
    return np.where(v > theta, v - theta, 0.1 * (v - theta))


def select(v, theta, selected):
    """A soft threshold that lets the `selected` largest entries of each row pass unshrunk, and all that tie with the least of them."""
    shrunk = neuron("s", v, theta, 0)
    if theta <= 0 or selected == 0:
        return shrunk
    magnitude = np.abs(v)
    cutoff = -np.partition(-magnitude, selected - 1, axis=1)[:, selected - 1 : selected]
    return np.where((magnitude > theta) & (magnitude >= cutoff), v, shrunk)


def apply(network, b):
    """Codes [count, n] of measurements b [count, m], in double precision."""
    side = (b / network.scale) @ network.w_b.T.astype(np.float64)
    outputs = []
    for layer in range(1, network.layers + 1):
        v = side * float(network.sides[layer - 1])
        mixed = sum(float(network.coefficient[layer - 1, i - 1]) * outputs[i - 1] for i in network.origins(layer))
        if layer > 1:
            v = v + mixed @ network.w_x.T.astype(np.float64)
        outputs.append(neuron(network.neurons[layer - 1], v, float(network.theta[layer - 1]), network.selected[layer - 1]))
    return outputs[-1] * network.scale


def nmse_db(estimate, truth):
    """Mean over samples of 10 log10 of the relative squared error, and 10 log10 of the ratio of the sums."""
    error = np.sum((estimate - truth) ** 2, axis=1, dtype=np.float64)
    norm = np.sum(truth.astype(np.float64) ** 2, axis=1)
    return np.mean(10 * np.log10(np.maximum(error / norm, 1e-30))), 10 * np.log10(error.sum() / norm.sum())
