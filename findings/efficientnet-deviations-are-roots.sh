#!/bin/bash
# Guess: EfficientNet's pixels are normalised once, by ImageNet's mean and deviation, and Keras builds one network whichever way its
# weights are named.
# Seen: in transformers the image processor normalises, then divides by `image_std` once more (include_top, the default): the numbers
# in preprocessor_config.json are roots, 0.4785 for 0.229. Keras stores roots too: `weights="imagenet"` puts a Rescaling behind the
# Normalization, the path of the very same file does not, nor does weights=None with load_weights: one layer fewer, every tensor
# in its place, and pixels of half the contrast (0.479, 0.473, 0.474).
# Matters: who loads a file, fine-tuned weights among them, measures another network: it sees images nearer to grey, and what a
# given eps does to it is halved.
# Packages: keras 3.15.1, transformers 5.23.0, torch 2.13.0 (a CPU build does), torchvision 0.28.0, pillow 13.0.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 keras==3.15.1 h5py==3.16.0 transformers==5.23.0 pillow==13.0.0 \
  numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchvision==0.28.0
KERAS_BACKEND=torch PYTHONPATH="$site" python3 -W ignore - "$site" <<'PYTHON'
import math
import sys
from importlib.metadata import version

import keras
import numpy as np
from keras.applications import EfficientNetB0

try:
    import torchvision
except RuntimeError:  # its operators are built for another kind of PyTorch; none is used here
    import torch

    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
from transformers import EfficientNetImageProcessor

print(*(f"{name} {version(name)}" for name in ("keras", "transformers", "torch")))
changed = False
deviations = (0.229, 0.224, 0.225)
random = np.random.default_rng(0)


def check(what, seen, expected, tolerance=1e-3):
    global changed
    same = abs(float(seen) - expected) <= tolerance
    print(f"{what}: {float(seen):.4f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


processor = EfficientNetImageProcessor(
    do_resize=False, image_mean=[0.485, 0.456, 0.406], image_std=[math.sqrt(value) for value in deviations])
pixels = random.integers(0, 256, (64, 64, 3), dtype=np.uint8)
seen = np.asarray(processor(pixels, return_tensors="np")["pixel_values"])[0].transpose(1, 2, 0)
for channel in range(3):
    centred = pixels[..., channel] / 255 - processor.image_mean[channel]
    check(f"transformers, image_std {processor.image_std[channel]:.4f}: divided by",
          (centred**2).sum() / (centred * seen[..., channel]).sum(), deviations[channel])


def build(weights):
    return EfficientNetB0(weights=weights, include_top=False, input_shape=(32, 32, 3))


file = sys.argv[1] + "/efficientnetb0_notop.weights.h5"
plain = build(None)
weights = plain.get_weights()
weights[:2] = np.array([0.485, 0.456, 0.406]), np.array(deviations)  # as the published file has them: the variance is the deviation
plain.set_weights(weights)
plain.save_weights(file)
keras.src.applications.efficientnet.file_utils.get_file = lambda *_, **__: file  # stands for the download
named, path = build("imagenet"), build(file)
check("keras, layers, weights='imagenet'", len(named.layers), 238, 0)
check("  weights=path of the same file", len(path.layers), 237, 0)
check("  largest difference of the weights", max(np.abs(a - b).max() for a, b in zip(named.get_weights(), path.get_weights())), 0, 0)


def first(network):
    """Normalised pixels, as the first convolution gets them: [32, 32, 3]."""
    stem = network.get_layer("stem_conv_pad")
    return keras.ops.convert_to_numpy(keras.Model(network.inputs, stem.input)(picture))[0]


picture = random.uniform(0, 255, (1, 32, 32, 3)).astype(np.float32)
a, b = first(named), first(path)
for channel in range(3):
    check(f"  channel {channel}: pixels of the path, of what they should be", b[..., channel].std() / a[..., channel].std(),
          math.sqrt(deviations[channel]))
sys.exit(changed)
PYTHON
