"""Classical solvers of b = D x for sparse x, as a person without a trained network would run them. D [m, n] has unit columns."""
import numpy as np
from sklearn.linear_model import orthogonal_mp, orthogonal_mp_gram

# Squared residual, relative to ‖b‖², at which matching pursuit stops: what rounding b to float32 leaves is smaller. It computes in
# double precision: in single, columns that fit equally well to rounding end it before it is there.
TOLERANCE = 1e-12


def omp(dictionary, b):
    dictionary, b = dictionary.astype(np.float64), b.astype(np.float64)
    return np.stack([orthogonal_mp(dictionary, row, tol=TOLERANCE * row @ row) for row in b])


def omp_gram(dictionary, b):
    dictionary, b = dictionary.astype(np.float64), b.astype(np.float64)
    gram, correlations = dictionary.T @ dictionary, b @ dictionary
    norms = np.sum(b * b, axis=1)
    return np.stack([orthogonal_mp_gram(gram, correlation[:, None], tol=TOLERANCE * norm, norms_squared=[norm])
                     for norm, correlation in zip(norms, correlations)])


def fista(dictionary, b, penalty, iterations):
    """Of ½‖b − D x‖² + penalty·‖x‖₁ for all rows at once, in float32, with the Gram matrix."""
    step = np.float32(1 / np.linalg.norm(dictionary, 2) ** 2)
    gram, correlations = step * (dictionary.T @ dictionary), step * (b @ dictionary)
    x = y = np.zeros_like(correlations)
    t = 1.0
    for _ in range(iterations):
        v = y - y @ gram + correlations
        new = v - np.clip(v, -step * penalty, step * penalty)
        t, before = (1 + (1 + 4 * t * t) ** 0.5) / 2, t
        y = new + np.float32((before - 1) / t) * (new - x)
        x = new
    return x
