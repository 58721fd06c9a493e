"""A full-depth optimiser step (forward, backward, Adam over all variables) of trained networks: `clunroll bench step` and the peers,
in turn, in one run, on the same cores.

    python3 tests/peers/step.py build/clunroll --sizes 250x500,50x100,512x1024 --lanes 1,4

Peers: torch (PyTorch eager), compile (torch.compile), jax (jit) for one architecture, and vmap (JAX, several architectures in one
program, gates as data) for each number of lanes. All start from the weights of the same file, with the same batch of signals; the
losses must agree to 1e-4, that of clunroll computed from its own output on that batch. A time is that of a step of one lane.
"""
import environment

environment.enter("numpy", "safetensors", "torch", "jax")

import argparse
import json
import pathlib

import numpy as np

import turns
from network import Network
from program import Program, add_model_options, models_of

AGREEMENT = 1e-4


def build_torch(model, b, x, threads, compiled):
    import torch
    from torch_network import TorchNetwork
    torch.set_num_threads(threads)
    network = TorchNetwork.of(Network(model))
    variables = [variable for layer in range(1, len(network.theta) + 1) for variable in network.introduced(layer)]
    adam = torch.optim.Adam(variables, lr=1e-9, eps=1e-7, fused=True)
    b, x = torch.from_numpy(b), torch.from_numpy(x)
    loss_of = lambda: 0.5 * ((network.forward(b, len(network.theta)) - x) ** 2).sum()
    if compiled:
        loss_of = torch.compile(loss_of)

    def act():
        adam.zero_grad()
        loss = loss_of()
        loss.backward()
        adam.step()
        return loss

    return {"loss": float(act().detach())}, act


def build_jax(model, b, x):
    import jax.numpy as jnp
    import jax_network
    network = Network(model)
    step, state = jax_network.single_step(network), jax_network.start(jax_network.parameters(network))
    b, x = jnp.array(b), jnp.array(x)

    def act():
        nonlocal state
        state, loss = step(state, b, x)
        loss.block_until_ready()
        return loss

    return {"loss": float(act())}, act


def build_vmap(model, b, x, lanes):
    import jax
    import jax.numpy as jnp
    import jax_network
    network = Network(model)
    stack = lambda value: jnp.stack([value] * lanes)
    step, gates = jax_network.lanes_step(network), stack(jax_network.gates(network))
    weights, (first, second, t) = jax.tree.map(stack, jax_network.start(jax_network.parameters(network)))
    state, b, x = (weights, (first, second, t)), stack(jnp.array(b)), stack(jnp.array(x))

    def act():
        nonlocal state
        state, losses = step(state, gates, b, x)
        losses.block_until_ready()
        return losses

    return {"loss": float(act()[-1])}, act


class Ours:
    name = "clunroll"

    def __init__(self, program, model, lanes, loss):
        self.words = ["bench", "step", model, "--lanes", lanes, "--repeat", 3]
        self.program, self.facts = program, {"loss": loss}

    def turn(self, seconds):
        self.row = self.program.rows(*self.words, "--slice", seconds / 3)[-1]
        return self.row["ms_per_step_median"]

    def end(self):
        pass


def contenders(program, model, lanes, peers, threads, signals):
    b, x = signals
    loss = 0.5 * float(np.sum((program.apply(model, b).astype(np.float64) - x) ** 2))
    yield 1, Ours(program, model, lanes, loss)
    if lanes == 1:
        if "torch" in peers:
            yield 1, turns.Contender("PyTorch eager", build_torch, model, b, x, threads, False)
        if "compile" in peers:
            yield 1, turns.Contender("torch.compile", build_torch, model, b, x, threads, True)
        if "jax" in peers:
            yield 1, turns.Contender("JAX jit", build_jax, model, b, x)
    if "vmap" in peers:
        yield lanes, turns.Contender("JAX jit vmap", build_vmap, model, b, x, lanes)


def compare(program, model, lanes, options):
    """Rows of one network and number of lanes."""
    network = Network(model)
    batch = network.settings["batch"]
    signals = program.signals(network, "--test-samples", batch)
    entrants = list(contenders(program, model, lanes, options.peers, options.threads, signals))
    times = {entrant.name: [] for _, entrant in entrants}
    for _ in range(options.rounds):
        for share, entrant in entrants:
            times[entrant.name].append(entrant.turn(options.seconds) / share)
    ours, loss = times["clunroll"], entrants[0][1].facts["loss"]
    rows = []
    for _, entrant in entrants:
        entrant.end()
        mine = times[entrant.name]
        rows.append({"bench": "peer step", "peer": entrant.name, "arch": entrants[0][1].row["arch"], "m": network.w_b.shape[1],
                     "n": network.w_b.shape[0], "layers": network.layers, "batch": batch, "lanes": lanes,
                     "threads": options.threads, "ms_per_step": turns.spread(mine), "turns": len(mine),
                     "ratio": turns.spread([theirs / our for theirs, our in zip(mine, ours)]), "loss": entrant.facts["loss"],
                     "loss_apart": abs(entrant.facts["loss"] - loss) / loss, "device": entrants[0][1].row["device"],
                     "driver": entrants[0][1].row["driver"]})
    return rows


def table(rows):
    lines = ["| network | lanes | peer | ms a step, min **median** max | times ours | loss apart |", "|---|---|---|---|---|---|"]
    three = lambda s: f"{s['min']:.2f} **{s['median']:.2f}** {s['max']:.2f}"
    lines += [f"| {r['arch'][:24]} {r['m']}×{r['n']} | {r['lanes']} | {r['peer']} | {three(r['ms_per_step'])} | "
              f"{three(r['ratio'])} | {r['loss_apart']:.1g} |" for r in rows]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model_options(parser)
    parser.add_argument("--lanes", default="1", help="trainings at once, such as 1,4,16")
    parser.add_argument("--peers", default="torch,compile,jax,vmap")
    parser.add_argument("--threads", type=int, default=1024, help="cores for each contender (all)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a turn")
    parser.add_argument("--json", type=pathlib.Path, help="the rows, one a line")
    options = parser.parse_args()
    options.peers = options.peers.split(",")
    options.threads = turns.use_cores(options.threads)
    program, rows = Program(options.program), []
    for model in models_of(program, options):
        for lanes in map(int, options.lanes.split(",")):
            rows += compare(program, model, lanes, options)
    print(f"{environment.versions('torch', 'jax')}; {options.threads} cores; {options.rounds} turns of {options.seconds} s each\n")
    print(table(rows))
    if options.json:
        options.json.write_text("".join(json.dumps(row) + "\n" for row in rows))
    apart = max(row["loss_apart"] for row in rows)
    return 0 if apart <= AGREEMENT else f"losses are {apart:.2g} apart: not the same work"


if __name__ == "__main__":
    raise SystemExit(main())
