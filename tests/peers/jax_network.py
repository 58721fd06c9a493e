"""The network family and a step of its training in JAX: an architecture compiled as it is, or several in one program with their
gates as data (vmap over lanes)."""
import jax
import jax.numpy as jnp
import numpy as np

RATE, BETA1, BETA2, EPSILON = 1e-9, 0.9, 0.999, 1e-7  # a rate that leaves the network the trained one


def parameters(network):
    return {"w_b": jnp.array(network.w_b), "w_x": jnp.array(network.w_x), "theta": jnp.array(network.theta),
            "a": jnp.array(network.coefficient)}


def gates(network):
    """[K, K]: 1 where x_i is an origin of layer L."""
    table = np.zeros((network.layers, network.layers), np.float32)
    for layer in range(2, network.layers + 1):
        table[layer - 1, [i - 1 for i in network.origins(layer)]] = 1
    return jnp.array(table)


def shrink(v, theta):
    return jnp.sign(v) * jax.nn.relu(jnp.abs(v) - theta)


def select(v, theta, selected):
    """A soft threshold that lets the `selected` largest entries of each row pass unshrunk, and all that tie with the least of them."""
    shrunk = shrink(v, theta)
    if selected == 0:
        return shrunk
    magnitude = jax.lax.stop_gradient(jnp.abs(v))
    cutoff = jax.lax.top_k(magnitude, selected)[0][:, -1:]
    return jnp.where((theta > 0) & (magnitude > theta) & (magnitude >= cutoff), v, shrunk)


def forward(weights, coefficients, origins, selected, b):
    """origins: for each layer (from 1) the layers that are mixed; coefficients [K, K]; selected: entries by layer."""
    side = b @ weights["w_b"].T
    outputs = [select(side, weights["theta"][0], selected[0])]
    for layer in range(2, len(origins) + 1):
        mixed = sum(coefficients[layer - 1, i - 1] * outputs[i - 1] for i in origins[layer - 1])
        outputs.append(select(side + mixed @ weights["w_x"].T, weights["theta"][layer - 1], selected[layer - 1]))
    return outputs[-1]


def adam(weights, moments, gradients):
    first, second, t = moments
    t = t + 1
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradients)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradients)
    rate = RATE * jnp.sqrt(1 - BETA2**t) / (1 - BETA1**t)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), weights, first, second)
    return weights, (first, second, t)


def start(weights):
    zeros = jax.tree.map(jnp.zeros_like, weights)
    return weights, (zeros, jax.tree.map(jnp.zeros_like, weights), jnp.float32(0))


def single_step(network):
    """(weights, moments), b, x → (weights, moments), loss."""
    network.need_soft_thresholds()
    origins = [network.origins(layer) for layer in range(1, network.layers + 1)]

    def step(state, b, x):
        loss = lambda w: 0.5 * jnp.sum((forward(w, w["a"], origins, network.selected, b) - x) ** 2)
        value, gradients = jax.value_and_grad(loss)(state[0])
        return adam(*state, gradients), value

    return jax.jit(step, donate_argnums=0)


def lanes_step(network):
    """The same over lanes, gates [lanes, K, K] as data: state, gates, b, x [lanes, batch, …] → state, losses."""
    origins = [list(range(1, layer)) for layer in range(1, network.layers + 1)]

    def step(state, gate, b, x):
        loss = lambda w: 0.5 * jnp.sum((forward(w, w["a"] * gate, origins, network.selected, b) - x) ** 2)
        value, gradients = jax.value_and_grad(loss)(state[0])
        return adam(*state, gradients), value

    return jax.jit(jax.vmap(step), donate_argnums=0)
