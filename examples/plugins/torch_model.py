#!/usr/bin/env python3
"""A plugin that serves a PyTorch module with the weights of a checkpoint.

    pags-bench evaluate resnet20.th --task cifar10 --data DIR \
        --plugin "python3 examples/plugins/torch_model.py resnet20 {checkpoint}"

Only the last lines are about pags-bench; the rest is any module. On a GPU: add `device="cuda"`.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import pags_bench_plugin  # first: from here on, what anything prints goes to standard error

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Two 3x3 convolutions; the shortcut subsamples and pads with zeros (He et al. 2016, option A)."""

    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.stride, self.extra = stride, planes - inputs
        self.conv1, self.bn1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False), nn.BatchNorm2d(planes)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.extra // 2, self.extra // 2))
        return F.relu(y + x)


class ResNet20(nn.Module):
    """He et al. 2016, section 4.2."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16, 1), Block(16, 16, 1), Block(16, 16, 1))
        self.layer2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
        self.layer3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


class LeNet5(nn.Module):
    """Two convolutions and two linear layers, as in AdverTorch."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.linear1, self.linear2 = nn.Linear(64 * 49, 200), nn.Linear(200, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.linear2(F.relu(self.linear1(x)))


NETWORKS = {
    "resnet20": (ResNet20, (3, 32, 32), dict(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))),
    "lenet5": (LeNet5, (1, 28, 28), dict(mean=(0.0,), std=(1.0,))),
}

if len(sys.argv) != 3 or sys.argv[1] not in NETWORKS:
    sys.exit(f"usage: torch_model.py {'|'.join(NETWORKS)} CHECKPOINT")
network, shape, normalisation = NETWORKS[sys.argv[1]]
state = torch.load(sys.argv[2], map_location="cpu", weights_only=True)
state = state.get("state_dict", state)
module = network()
module.load_state_dict({name.removeprefix("module."): tensor for name, tensor in state.items()})

pags_bench_plugin.serve_torch(module, shape, classes=10, **normalisation, id="torch-example", architecture=sys.argv[1])
