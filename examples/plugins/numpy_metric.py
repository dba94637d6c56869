"""Serves a metric, 1 less the mean absolute difference: a pattern for programs of your own.

    pags-bench evaluate MODEL --metric program="python3 examples/plugins/numpy_metric.py" --output result.json
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import pags_bench_plugin  # noqa: E402

import numpy as np  # noqa: E402


def compare(a, b):
    return 1 - np.abs(a - b).mean(axis=(1, 2, 3))


pags_bench_plugin.serve_metric(compare, defined_at_zero=True, id="absolute-difference")
