#!/bin/bash
# Guess: Dataset.map leaves an image that it returns untouched, or does not return, as it was, and stores one that was drawn on.
# Seen: who looks at a JPEG in map, for a column with its mean, say, has it decoded, encoded again at quality 75 and stored:
# an image of quality 95 moves by 4.5 grey levels in the mean and by 32 at most, each further map adds some. A patch pasted into
# an image that lies in a file is lost: the path goes into the new column, the pixels do not. Of bytes (parquet) it is stored,
# as a JPEG. The same on a copy, or on what convert, rotate or resize return, is stored as PNG. Colour images of 16 bits are
# taken modulo 256, with nothing but a warning.
# Matters: steps of 2/255 to 8/255 are the subject here, and such a file of "clean" images is already off by more; an evaluation of
# pasted patches is one of clean images.
# Packages: datasets 5.2.0, pyarrow 26.0.1, pillow 13.0.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m venv "$site/python"  # a folder of packages will not do: what lies outside of sys.prefix is hashed by its contents
"$site/python/bin/pip" install --quiet datasets==5.2.0 pyarrow==26.0.1 pillow==13.0.0 numpy==2.4.6
HF_HOME="$site/home" HF_HUB_OFFLINE=1 "$site/python/bin/python" -W ignore - "$site" <<'PYTHON'
import io
import pathlib
import sys
from importlib.metadata import version

import datasets
import numpy as np
import PIL.Image
from datasets import Dataset, Features, Image

print("datasets", datasets.__version__, "pyarrow", version("pyarrow"), "pillow", PIL.__version__)
datasets.disable_progress_bars()
changed = False


def check(what, seen, low, high):
    global changed
    same = low <= seen <= high
    print(f"{what}: {seen:.4g}{'' if same else f'   CHANGED, was in {low} ... {high}'}")
    changed |= not same


noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
picture = PIL.Image.fromarray(noise).resize((64, 64), PIL.Image.Resampling.BICUBIC)  # smooth, in colour
features = Features({"image": Image()})
patch = PIL.Image.new("RGB", (20, 20))


def encoded(form, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def pixels(images):
    return np.asarray(images[0]["image"]).astype(int)


def moved(before, after):
    return np.abs(pixels(after) - pixels(before))


def stored(images):
    return images.cast_column("image", Image(decode=False))[0]["image"]


def of_bytes(data):
    return Dataset.from_dict({"image": [{"bytes": data, "path": None}]}, features=features)


def in_place(row):
    row["image"].paste(patch, (10, 10))
    return {"image": row["image"]}


def on_a_copy(row):
    image = row["image"].copy()
    image.paste(patch, (10, 10))
    return {"image": image}


def mean(row):
    return {"mean": float(np.asarray(row["image"]).mean())}


jpeg = of_bytes(encoded("JPEG", quality=95))
check("JPEG, a column without a look at it: grey levels", moved(jpeg, jpeg.map(lambda row: {"one": 1})).max(), 0, 0)
once = jpeg.map(mean)
check("JPEG, a column with its mean: grey levels, in the mean", moved(jpeg, once).mean(), 3, 6)
check("  at most", moved(jpeg, once).max(), 20, 50)
check("  bytes of the file before", len(stored(jpeg)["bytes"]), 2000, 2800)
check("  and after", len(stored(once)["bytes"]), 1200, 1700)
often = jpeg
for _ in range(5):
    often = often.map(lambda row: {"image": row["image"]})
check("JPEG, returned as it is, five times: grey levels, in the mean", moved(jpeg, often).mean(), 6.5, 12)
check("JPEG, mean by input_columns: grey levels",
      moved(jpeg, jpeg.map(lambda image: {"mean": float(np.asarray(image).mean())}, input_columns=["image"])).max(), 0, 0)
png = of_bytes(encoded("PNG"))
check("PNG, a column with its mean: grey levels", moved(png, png.map(mean)).max(), 0, 0)

path = pathlib.Path(sys.argv[1], "picture.png")
path.write_bytes(encoded("PNG"))
file = Dataset.from_dict({"image": [str(path)]}).cast_column("image", Image())
check("PNG in a file, black patch pasted: grey levels", moved(file, file.map(in_place)).max(), 0, 0)
check("  pasted into a copy", moved(file, file.map(on_a_copy)).max(), 150, 255)
check("PNG of bytes, black patch pasted: grey levels", moved(png, png.map(in_place)).max(), 150, 255)

deep = np.asarray(picture).astype(np.uint16) * 256 + 7  # 16 bits
check("colours of 16 bits, stored: largest value", pixels(Dataset.from_dict({"image": [deep]}, features=features)).max(), 7, 7)
sys.exit(changed)
PYTHON
