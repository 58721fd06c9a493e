"""What neurons could reach: the state evolution of approximate message passing (Donoho, Maleki and Montanari 2009) for Gaussian
dictionaries and Bernoulli-Gaussian codes, its thresholds the best in each iteration, beside the Bayes-optimal neuron. For sides that
grow without bound: tau^2 = noise + (n/m)·mse, mse that of the neuron at codes with Gaussian noise of variance tau^2.

    python tests/peers/state_evolution.py [--snr 20,40,inf] [--ratio 0.5] [--density 0.1] [--iterations 16]
"""
import environment

environment.enter("numpy")

import argparse

import numpy as np

DRAWS = 400_000
FACTORS = np.arange(0.8, 4.2, 0.2)  # thresholds tried, in units of tau


def soft(v, threshold):
    return np.sign(v) * np.maximum(np.abs(v) - threshold, 0)


def hard(v, threshold):
    return v * (np.abs(v) > threshold)


def firm(v, threshold):
    return np.sign(v) * np.minimum(np.abs(v), 2 * np.maximum(np.abs(v) - threshold, 0))


def bayes(v, tau, density):
    """The mean of the code given v."""
    total = 1 + tau**2
    log_odds = np.log((1 - density) / density) + 0.5 * np.log(total / tau**2) - 0.5 * v**2 * (1 / tau**2 - 1 / total)
    return v / total / (1 + np.exp(np.minimum(log_odds, 700)))


def evolve(error_of, noise, ratio, density, iterations):
    """Relative errors in dB after each iteration; error_of(tau) is the neuron's least mean squared error."""
    errors, mse = [], density
    for _ in range(iterations):
        mse = error_of(np.sqrt(noise + mse / ratio))
        errors.append(10 * np.log10(mse / density))
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--snr", default="20,40,inf")
    parser.add_argument("--ratio", type=float, default=0.5, help="m/n")
    parser.add_argument("--density", type=float, default=0.1)
    parser.add_argument("--iterations", type=int, default=16)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    codes = random.standard_normal(DRAWS) * (random.random(DRAWS) < options.density)
    gauss = random.standard_normal(DRAWS)

    def least_error(neuron):
        return lambda tau: min(np.mean((neuron(codes + tau * gauss, factor * tau) - codes) ** 2) for factor in FACTORS)

    neurons = {"soft": least_error(soft), "hard": least_error(hard), "firm": least_error(firm),
               "Bayes": lambda tau: np.mean((bayes(codes + tau * gauss, tau, options.density) - codes) ** 2)}
    for snr in map(float, options.snr.split(",")):
        noise = options.density / options.ratio * 10 ** (-snr / 10)
        for name, error_of in neurons.items():
            errors = evolve(error_of, noise, options.ratio, options.density, options.iterations)
            print(f"{snr:g} dB  {name:6}" + " ".join(f"{error:7.1f}" for error in errors), flush=True)


if __name__ == "__main__":
    main()
