"""ImageNet's folders against torchvision: pixels, the order of the classes, and the logits of a ResNet-50."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import optional

import pags_bench

WITHOUT = "ImageNet's folders are not compared with torchvision"
torch = optional("torch", WITHOUT)
torchvision = optional("torchvision", WITHOUT)
Image = optional("PIL.Image", WITHOUT)

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
COUNT = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A picture for each of 1,000 classes: wide, tall, square, grey, progressive, of several qualities and subsamplings."""
    random = np.random.default_rng(3)
    root = tmp_path_factory.mktemp("imagenet")
    for label in range(1000):
        place = root / "val" / f"n{1440764 + 37 * label:08d}"
        place.mkdir(parents=True)
        width, height = (int(side) for side in random.integers(200, 520, 2))
        picture = Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
        if label % 11 == 0:
            picture = picture.convert("L")
        picture.save(place / f"ILSVRC2012_val_{label:08d}.JPEG", quality=int(random.integers(60, 96)), progressive=label % 5 == 0,
                     subsampling=label % 3 if picture.mode == "RGB" else -1)
    return root


@pytest.fixture(scope="module")
def given(folder, tmp_path_factory):
    """The first images as the program hands them to a model."""
    seen = []

    def logits(images):
        seen.append(images.copy())
        return np.zeros((len(images), 1000), np.float32) + images.mean((1, 2, 3))[:, None], images

    served = pags_bench.ServedClassifier(
        logits=logits, vjp=lambda images, _: np.zeros_like(images), id="looks", mean=[0, 0, 0], std=[1, 1, 1])
    file = tmp_path_factory.mktemp("model") / "none.bin"
    file.write_bytes(b"no weights")
    with pytest.warns(pags_bench.PagsBenchWarning, match="not known to be ImageNet"):
        pags_bench.evaluate(served, checkpoint=file, task="imagenet", data=folder, images=COUNT, cache=False, progress=False, threads=1)
    return seen


def transformed(folder):
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    steps = [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
    return ImageFolder(str(folder / "val"), transforms.Compose(steps))


def pairs(folder, given):
    """Each image beside torchvision's nearest one, found by its mean."""
    theirs = torch.stack([image for image, _ in transformed(folder)]).numpy()
    means = theirs.mean((2, 3))
    found = {}
    for images in given:
        for image in images:
            if image.shape == (3, 224, 224):
                distances = np.abs(means - image.mean((1, 2))).sum(1)
                found.setdefault(int(distances.argmin()), image)
    return [(image, theirs[place]) for place, image in found.items()]


def test_pixels_within_one_grey_level(folder, given):
    both = pairs(folder, given)
    assert len(both) >= COUNT
    exact = sum(np.array_equal(np.rint(255 * ours), np.rint(255 * theirs)) for ours, theirs in both)
    largest = max(np.abs(255 * (ours - theirs)).max() for ours, theirs in both)
    print(f"{exact} of {len(both)} images to the byte, largest difference {largest:.2f} grey levels")
    assert largest < 1.01


def test_logits_of_a_resnet50(folder, given, tmp_path):
    torch.manual_seed(0)
    model = torchvision.models.resnet50().train()
    both = pairs(folder, given)[:COUNT]
    ours, theirs = (np.stack(images).astype(np.float32) for images in zip(*both))
    normalised = (torch.from_numpy(theirs) - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    with torch.no_grad():
        model(normalised)  # batch statistics of such images
        expected = model.eval()(normalised).numpy()
    torch.save({"state_dict": model.state_dict(), "epoch": 90, "arch": "resnet50"}, tmp_path / "resnet50.pth")
    np.savez(tmp_path / "images.npz", images=ours)
    done = subprocess.run(
        [sys.executable, "-m", "pags_bench", "run", str(tmp_path / "resnet50.pth"), "--inputs", str(tmp_path / "images.npz"),
         "--outputs", str(tmp_path / "out.safetensors"), "--mean", "imagenet", "--batch", "4"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    data = (tmp_path / "out.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    logits = np.frombuffer(data[8 + size:], np.float32).reshape(COUNT, 1000)
    difference = np.abs(logits - expected).max()
    print(f"largest difference of logits {difference:.2e}, largest logit {np.abs(expected).max():.2f}")
    assert difference < 1e-3
    assert (logits.argmax(1) == expected.argmax(1)).all()
