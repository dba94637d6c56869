#!/bin/bash
# Guess: a folder per class gives as many classes as there are folders; with `train` and `val` above them, the validation images
# are those under `val`.
# Seen: a folder's name that has a split's word in it is a split. Of apple, bus and train (CIFAR-100 has such a class) only
# the three trains are loaded, without labels; so it goes with `test tube`, `bullet train` or `pre-train`. Under train/ and val/,
# the validation images of `train_station` are in both splits, 12 training images for 6, rightly labelled; `test tube` and
# `dev` make a split of their own. Nothing is said. `load_dataset(..., data_dir=...)`, images of one grey level each here.
# Matters: a network is trained on images it is evaluated on, of one class, whose robustness then seems larger; nothing but
# the count tells.
# Packages: datasets 5.2.0, pyarrow 26.0.1, pillow 13.0.0, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" datasets==5.2.0 pyarrow==26.0.1 pillow==13.0.0 numpy==2.4.6
PYTHONPATH="$site" SITE="$site" HF_HOME="$site/hub" HF_HUB_OFFLINE=1 python3 -W ignore - <<'PYTHON'
import os
import sys
import tempfile

import datasets
import numpy as np
from PIL import Image

print("datasets", datasets.__version__)
datasets.disable_progress_bars()
changed = False


def loaded(folders):
    """Split to class to the folders whose images are in it, three images a folder, which are known by their grey level."""
    root = tempfile.mkdtemp(dir=os.environ["SITE"])
    for place, folder in enumerate(folders):
        os.makedirs(os.path.join(root, folder))
        for image in range(3):
            pixels = np.full((8, 8, 3), 10 * place + image, np.uint8)
            Image.fromarray(pixels).save(os.path.join(root, folder, f"{image}.png"))
    found = {}
    for split, rows in datasets.load_dataset("imagefolder", data_dir=root, cache_dir=os.path.join(root, "cache")).items():
        label = rows.features.get("label")
        for row in rows:
            name = label.int2str(row["label"]) if label else None
            found.setdefault(split, {}).setdefault(name, []).append(folders[np.asarray(row["image"])[0, 0, 0] // 10])
    return {
        split: {name: {folder: places.count(folder) for folder in sorted(set(places))} for name, places in classes.items()}
        for split, classes in found.items()}


for folders, expected in (
    (["apple", "bus", "streetcar"], {"train": {"apple": {"apple": 3}, "bus": {"bus": 3}, "streetcar": {"streetcar": 3}}}),
    (["apple", "bus", "train"], {"train": {None: {"train": 3}}}),
    (["beaker", "flask", "test tube"], {"test": {None: {"test tube": 3}}}),
    (["bullet train", "steam locomotive"], {"train": {None: {"bullet train": 3}}}),
    (["train/airport", "train/train_station", "val/airport", "val/train_station"], {
        "train": {"airport": {"train/airport": 3}, "train_station": {"train/train_station": 6, "val/train_station": 3}},
        "validation": {"airport": {"val/airport": 3}, "train_station": {"val/train_station": 3}}}),
    (["train/cat", "train/test tube", "val/cat", "val/test tube"], {
        "train": {"cat": {"train/cat": 3}, "test tube": {"train/test tube": 3}},
        "validation": {"cat": {"val/cat": 3}, "test tube": {"val/test tube": 3}},
        "test": {"test tube": {"train/test tube": 3, "val/test tube": 3}}}),
):
    seen = loaded(folders)
    print("folders", folders)
    for split, classes in seen.items():
        print(f"  {split}:", "; ".join(f"{name} from {places}" for name, places in classes.items()))
    if seen != expected:
        print("  CHANGED, was", expected)
        changed = True
sys.exit(changed)
PYTHON
