#!/bin/bash
# Guess: a .weights.h5 or .keras file of Keras 3 files tensors under the names of their layers, kernel and bias, and
# load_weights puts them back by name or complains.
# Seen: they lie under the layer's class and its number (layers/dense_1/vars/0); the layer's name is an attribute that nothing
# reads. Where two layers of one shape come in another order, as a Concatenate of [right, left] for [left, right] makes them,
# each gets the other's weights without a word, though the names are right; so do two swapped lines of a constructor.
# by_name is refused for this format. Batch normalisation without scale has its offset in vars/0, where others have the scale.
# Matters: a robust and a standard branch, two towers or an ensemble change places; a reader outside Keras needs config.json
# and Keras' own counting, not the names.
# Packages: keras 3.15.1, jax and jaxlib 0.10.2, h5py 3.16.0, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 h5py==3.16.0 numpy==2.4.6
PYTHONPATH="$site" SITE="$site" KERAS_BACKEND=jax JAX_PLATFORMS=cpu python3 -W ignore - <<'PYTHON'
import os
import sys

import h5py
import keras
import numpy as np
from keras import layers

print("keras", keras.__version__)
path = os.path.join(os.environ["SITE"], "towers.weights.h5")


def towers(swapped):
    keras.utils.clear_session()
    image = keras.Input((4,))
    both = [layers.Dense(3, name="left")(image), layers.Dense(3, name="right")(image)]
    return keras.Model(image, layers.Concatenate(name="both")(both[::-1] if swapped else both))


class Towers(keras.Model):
    def __init__(self, swapped):
        super().__init__()
        for name in ("right", "left") if swapped else ("left", "right"):
            setattr(self, name, layers.Dense(3, name=name))

    def call(self, image):
        return self.left(image) - self.right(image)

    def get_layer(self, name):
        return getattr(self, name)


changed = False
for make in (towers, Towers):
    saved, loaded = make(False), make(True)
    for network in (saved, loaded):
        network(np.ones((1, 4), np.float32))
    saved.save_weights(path)
    loaded.load_weights(path)
    equal = {
        (a, b): bool(np.array_equal(saved.get_layer(a).kernel, loaded.get_layer(b).kernel))
        for a in ("left", "right") for b in ("left", "right")}
    print(f"{make.__name__}: saved left is loaded left {equal['left', 'left']}, loaded right {equal['left', 'right']}")
    changed |= equal["left", "left"] or not equal["left", "right"] or not equal["right", "left"]
    try:
        loaded.load_weights(path, by_name=True)
        refused = False
    except ValueError:
        refused = True
    print("  by_name is refused:", refused)
    changed |= not refused

scaled = {}
for scale in (True, False):
    keras.utils.clear_session()
    network = keras.Sequential([keras.Input((2,)), layers.BatchNormalization(scale=scale, name="norm")])
    network.layers[0].beta.assign([5.0, 5.0])
    network.save_weights(path)
    with h5py.File(path) as file:
        places = []
        file.visititems(lambda name, item: places.append(name) if isinstance(item, h5py.Dataset) else None)
        scaled[scale] = places, [float(file[place][0]) for place in places]
    print("batch normalisation with scale" if scale else "without", *scaled[scale])
changed |= scaled[True][1] != [1, 5, 0, 1] or scaled[False][1] != [5, 0, 1]
changed |= scaled[True][0][0] != scaled[False][0][0] or "norm/" in scaled[True][0][0]
sys.exit(bool(changed))
PYTHON
