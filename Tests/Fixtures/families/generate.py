"""Small networks of torchvision's and timm's own classes: checkpoints and float64 references.

    python3 -m venv env && env/bin/pip install torch torchvision timm safetensors
    env/bin/python Tests/Fixtures/families/generate.py [NAME ...]

Writes, beside itself, `NAME.safetensors` for every network (in float16, to be small), and `NAME-goldens.safetensors` with images (bytes, to
be divided by 255), logits and input gradients of the logit sum and of the predicted logit in float64. The seed of each network
is the CRC-32 of its name.
"""

import copy
import functools
import pathlib
import sys
import zlib

import timm
import torch
import torchvision
from safetensors.torch import save_file
from timm.models import convnext, deit, vision_transformer
from torch import nn
from torchvision import models
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.efficientnet import MBConvConfig
from torchvision.models.regnet import BlockParams

HERE = pathlib.Path(__file__).parent

NETWORKS = {
    "vit-torchvision": (
        lambda: models.VisionTransformer(
            image_size=12, patch_size=4, num_layers=2, num_heads=4, hidden_dim=16, mlp_dim=24, num_classes=5), (3, 12, 12)),
    "vit-timm": (
        lambda: vision_transformer.VisionTransformer(
            img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, num_classes=5, init_values=0.5,
            no_embed_class=True), (3, 12, 12)),
    "deit-distilled": (
        lambda: deit.VisionTransformerDistilled(
            img_size=12, patch_size=4, embed_dim=16, depth=1, num_heads=4, mlp_ratio=2, num_classes=5), (3, 12, 12)),
    "convnext-torchvision": (
        lambda: models.ConvNeXt(
            [CNBlockConfig(6, 8, 1), CNBlockConfig(8, 8, 1), CNBlockConfig(8, 10, 2), CNBlockConfig(10, None, 1)],
            num_classes=5), (3, 36, 40)),
    "convnext-timm": (
        lambda: convnext.ConvNeXt(depths=(1, 1, 2, 1), dims=(6, 8, 8, 10), num_classes=5, ls_init_value=0.5), (3, 32, 32)),
    "convnext-timm-convolutions": (
        lambda: convnext.ConvNeXt(
            depths=(1, 1, 1, 1), dims=(4, 4, 6, 6), num_classes=5, ls_init_value=0.5, conv_mlp=True), (3, 32, 32)),
    # The paper's counts and strides, slim.
    "mobilenetv2": (
        lambda: models.MobileNetV2(
            num_classes=5, width_mult=0.1, round_nearest=1, inverted_residual_setting=[
                [1, 40, 1, 1], [3, 50, 2, 2], [2, 60, 3, 2], [2, 50, 4, 2], [2, 60, 3, 1], [2, 60, 3, 2], [3, 60, 1, 1]]),
        (3, 33, 34)),
    "efficientnet-b0": (lambda: efficientnet([1, 2, 2, 3, 3, 4, 1], None), (3, 33, 34)),
    # The epsilon that torchvision's B5 to B7 have.
    "efficientnet-b5": (
        lambda: efficientnet([3, 5, 5, 7, 7, 9, 3], functools.partial(nn.BatchNorm2d, eps=1e-3)), (3, 33, 34)),
    "densenet": (
        lambda: models.DenseNet(growth_rate=4, block_config=(2, 1, 2), num_init_features=6, bn_size=2, num_classes=5), (3, 34, 40)),
    "regnetx": (lambda: regnet(None), (3, 33, 34)),
    "regnety": (lambda: regnet(0.25), (3, 33, 34)),
}


def regnet(se_ratio):
    parameters = BlockParams(
        depths=[1, 2, 1, 1], widths=[4, 8, 8, 12], group_widths=[2, 4, 4, 4], bottleneck_multipliers=[1.0] * 4,
        strides=[2] * 4, se_ratio=se_ratio)
    return models.RegNet(parameters, num_classes=5, stem_width=6)


def efficientnet(depths, norm):
    """The paper's kernels and strides, slim."""
    widths, kernels, strides = (8, 4, 4, 6, 6, 4, 4, 8), (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1)
    stages = [
        MBConvConfig(1 if stage == 0 else 2, kernels[stage], strides[stage], widths[stage], widths[stage + 1], depth)
        for stage, depth in enumerate(depths)]
    # Channels are otherwise rounded to multiples of 8.
    for stage, inputs, outputs in zip(stages, widths, widths[1:]):
        stage.input_channels, stage.out_channels = inputs, outputs
    return models.EfficientNet(stages, dropout=0, num_classes=5, norm_layer=norm, last_channel=12)


@torch.no_grad()
def randomise(network, shape):
    """As after training: no scale, statistic or embedding is trivial. An untrained layer scale of 1e-6 would hide a block."""
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(parameter, 0, 0.3)
        elif any(part in name for part in ("token", "pos_embed")):
            nn.init.normal_(parameter, 0, 0.5)
        elif parameter.squeeze().ndim < 2:
            nn.init.uniform_(parameter, 0.5, 1.5)
        else:
            nn.init.normal_(parameter, 0, 1.2 / parameter[0].numel() ** 0.5)
    for norm in norms:
        norm.momentum = None
    network.train()
    network(torch.rand(16, *shape))
    for norm in norms:
        norm.running_mean += 0.3 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
        norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.6, 1.6)
        norm.running_var.clamp_(min=1e-3)
    # What the file holds is what the references are computed with.
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor.half().float())
    return network.eval()


def main(names):
    for name in names or NETWORKS:
        make, shape = NETWORKS[name]
        torch.manual_seed(zlib.crc32(name.encode()))
        network = randomise(make(), shape)
        state = {
            key: value.half().contiguous() for key, value in network.state_dict().items()
            if not key.endswith("num_batches_tracked")}
        save_file(state, HERE / f"{name}.safetensors")
        # One of those that are large.
        images = torch.randint(0, 256, (2 if shape[1] < 20 else 1, *shape), dtype=torch.uint8)
        # The division in float32, as a reader does it.
        x = (images.float() / 255).double().requires_grad_()
        logits = copy.deepcopy(network).double()(x)
        predicted = logits.max(1).values.sum()
        save_file(
            {"images": images, "logits": logits.detach().float(),
             "logit-sum": torch.autograd.grad(logits.sum(), x, retain_graph=True)[0].float(),
             "logit-predicted": torch.autograd.grad(predicted, x)[0].float()},
            HERE / f"{name}-goldens.safetensors",
            {"reference": f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}, timm {timm.__version__}, float64"})


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
