"""What the tests share. They run against the installed wheel (scripts/test-python), in empty folders."""

import importlib
import json
import os
import pathlib

import numpy as np
import pytest

import pags_bench

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
#: Real checkpoints and data, where there are some beside the checkout.
SHARED = REPOSITORY.parent / "shared"


def optional(name, without):
    """A package that some tests need. Where it is not installed, or cannot be imported, as a torchvision that was built for another
    torch (RuntimeError), those tests are skipped, with a word.

    Args:
        without: what is then not done.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        reason = f"{error.name or name} is not installed"
    except Exception as error:  # a package may fail in any way, and it is not the one that is tested
        lines = str(error).strip().splitlines() or [""]
        reason = f"{name} is installed and cannot be imported ({type(error).__name__}: {lines[0]})"
    pytest.skip(f"{reason}: {without}", allow_module_level=True)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch, tmp_path_factory):
    """Every test works in a folder of its own, outside the checkout, with a cache that all share: the one that is named from
    outside, or a new one."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    if "PAGS_BENCH_CACHE" not in os.environ:
        monkeypatch.setenv("PAGS_BENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.delenv("PAGS_BENCH_ROOT", raising=False)
    return folder


@pytest.fixture(scope="session")
def checkpoint():
    """A network on glyphs that the repository holds, whose description stands beside it."""
    return REPOSITORY / "models" / "glyphs-cnn-pgd-l2-1" / "model.ckpt"


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        part = np.ascontiguousarray(array, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


class Linear:
    """A linear classifier on glyphs: as a file that the program reads, and as functions."""

    def __init__(self, folder):
        random = np.random.default_rng(5)
        self.weight = (random.normal(size=(10, 800)) * 0.2).astype(np.float32)
        self.bias = random.normal(size=10).astype(np.float32)
        self.file = folder / "linear.safetensors"
        write_safetensors(self.file, {"fc.weight": self.weight, "fc.bias": self.bias})
        self.description = folder / "linear.json"
        self.description.write_text(json.dumps({
            "id": "linear", "name": "Linear", "task": "glyphs",
            "architecture": [{"type": "Flatten"}, {"type": "Linear", "name": "fc"}],
            "preprocessing": {"mean": [0.25], "std": [0.5]}}))

    def logits(self, images):
        assert images.dtype == np.float32 and images.shape[1:] == (1, 20, 40)
        return images.reshape(len(images), -1) @ self.weight.T + self.bias, len(images)

    def vjp(self, count, cotangents):
        assert cotangents.shape == (count, 10)
        return (cotangents @ self.weight).reshape(count, 1, 20, 40)

    def served(self, **changes):
        return pags_bench.ServedClassifier(
            **{"logits": self.logits, "vjp": self.vjp, "id": "linear", "mean": [0.25], "std": [0.5], **changes})


@pytest.fixture
def linear(tmp_path):
    return Linear(tmp_path)


def estimates(result):
    """Every number of a result that has an interval, under its name."""
    return {
        tuple(sorted((key, str(value)) for key, value in row.items())): (estimate.value, estimate.low, estimate.high)
        for row, estimate in result._rows()}


def assert_same_numbers(one, other, tolerance):
    """Numbers agree to rounding: two libraries add up in different orders."""
    left, right = estimates(one), estimates(other)
    assert left.keys() == right.keys() and len(left) > 100
    far = {
        key: (left[key], right[key]) for key in left
        for a, b in zip(left[key], right[key])
        if (a is None) != (b is None) or (a is not None and abs(a - b) > tolerance * (1e-2 + abs(a)))}
    assert not far


def processes(marker):
    """Those that have `marker` in their environment, with their command lines."""
    found = {}
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if marker.encode() in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # it has ended, or is somebody else's
    return found
