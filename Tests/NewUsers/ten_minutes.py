#!/usr/bin/env python3
"""Plays the first ten minutes of new users, by what the pages tell them, and prints how long each took.

    python Tests/NewUsers/ten_minutes.py                       all of them
    python Tests/NewUsers/ten_minutes.py onnx lightning        some
    python Tests/NewUsers/ten_minutes.py --within 120          begins with no user after so many seconds (scripts/test-python)

Run it in an environment where the wheel is installed (docs/python.md); `PAGS_BENCH_PROGRAM` may name a build instead, with `python/` on
PYTHONPATH. Each user starts in an empty folder, with a cache of their own, and makes small data in the published layout, a network of their
own and its file, as their own scripts would. A user whose packages are not installed is left out, with a word. Fails where a user does not
get a result, or after ten minutes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import time
from typing import Callable, Dict, List, NamedTuple

LIMIT = 600.0
NORMALISATION = ["--mean", "0.4914,0.4822,0.4465", "--std", "0.2471,0.2435,0.2616"]


class User(NamedTuple):
    words: str
    packages: List[str]
    play: Callable[[pathlib.Path], Dict[str, object]]


def command(*arguments: object, folder: pathlib.Path) -> str:
    """`pags-bench ARGUMENTS`, as a user of the wheel types it. Returns what it prints; stops where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "pags_bench", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"pags-bench {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
    return done.stdout


def script(text: str, folder: pathlib.Path) -> None:
    """A user's own training script."""
    (folder / "script.py").write_text(text)
    done = subprocess.run([sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the user's own script ended with an error:\n{done.stdout}{done.stderr}")


def cifar10(folder: pathlib.Path, per_batch: int = 200) -> pathlib.Path:
    """Images of ten kinds of stripes in the layout in which torchvision keeps CIFAR-10: `root` of `torchvision.datasets.CIFAR10`."""
    import numpy as np

    random = np.random.default_rng(0)
    place = folder / "data" / "cifar-10-batches-py"
    place.mkdir(parents=True)
    y, x = np.mgrid[0:32, 0:32]
    for name in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]:
        labels = random.integers(0, 10, per_batch)
        phases = random.uniform(0, 6.3, per_batch)
        images = np.empty((per_batch, 3, 32, 32), np.uint8)
        for index, (label, phase) in enumerate(zip(labels, phases)):
            angle = np.pi * label / 10
            wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) / 2 + phase)
            planes = 127 + 60 * wave[None] * np.array([1.0, 0.5, -0.5])[:, None, None] + random.normal(0, 20, (3, 32, 32))
            images[index] = np.clip(planes, 0, 255)
        batch = {b"batch_label": name.encode(), b"labels": labels.tolist(), b"data": images.reshape(per_batch, 3072),
                 b"filenames": [f"{index}.png".encode() for index in range(per_batch)]}
        (place / name).write_bytes(pickle.dumps(batch))
    return folder / "data"


def imagenet(folder: pathlib.Path) -> pathlib.Path:
    """A JPEG file for each of 1,000 classes, in ImageNet's layout."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for label in range(1000):
        place = folder / "imagenet" / "val" / f"n{1440764 + 37 * label:08d}"
        place.mkdir(parents=True)
        width, height = random.integers(240, 420, 2)
        small = Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8))
        small.resize((int(width), int(height)), Image.Resampling.BICUBIC).save(
            place / f"ILSVRC2012_val_{label:08d}.JPEG", quality=85)
    return folder / "imagenet"


def images(folder: pathlib.Path) -> pathlib.Path:
    """Two images for `pags-bench run`."""
    import numpy as np

    np.savez(folder / "images.npz", images=np.random.default_rng(0).random((2, 3, 32, 32), np.float32))
    return folder / "images.npz"


def facts(path: pathlib.Path) -> Dict[str, object]:
    result = json.loads(path.read_text())
    return {"accuracy": result["measurements"]["accuracy"]["value"], "regime": result["regime"].get("label"),
            "architecture": result["model"]["architecture"]}


NETWORK = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self, inner, outer):
        super().__init__()
        self.norm, self.conv = nn.GroupNorm(4, inner), nn.Conv2d(inner, outer, 3, stride=2, padding=1)
        self.skip = nn.Conv2d(inner, outer, 1, stride=2)
    def forward(self, x):
        return self.skip(x) + self.conv(nn.functional.mish(self.norm(x)))

class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.blocks = nn.Conv2d(3, 16, 3, padding=1), nn.Sequential(Block(16, 32), Block(32, 64))
        self.scale = nn.Parameter(torch.ones(64))
        self.head = nn.Linear(64, 10)
    def forward(self, x):
        return self.head(self.scale * self.blocks(self.stem(x)).mean((2, 3)))
"""

DATA = """
import pickle, numpy as np, torch
def load(names):
    batches = [pickle.load(open(f"data/cifar-10-batches-py/{name}", "rb")) for name in names]
    images = np.concatenate([batch[b"data"] for batch in batches]).reshape(-1, 3, 32, 32)
    images = torch.from_numpy(images).float() / 255
    mean, std = torch.tensor([0.4914, 0.4822, 0.4465]), torch.tensor([0.2471, 0.2435, 0.2616])
    labels = torch.tensor([label for batch in batches for label in batch[b"labels"]])
    return (images - mean[:, None, None]) / std[:, None, None], labels
images, labels = load([f"data_batch_{number}" for number in range(1, 6)])
"""

TRAINING = """
torch.manual_seed(0)
def train(model, epochs=4):
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for epoch in range(epochs):
        for start in range(0, len(images), 100):
            loss = nn.functional.cross_entropy(model(images[start:start + 100]), labels[start:start + 100])
            optimizer.zero_grad(); loss.backward(); optimizer.step()
    return model.eval()
"""


def onnx(folder: pathlib.Path) -> Dict[str, object]:
    """docs/add-a-model.md, "ONNX"; and the exporter as it is today, whose weights come in a file beside."""
    data = cifar10(folder)
    script(NETWORK + DATA + TRAINING + """
model = train(Network())
torch.onnx.export(model, (torch.rand(1, 3, 32, 32),), "my-net.onnx", opset_version=17, input_names=["images"],
                  output_names=["logits"], dynamic_axes={"images": {0: "n"}, "logits": {0: "n"}}, dynamo=False)
torch.onnx.export(model, (torch.rand(1, 3, 32, 32),), "today.onnx", dynamo=True)
""", folder)
    for name in ("my-net", "today"):
        command("evaluate", f"{name}.onnx", "--task", "cifar10", "--data", data, *NORMALISATION, "--output", f"{name}.json", folder=folder)
    return facts(folder / "today.json")


def lightning(folder: pathlib.Path) -> Dict[str, object]:
    """A checkpoint of Lightning with what such checkpoints hold besides: a loss with weights, metrics, states of optimisers."""
    data = cifar10(folder)
    script(NETWORK + DATA + """
import warnings; warnings.simplefilter("ignore")
import pytorch_lightning as pl
import torchvision
class Metric(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(())); self.register_buffer("confusion", torch.zeros(10, 10))
class Module(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.save_hyperparameters({"rate": 1e-3})
        self.model = torchvision.models.resnet18(num_classes=10)
        self.model.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.model.maxpool = nn.Identity()
        self.criterion, self.train_metric = nn.CrossEntropyLoss(weight=torch.ones(10)), Metric()
    def training_step(self, batch, index): return self.criterion(self.model(batch[0]), batch[1])
    def configure_optimizers(self): return torch.optim.AdamW(self.parameters(), self.hparams.rate)
pl.seed_everything(0)
trainer = pl.Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
                     enable_model_summary=False)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(images[:400], labels[:400]), 50)
trainer.fit(Module(), loader)
trainer.save_checkpoint("last.ckpt")
""", folder)
    # As for every ResNet with a 3 x 3 stem, tensors do not tell whether it pools: the command asks, and names both.
    try:
        command("run", "last.ckpt", "--inputs", images(folder), "--outputs", "out.safetensors", folder=folder)
    except RuntimeError as asked:
        if "`resnet18`" not in str(asked) or "--arch" not in str(asked):
            raise
    command("evaluate", "last.ckpt", "--arch", "resnet18", "--task", "cifar10", "--data", data, "--images", 100, *NORMALISATION,
            "--output", "last.json", folder=folder)
    return facts(folder / "last.json")


def notebook(folder: pathlib.Path) -> Dict[str, object]:
    """docs/python.md, "Quick start", in a notebook."""
    import nbclient
    import nbformat

    cifar10(folder)
    cells = [
        NETWORK + DATA + TRAINING + "model = train(Network())",
        "import pags_bench\n"
        'result = pags_bench.evaluate(model, task="cifar10", data="data", images=100, threads=2,\n'
        "                             mean=[0.4914, 0.4822, 0.4465], std=[0.2471, 0.2435, 0.2616])\n"
        'result.save("result.json")\nprint(result)',
        "result",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(book, timeout=int(LIMIT), kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    shown = book.cells[2].outputs[0].data
    if "image/png" not in json.dumps(shown) and "<img" not in shown.get("text/html", ""):
        raise RuntimeError(f"the result shows no picture in the notebook, but {sorted(shown)}")
    return facts(folder / "result.json")


def robustness(folder: pathlib.Path) -> Dict[str, object]:
    """A file of the robustness library (`module.model.`, the attacker's copy, the normaliser inside), on ImageNet's folders."""
    data = imagenet(folder)
    script("""
import torch, torchvision
torch.manual_seed(0)
model = torchvision.models.resnet18()
model.train()(torch.rand(16, 3, 224, 224) * 4 - 2)       # batch statistics of some images, so that it is no fresh network
state = {}
for name, tensor in model.state_dict().items():
    state["module.model." + name] = state["module.attacker.model." + name] = tensor
for prefix in ("module.normalizer.", "module.attacker.normalize."):
    state[prefix + "new_mean"] = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
    state[prefix + "new_std"] = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)
torch.save({"model": state, "epoch": 90, "optimizer": {}, "schedule": None}, "resnet18_l2_eps3.ckpt")
""", folder)
    printed = command("evaluate", "resnet18_l2_eps3.ckpt", "--task", "imagenet", "--data", data, "--images", 32, "--output", "result.json",
                      folder=folder)
    if "0.485" not in printed and "0.485" not in (folder / "result.json").read_text():
        raise RuntimeError("the file's own normalisation was not used")
    return facts(folder / "result.json")


USERS = {
    "onnx": User("torchvision's data, an architecture of their own, ONNX", ["torch", "onnx", "onnxscript"], onnx),
    "lightning": User("a Lightning file", ["torch", "torchvision", "pytorch_lightning"], lightning),
    "notebook": User("a notebook with a torch module", ["torch", "nbclient", "nbformat", "ipykernel"], notebook),
    "robustness": User("a ResNet of the robustness library, on ImageNet's folders", ["torch", "torchvision", "PIL"], robustness),
}


def unusable(packages: list[str]) -> str | None:
    """Why a user cannot begin: a package that is installed and cannot be imported, as a torchvision that was built for another torch."""
    for package in packages:
        tried = subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True, text=True)
        if tried.returncode != 0:
            return f"{package} cannot be imported: {(tried.stderr.strip().splitlines() or ['no word'])[-1]}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("users", nargs="*", metavar="USER", help=f"{', '.join(USERS)} (default: all)")
    parser.add_argument("--within", type=float, metavar="SECONDS", help="leave out users whose turn comes later than this")
    options = parser.parse_args()
    chosen = options.users or list(USERS)
    unknown = [name for name in chosen if name not in USERS]
    if unknown:
        parser.error(f"there is no user {unknown[0]}; known are {', '.join(USERS)}")
    failures, begun = 0, time.monotonic()
    for name in chosen:
        user = USERS[name]
        if options.within is not None and time.monotonic() - begun > options.within:
            print(f"{name}: skipped, {options.within:.0f} s are over")
            continue
        missing = [package for package in ["pags_bench", "numpy", *user.packages] if importlib.util.find_spec(package) is None]
        if missing:
            print(f"{name}: skipped, {', '.join(missing)} not installed")
            continue
        broken = unusable(user.packages)
        if broken:
            print(f"{name}: skipped, {broken}")
            continue
        with tempfile.TemporaryDirectory(prefix=f"new-user-{name}-") as place:
            os.environ["PAGS_BENCH_CACHE"] = os.path.join(place, "cache")
            start = time.monotonic()
            try:
                found = user.play(pathlib.Path(place))
                seconds = time.monotonic() - start
                if seconds > LIMIT:
                    raise RuntimeError(f"took {seconds:.0f} s, expected at most {LIMIT:.0f}")
            except Exception as error:  # whatever stops a user is what this is for
                failures += 1
                print(f"{name}: FAILED after {time.monotonic() - start:.0f} s ({user.words})\n{error}", flush=True)
                continue
        print(f"{name}: {seconds:.0f} s ({user.words}); " + ", ".join(f"{key} {value}" for key, value in found.items()), flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
