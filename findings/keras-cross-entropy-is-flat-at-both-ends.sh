#!/bin/bash
# Guess: a softmax layer and the default cross-entropy give p minus the label, from 1 for the worst mistake down to what
# float32 still tells from 0.
# Seen: probabilities are clipped to [1e-7, 1 - 1e-7], and what is clipped has no gradient: exactly 0, in all components, as
# soon as the margin is above 16.2 for the label or above 15.4 against it, where the exact one has entries of 1. The loss stays at
# 16.1. Binary and focal cross-entropy, too. With from_logits=True the gradient against the label is exact to 40 and beyond.
# Matters: confident images are not moved at all by FGSM or PGD, by a random start neither where the margin holds, and count as
# robust; what was attacked too far or is hopelessly wrong never comes back. The network's own input gradient is not the cause.
# Packages: keras 3.15.1, jax and jaxlib 0.10.2, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
PYTHONPATH="$site" KERAS_BACKEND=jax JAX_PLATFORMS=cpu python3 -W ignore - <<'PYTHON'
import sys

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import losses

print("keras", keras.__version__, "jax", jax.__version__)
changed = False


def exact(margin):
    """The label's entry of the cross-entropy's gradient by the logits (margin, 0, 0)."""
    return -2 / (2 + np.exp(margin))


def seen(loss, labels, network, logits):
    return np.array(jax.grad(lambda values: loss(labels, network(values)))(jnp.array([logits], jnp.float32))[0])


def network(units, activation):
    layer = keras.layers.Dense(units, activation=activation)
    model = keras.Sequential([keras.Input((units,)), layer])
    layer.set_weights([np.eye(units, dtype=np.float32), np.zeros(units, np.float32)])
    return model


def check(what, same, value):
    global changed
    print(f"{what}: {value}{'' if same else '   CHANGED'}")
    changed |= not same


softmax, plain, sigmoid = network(3, "softmax"), network(3, None), network(1, "sigmoid")
one_hot, number = jnp.array([[1.0, 0, 0]]), jnp.array([0])
for margin in (10, 15, 16, -10, -15):
    for loss, labels in ((losses.CategoricalCrossentropy(), one_hot), (losses.SparseCategoricalCrossentropy(), number)):
        gradient = seen(loss, labels, softmax, [margin, 0, 0])
        check(f"{type(loss).__name__}, margin {margin}: of the exact one", abs(gradient[0] / exact(margin) - 1) < 0.01,
              gradient[0] / exact(margin))
for margin in (17, 20, 40, -16, -20, -40):
    for loss, labels in (
        (losses.CategoricalCrossentropy(), one_hot), (losses.SparseCategoricalCrossentropy(), number),
        (losses.CategoricalFocalCrossentropy(), one_hot)):
        gradient = seen(loss, labels, softmax, [margin, 0, 0])
        check(f"{type(loss).__name__}, margin {margin}: exact {exact(margin):.2g}, seen", not gradient.any(), gradient)
for margin in (17, -17):
    gradient = seen(losses.BinaryCrossentropy(), jnp.array([[1.0]]), sigmoid, [margin])
    check(f"BinaryCrossentropy, margin {margin}: exact {-1 / (1 + np.exp(margin)):.2g}, seen", not gradient.any(), gradient)
for margin in (-16, -20, -40):
    gradient = seen(losses.CategoricalCrossentropy(from_logits=True), one_hot, plain, [margin, 0, 0])
    ratio = gradient[0] / exact(margin)
    check(f"from_logits, margin {margin}: of the exact one", abs(ratio - 1) < 1e-5, ratio)

# A step of FGSM of 0.1
image = jnp.array([20.0, 0, 0])
steps = {
    name: 0.1 * np.sign(seen(loss, one_hot, model, list(image)))
    for name, loss, model in (("softmax", losses.CategoricalCrossentropy(), softmax),
                              ("logits", losses.CategoricalCrossentropy(from_logits=True), plain))}
check("FGSM's step at a margin of 20", not steps["softmax"].any() and steps["logits"].any(), steps)
sys.exit(changed)
PYTHON
