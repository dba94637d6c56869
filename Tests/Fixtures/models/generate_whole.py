"""Whole pickled networks, torch.save(model), whose modules agree with a built-in architecture or do not.

Run with PyTorch 2.5.1 in this folder: python3 generate_whole.py. Writes whole/*.pt and whole/goldens.pt, whose logits are
float64 results of PyTorch.
"""
import copy

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, i, o, s, act, conv, bn, projection):
        super().__init__()
        self.conv1, self.bn1, self.conv2, self.bn2 = conv(i, o, 3, s), bn(o), conv(o, o, 3, 1), bn(o)
        self.act = act()
        same = i == o and s == 1
        setattr(self, projection, nn.Sequential() if same else nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), bn(o)))
        self.projection = projection

    def forward(self, x):
        main = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        return self.act(main + getattr(self, self.projection)(x))


class Network(nn.Module):
    """He et al.'s CIFAR network with projections, or torchvision's with a 3x3 stem where `pool` is given."""

    def __init__(self, act=nn.ReLU, eps=1e-5, padding_mode="zeros", stem_stride=1, pool=None):
        super().__init__()
        conv = lambda i, o, k, s: nn.Conv2d(i, o, k, s, 1, bias=False, padding_mode=padding_mode)
        bn = lambda c: nn.BatchNorm2d(c, eps=eps)
        counts, widths = ([1, 1, 1], [2, 3, 4]) if pool is None else ([1, 1, 1, 1], [2, 3, 4, 5])
        projection = "shortcut" if pool is None else "downsample"
        self.conv1, self.bn1, self.act = conv(3, widths[0], 3, stem_stride), bn(widths[0]), act()
        if pool is not None:
            self.maxpool = pool
        inputs = widths[0]
        for stage, (count, width) in enumerate(zip(counts, widths)):
            blocks = []
            for index in range(count):
                blocks.append(Block(inputs, width, 2 if stage and not index else 1, act, conv, bn, projection))
                inputs = width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        setattr(self, "linear" if pool is None else "fc", nn.Linear(inputs, 5))

    def forward(self, x):
        x = self.act(self.bn1(self.conv1(x)))
        if hasattr(self, "maxpool"):
            x = self.maxpool(x)
        for stage in ("layer1", "layer2", "layer3", "layer4"):
            x = getattr(self, stage)(x) if hasattr(self, stage) else x
        x = x.mean((2, 3))
        return self.linear(x) if hasattr(self, "linear") else self.fc(x)


images = (torch.arange(2 * 3 * 12 * 12) * 37 % 256).reshape(2, 3, 12, 12).float() / 255
goldens = {"images": images}
for name, options in {
    "plain": {}, "eps": dict(eps=1e-3), "leaky": dict(act=nn.LeakyReLU),
    "circular": dict(padding_mode="circular"), "stride": dict(stem_stride=2),
    "pooled": dict(pool=nn.MaxPool2d(3, 2, 1)), "unpooled": dict(pool=nn.Identity()),
}.items():
    torch.manual_seed(0)
    network = Network(**options)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.005, 0.05)
    network.eval()
    torch.save(network, f"whole/{name}.pt")
    goldens[name] = copy.deepcopy(network).double()(images.double()).detach().float()
torch.save(goldens, "whole/goldens.pt")
