"""Slim networks with the module names of widely used PyTorch code, written from the papers."""

import torch
from torch import nn
from torch.nn import functional as F

CONFIGURATIONS = {"vgg11": (1, 1, 2, 2, 2), "vgg13": (2, 2, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}


def conv(inputs, outputs, size=3, stride=1, padding=None, bias=False):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2 if padding is None else padding, bias=bias)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions (He et al. 2016); `projection` names the shortcut, None is option A."""

    expansion = 1

    def __init__(self, inputs, planes, stride, projection, act):
        super().__init__()
        self.act, self.stride, self.extra = act, stride, planes - inputs
        self.conv1, self.bn1 = conv(inputs, planes, stride=stride), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv(planes, planes), nn.BatchNorm2d(planes)
        self.projection = projection
        add_projection(self, projection, inputs, planes, stride)

    def forward(self, x):
        y = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        if self.projection is None and (self.stride != 1 or self.extra != 0):
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.extra // 2, self.extra // 2))
            return self.act(y + x)
        return self.act(y + shortcut(self, x))


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride), 1x1 to four times the width."""

    expansion = 4

    def __init__(self, inputs, planes, stride, projection, act):
        super().__init__()
        self.act, self.projection = act, projection
        self.conv1, self.bn1 = conv(inputs, planes, 1), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv(planes, planes, stride=stride), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = conv(planes, 4 * planes, 1), nn.BatchNorm2d(4 * planes)
        add_projection(self, projection, inputs, 4 * planes, stride)

    def forward(self, x):
        y = self.act(self.bn2(self.conv2(self.act(self.bn1(self.conv1(x))))))
        return self.act(self.bn3(self.conv3(y)) + shortcut(self, x))


def add_projection(block, name, inputs, outputs, stride):
    if name is not None and (stride != 1 or inputs != outputs):
        block.add_module(name, nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)))


def shortcut(block, x):
    return getattr(block, block.projection)(x) if hasattr(block, block.projection or "") else x


class ResNet(nn.Module):
    """`stem` 3 or 7; `head` the linear layer's name; `pool` the side of the averaging window (None: everything)."""

    def __init__(self, block, counts, widths, projection="shortcut", head="linear", stem=3, pool=None, maxpool=False,
                 positions=1, channels=3, act=F.relu):
        super().__init__()
        self.act, self.head, self.pool, self.maxpool, self.stages = act, head, pool, maxpool, len(counts)
        self.conv1 = conv(channels, widths[0], stem, 2 if stem == 7 else 1)
        self.bn1 = nn.BatchNorm2d(widths[0])
        inputs = widths[0]
        for stage, (count, width) in enumerate(zip(counts, widths)):
            blocks = []
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                blocks.append(block(inputs, width, stride, projection, act))
                inputs = width * block.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.add_module(head, nn.Linear(inputs * positions, 5))

    def forward(self, x):
        x = self.act(self.bn1(self.conv1(x)))
        if self.maxpool:
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        x = F.avg_pool2d(x, self.pool) if self.pool else x.mean((2, 3))
        return getattr(self, self.head)(x.flatten(1))


class PreActivationBlock(nn.Module):
    """He et al., Identity Mappings: the projection reads the activated input."""

    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, planes, stride=stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(planes), conv(planes, planes)
        if stride != 1 or inputs != planes:
            self.shortcut = nn.Sequential(conv(inputs, planes, 1, stride))

    def forward(self, x):
        y = F.relu(self.bn1(x))
        x = self.shortcut(y) if hasattr(self, "shortcut") else x
        return self.conv2(F.relu(self.bn2(self.conv1(y)))) + x


class PreActivationBottleneck(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, planes, 1)
        self.bn2, self.conv2 = nn.BatchNorm2d(planes), conv(planes, planes, stride=stride)
        self.bn3, self.conv3 = nn.BatchNorm2d(planes), conv(planes, 4 * planes, 1)
        if stride != 1 or inputs != 4 * planes:
            self.shortcut = nn.Sequential(conv(inputs, 4 * planes, 1, stride))

    def forward(self, x):
        y = F.relu(self.bn1(x))
        x = self.shortcut(y) if hasattr(self, "shortcut") else x
        y = self.conv2(F.relu(self.bn2(self.conv1(y))))
        return self.conv3(F.relu(self.bn3(y))) + x


class PreActivationResNet(nn.Module):
    def __init__(self, counts, widths, final_norm, bottleneck=False):
        super().__init__()
        self.conv1 = conv(3, widths[0])
        inputs = widths[0]
        for stage, (count, width) in enumerate(zip(counts, widths)):
            blocks = []
            for index in range(count):
                block = PreActivationBottleneck if bottleneck else PreActivationBlock
                blocks.append(block(inputs, width, 2 if stage > 0 and index == 0 else 1))
                inputs = 4 * width if bottleneck else width
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        if final_norm:
            self.bn = nn.BatchNorm2d(inputs)
        self.linear = nn.Linear(inputs, 5)

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.conv1(x)))))
        if hasattr(self, "bn"):
            x = F.relu(self.bn(x))
        return self.linear(x.mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, outputs, stride=stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outputs), conv(outputs, outputs)
        if inputs != outputs:
            self.convShortcut = conv(inputs, outputs, 1, stride)

    def forward(self, x):
        y = F.relu(self.bn1(x))
        x = self.convShortcut(y) if hasattr(self, "convShortcut") else x
        return self.conv2(F.relu(self.bn2(self.conv1(y)))) + x


class WideStage(nn.Module):
    def __init__(self, count, inputs, outputs, stride):
        super().__init__()
        self.layer = nn.Sequential(
            *[WideBlock(inputs if i == 0 else outputs, outputs, stride if i == 0 else 1) for i in range(count)])

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    """Zagoruyko and Komodakis 2016; `unused_stage` is registered but never run, as in one well-known repository."""

    def __init__(self, blocks, width, widen, unused_stage):
        super().__init__()
        widths = [width, widen * width, 2 * widen * width, 4 * widen * width]
        self.conv1 = conv(3, width)
        self.block1 = WideStage(blocks, widths[0], widths[1], 1)
        if unused_stage:
            self.sub_block1 = WideStage(blocks, widths[0], widths[1], 1)
        self.block2 = WideStage(blocks, widths[1], widths[2], 2)
        self.block3 = WideStage(blocks, widths[2], widths[3], 2)
        self.bn1 = nn.BatchNorm2d(widths[3])
        self.fc = nn.Linear(widths[3], 5)

    def forward(self, x):
        x = F.relu(self.bn1(self.block3(self.block2(self.block1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


class VGG(nn.Module):
    """`linear` layers: 1 for CIFAR's `classifier`, or module numbers with dropout between; `side` of the pooled map."""

    def __init__(self, name, widths, norm=True, linear=None, side=1, channels=3, hidden=6):
        super().__init__()
        layers, inputs = [], channels
        for count, width in zip(CONFIGURATIONS[name], widths):
            for _ in range(count):
                layers.append(conv(inputs, width, bias=True))
                if norm:
                    layers.append(nn.BatchNorm2d(width))
                else:
                    nn.init.constant_(layers[-1].bias, 0.2)
                layers.append(nn.ReLU())
                inputs = width
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.side = side if linear else None
        features = inputs * side * side
        first, second, last = nn.Linear(features, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 5)
        # Few units, of which none may be dead on the few images of a reference.
        nn.init.constant_(first.bias, 1)
        nn.init.constant_(second.bias, 1)
        if linear is None:
            self.classifier = nn.Linear(features, 5)
        elif linear == (0, 3, 6):
            self.classifier = nn.Sequential(
                first, nn.ReLU(), nn.Dropout(), second, nn.ReLU(), nn.Dropout(), last)
        else:
            self.classifier = nn.Sequential(
                nn.Dropout(), first, nn.ReLU(), nn.Dropout(), second, nn.ReLU(), last)

    def forward(self, x):
        x = self.features(x)
        if self.side:
            x = F.adaptive_avg_pool2d(x, self.side)
        return self.classifier(x.flatten(1))


class LeNet(nn.Module):
    """The paper's MNIST network."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 3, 3), nn.Conv2d(3, 4, 3)
        self.fc1, self.fc2 = nn.Linear(4 * 144, 5), nn.Linear(5, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        return F.log_softmax(self.fc2(F.relu(self.fc1(x.flatten(1)))), 1)


def softplus(x):
    return F.softplus(x, beta=20)


NETWORKS = {
    # file: (network, image shape, number of images)
    "resnet18": (lambda: ResNet(BasicBlock, (2, 2, 2, 2), (2, 3, 4, 5)), (3, 12, 12), 2),
    "resnet34": (lambda: ResNet(BasicBlock, (3, 4, 6, 3), (2, 3, 4, 5)), (3, 12, 12), 2),
    "resnet50": (lambda: ResNet(Bottleneck, (3, 4, 6, 3), (2, 2, 2, 3)), (3, 12, 12), 2),
    "resnet18-2x2": (
        lambda: ResNet(BasicBlock, (2, 2, 2, 2), (2, 3, 4, 3), pool=2, positions=4, channels=1), (1, 32, 32), 1),
    "resnet20": (lambda: ResNet(BasicBlock, (3, 3, 3), (2, 4, 6), None), (3, 12, 12), 2),
    "resnet18-imagenet": (
        lambda: ResNet(BasicBlock, (2, 2, 2, 2), (2, 3, 4, 5), "downsample", "fc", 7, maxpool=True), (3, 33, 25), 1),
    "resnet50-imagenet": (
        lambda: ResNet(Bottleneck, (3, 4, 6, 3), (2, 2, 2, 3), "downsample", "fc", 7, maxpool=True, channels=1),
        (1, 34, 38), 1),
    "resnet18-ambiguous": (
        lambda: ResNet(BasicBlock, (2, 2, 2, 2), (2, 3, 3, 4), "downsample", "fc"), (3, 12, 12), 2),
    "preact-resnet18": (lambda: PreActivationResNet((2, 2, 2, 2), (2, 3, 4, 5), False), (3, 12, 12), 2),
    "preact-resnet18-bn": (lambda: PreActivationResNet((2, 2, 2, 2), (2, 3, 4, 5), True), (3, 12, 12), 2),
    "preact-resnet50": (lambda: PreActivationResNet((3, 4, 6, 3), (2, 2, 2, 2), False, True), (3, 12, 12), 1),
    "wideresnet-16-2": (lambda: WideResNet(2, 1, 2, False), (3, 12, 12), 2),
    "wideresnet-10-3": (lambda: WideResNet(1, 1, 3, True), (3, 12, 12), 2),
    "vgg11": (lambda: VGG("vgg11", (3, 4, 4, 5, 6), channels=1), (1, 32, 32), 1),
    "vgg13": (lambda: VGG("vgg13", (3, 4, 4, 5, 6), linear=(1, 4, 6), channels=1), (1, 32, 32), 1),
    "vgg16": (lambda: VGG("vgg16", (3, 4, 4, 5, 6), channels=1), (1, 32, 32), 1),
    "vgg19": (lambda: VGG("vgg19", (3, 4, 4, 4, 5), norm=False, channels=1), (1, 32, 32), 1),
    "vgg11-imagenet": (
        lambda: VGG("vgg11", (3, 4, 4, 5, 4), norm=False, linear=(0, 3, 6), side=7, channels=1), (1, 64, 32), 1),
    "vgg16-imagenet": (
        lambda: VGG("vgg16", (3, 4, 4, 4, 4), linear=(0, 3, 6), side=7, channels=1), (1, 32, 32), 1),
    "lenet": (LeNet, (1, 28, 28), 1),
}
