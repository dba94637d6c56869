"""Serves the score of a normal distribution fitted to images: a reference to compare others with, and a pattern for programs of
your own.

    pags-bench evaluate MODEL --score program="python3 examples/plugins/numpy_score.py images.npy" --output result.json

images.npy: float [N, C, H, W], pixels in [0, 1]. At noise sigma the score is -(S + sigma^2 I)^-1 (x - m), for their mean m and covariance S.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import pags_bench_plugin  # noqa: E402

import numpy as np  # noqa: E402

images = np.load(sys.argv[1], allow_pickle=False).astype(np.float64)
mean = images.reshape(len(images), -1).mean(axis=0)
values, vectors = np.linalg.eigh(np.cov(images.reshape(len(images), -1), rowvar=False))


def score(pixels, noise, classes):
    coordinates = (pixels.reshape(len(pixels), -1) - mean) @ vectors
    return (-(coordinates / (np.maximum(values, 0) + noise**2)) @ vectors.T).reshape(pixels.shape)


pags_bench_plugin.serve_score(score, id="normal-distribution", parameters=mean.size + values.size)
