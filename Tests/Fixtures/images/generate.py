#!/usr/bin/env python3
"""Makes the JPEG files here and `expected.npz`, what Pillow decodes and resizes them to; Pillow 13.0.0, NumPy 2.4.6.

    python3 generate.py
"""

import io
import pathlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent


def picture(width, height, seed):
    """Smooth colours with an edge and a little noise: what JPEG is for, and where decoders differ."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = [127 + 100 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - c)) + 40 * (x > width / 2) + draw.normal(0, 6, x.shape)
              for c in range(3)]
    return Image.fromarray(np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8))


expected = {}


def add(name, image, **options):
    image.save(HERE / name, "JPEG", **options)
    expected[name] = np.asarray(Image.open(HERE / name))


# Odd sides, so that subsampled planes end within a block.
add("420.jpg", picture(37, 23, 1), quality=85, subsampling="4:2:0")
add("422.jpg", picture(31, 20, 2), quality=75, subsampling="4:2:2")
add("444.jpg", picture(17, 29, 3), quality=95, subsampling="4:4:4")
add("progressive.jpg", picture(40, 33, 4), quality=60, progressive=True, subsampling="4:2:0")
add("grey.jpg", picture(21, 19, 5).convert("L"), quality=80)
picture(12, 9, 6).convert("CMYK").save(HERE / "cmyk.jpg", "JPEG")

source = picture(37, 23, 7)
expected["source"] = np.asarray(source)
grey = source.convert("L")
for width, height in [(16, 16), (37, 11), (5, 23), (80, 64), (1, 1), (37, 23)]:
    expected[f"resized-{width}x{height}"] = np.asarray(source.resize((width, height), Image.Resampling.BILINEAR))
    expected[f"grey-{width}x{height}"] = np.asarray(grey.resize((width, height), Image.Resampling.BILINEAR))
expected["source-grey"] = np.asarray(grey)
# Columns before rows: the height loses more than twice as many lines as the width does columns.
tall = picture(30, 71, 8)
expected["tall"] = np.asarray(tall)
for width, height in [(18, 42), (40, 60), (12, 35), (12, 36)]:
    expected[f"tall-{width}x{height}"] = np.asarray(tall.resize((width, height), Image.Resampling.BILINEAR))

np.savez_compressed(HERE / "expected.npz", **expected)
