"""Networks behind a resizing of their images, with float64 references.

    python Tests/Fixtures/models/generate_resize.py

Writes `resize.safetensors` beside itself: `images` [2, 3, 12, 12], and for each size HxW a small network (`HxW.conv.*`,
`HxW.linear.*`), its `HxW/logits` and `HxW/gradient`, that of the sum of all logits with respect to the images, of the network behind
torch.nn.functional.interpolate(mode="bilinear", align_corners=False, antialias=False) and (pixel - mean) / std. Made with
Python 3, PyTorch 2.5.1, safetensors 0.4 or later; seed 0.
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

MEAN, STD = (0.5, 0.4, 0.3), (0.25, 0.2, 0.5)

torch.set_num_threads(1)
torch.manual_seed(0)
images = torch.rand(2, 3, 12, 12)
tensors = {"images": images}
column = lambda values: torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1)
# Larger by a whole factor and by others, smaller, and one of each.
for height, width in ((24, 24), (17, 20), (5, 7), (30, 6)):
    name = f"{height}x{width}"
    network = nn.ModuleDict({"conv": nn.Conv2d(3, 4, 3, padding=1), "linear": nn.Linear(4 * height * width, 5)})
    tensors.update({f"{name}.{key}": value.clone() for key, value in network.state_dict().items()})
    network.double()
    x = images.double().requires_grad_()
    enlarged = functional.interpolate(x, (height, width), mode="bilinear", align_corners=False, antialias=False)
    features = network["conv"]((enlarged - column(MEAN)) / column(STD)).relu()
    logits = network["linear"](features.flatten(1))
    tensors[f"{name}/logits"] = logits.detach().float()
    tensors[f"{name}/gradient"] = torch.autograd.grad(logits.sum(), x)[0].float()
save_file(
    {name: tensor.contiguous() for name, tensor in tensors.items()}, pathlib.Path(__file__).parent / "resize.safetensors",
    {"reference": f"PyTorch {torch.__version__}, float64"})
