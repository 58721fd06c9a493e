"""The network family and the protocol's optimiser in PyTorch, plain and eager, as one would write them."""
import torch


def shrink(v, theta):
    return torch.sign(v) * torch.relu(torch.abs(v) - theta)


def select(v, theta, selected):
    """A soft threshold that lets the `selected` largest entries of each row pass unshrunk, and all that tie with the least of them."""
    shrunk = shrink(v, theta)
    if selected == 0:
        return shrunk
    magnitude = torch.abs(v).detach()
    cutoff = torch.topk(magnitude, selected).values[:, -1:]
    return torch.where((theta > 0) & (magnitude > theta) & (magnitude >= cutoff), v, shrunk)


class TorchNetwork:
    """Soft thresholds, with support selection or without; mean form: layer L takes (1/n_L) sum c_iL x_i over its origins, all c
    start at 1."""

    def __init__(self, dictionary, layers, origins, lipschitz, selected=None):
        n = dictionary.shape[1]
        self.origins = origins
        self.selected = selected or [0] * layers
        self.w_b = (dictionary.T / lipschitz).contiguous().requires_grad_()
        self.w_x = (torch.eye(n) - dictionary.T @ dictionary / lipschitz).requires_grad_()
        self.theta = [torch.tensor(0.4 / lipschitz).requires_grad_() for _ in range(layers)]
        self.c = [torch.ones(max(1, len(origins[layer]))).requires_grad_() for layer in range(layers)]

    @classmethod
    def of(cls, trained):
        """That of a stored network (network.py)."""
        trained.need_soft_thresholds()
        n, m = trained.w_b.shape
        network = cls(torch.zeros(m, n), trained.layers, [trained.origins(layer) for layer in range(1, trained.layers + 1)], 1.0,
                      trained.selected)
        with torch.no_grad():
            network.w_b.copy_(torch.from_numpy(trained.w_b))
            network.w_x.copy_(torch.from_numpy(trained.w_x))
            for layer, origins in enumerate(network.origins):
                network.theta[layer].fill_(float(trained.theta[layer]))
                for k, i in enumerate(origins):
                    network.c[layer][k] = float(trained.coefficient[layer, i - 1]) * len(origins)
        return network

    def forward(self, b, depth):
        side = b @ self.w_b.T
        outputs = [select(side, self.theta[0], self.selected[0])]
        for layer in range(1, depth):
            terms = self.origins[layer]
            mixed = sum(self.c[layer][k] * outputs[i - 1] for k, i in enumerate(terms)) / len(terms)
            outputs.append(select(side + mixed @ self.w_x.T, self.theta[layer], self.selected[layer]))
        return outputs[-1]

    def introduced(self, layer):
        """Variables that a layer (from 1) introduces."""
        extra = {1: [self.w_b], 2: [self.w_x]}.get(layer, [])
        return extra + [self.theta[layer - 1]] + ([self.c[layer - 1]] if layer > 1 else [])


class ProtocolAdam:
    """Adam with epsilon outside the bias correction, gradients multiplied before."""

    def __init__(self, variables, rate, beta1=0.9, beta2=0.999, epsilon=1e-7):
        self.variables = variables  # (tensor, gradient multiplier)
        self.rate, self.beta1, self.beta2, self.epsilon, self.t = rate, beta1, beta2, epsilon, 0
        self.first = [torch.zeros_like(v) for v, _ in variables]
        self.second = [torch.zeros_like(v) for v, _ in variables]

    @torch.no_grad()
    def step(self, loss):
        gradients = torch.autograd.grad(loss, [v for v, _ in self.variables])
        self.t += 1
        rate = self.rate * (1 - self.beta2**self.t) ** 0.5 / (1 - self.beta1**self.t)
        for (variable, multiplier), g, m, v in zip(self.variables, gradients, self.first, self.second):
            g = g * multiplier
            m.mul_(self.beta1).add_(g, alpha=1 - self.beta1)
            v.mul_(self.beta2).addcmul_(g, g, value=1 - self.beta2)
            variable.addcdiv_(m, v.sqrt().add_(self.epsilon), value=-rate)


def origins_of(extra):
    """For each layer its origins, from the architecture's integers."""
    return [[layer - 2 - j for j in range(layer - 2) if bits >> j & 1][::-1] + ([layer - 1] if layer > 1 else [])
            for layer, bits in enumerate(extra, start=1)]
