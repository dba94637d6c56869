"""Small networks of torchvision's and timm's own classes: checkpoints and float64 references.

    python3 -m venv env && env/bin/pip install torch torchvision timm transformers safetensors
    env/bin/python Tests/Fixtures/families/generate.py [NAME ...]

Writes, beside itself, `NAME.safetensors` for every network (in float16, to be small), and `NAME-goldens.safetensors` with images (bytes, to
be divided by 255), logits and input gradients of the logit sum and of the predicted logit in float64; of some also `whole/NAME.pt`, the
network itself as `torch.save` pickles it. The seed of each network is the CRC-32 of its name.
"""

import copy
import functools
import pathlib
import sys
import tempfile
import zlib

import timm
import torch
import torchvision
import transformers
from safetensors.torch import load_file, save_file
from timm.layers import get_act_layer
from timm.models import convnext, deit, efficientnet as timm_efficientnet, mobilenetv3, regnet as timm_regnet, resnet as timm_resnet, swin_transformer, vision_transformer
from timm.models._efficientnet_builder import decode_arch_def
from torch import nn
from torchvision import models
from torchvision.models import swin_transformer as torchvision_swin
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.efficientnet import FusedMBConvConfig, MBConvConfig
from torchvision.models.mobilenetv3 import InvertedResidualConfig
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
            img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=4, mlp_ratio=2, num_classes=5), (3, 12, 12)),
    "vit-timm-registers": (
        lambda: vision_transformer.VisionTransformer(
            img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, num_classes=5, init_values=0.5,
            reg_tokens=2, no_embed_class=True, qkv_bias=False), (3, 12, 12)),
    "vit-timm-average": (
        lambda: vision_transformer.VisionTransformer(
            img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, num_classes=5, class_token=False,
            reg_tokens=2, global_pool="avg"), (3, 12, 12)),
    # As files have them in all versions, and as `state_dict()` has in version 5.
    "vit-transformers": (lambda: transformer(transformers.ViTForImageClassification, transformers.ViTConfig), (3, 12, 12)),
    "vit-transformers-in-memory": (lambda: transformer(transformers.ViTForImageClassification, transformers.ViTConfig), (3, 12, 12)),
    # With the head of the distillation, whose mean is taken, and without, where its token is not asked.
    "deit-transformers": (
        lambda: transformer(transformers.DeiTForImageClassificationWithTeacher, transformers.DeiTConfig), (3, 12, 12)),
    "deit-transformers-untaught": (
        lambda: transformer(transformers.DeiTForImageClassification, transformers.DeiTConfig), (3, 12, 12)),
    "convnext-transformers": (
        lambda: Logits(transformers.ConvNextForImageClassification(transformers.ConvNextConfig(
            hidden_sizes=[6, 8, 8, 10], depths=[1, 1, 2, 1], num_labels=5, layer_scale_init_value=0.5))), (3, 36, 40)),
    "convnextv2-transformers": (
        lambda: Logits(transformers.ConvNextV2ForImageClassification(transformers.ConvNextV2Config(
            hidden_sizes=[6, 8, 8, 10], depths=[1, 1, 2, 1], num_labels=5))), (3, 36, 40)),
    # Maps of 6 x 7, which are filled up, 3 x 4, and 2 x 2, of one window.
    "swin-torchvision": (
        lambda: models.SwinTransformer(
            patch_size=[4, 4], embed_dim=4, depths=[2, 2, 2], num_heads=[2, 2, 4], window_size=[2, 2], mlp_ratio=2,
            num_classes=5), (3, 24, 28)),
    # Windows of 3, shifted by 1, on maps of 6 x 7, 3 x 4, of one window and a filled one, and 2 x 2.
    "swinv2-torchvision": (
        lambda: models.SwinTransformer(
            patch_size=[4, 4], embed_dim=4, depths=[2, 2, 2], num_heads=[2, 2, 4], window_size=[3, 3], mlp_ratio=2,
            num_classes=5, block=torchvision_swin.SwinTransformerBlockV2, downsample_layer=torchvision_swin.PatchMergingV2),
        (3, 24, 28)),
    "swin-timm": (
        lambda: swin_transformer.SwinTransformer(
            img_size=24, patch_size=2, embed_dim=8, depths=(2, 2), num_heads=(2, 4), window_size=3, mlp_ratio=2,
            num_classes=5), (3, 24, 24)),
    "convnext-torchvision": (
        lambda: models.ConvNeXt(
            [CNBlockConfig(6, 8, 1), CNBlockConfig(8, 8, 1), CNBlockConfig(8, 10, 2), CNBlockConfig(10, None, 1)],
            num_classes=5), (3, 36, 40)),
    "convnext-timm": (
        lambda: convnext.ConvNeXt(depths=(1, 1, 2, 1), dims=(6, 8, 8, 10), num_classes=5, ls_init_value=0.5), (3, 32, 32)),
    "convnext-timm-convolutions": (
        lambda: convnext.ConvNeXt(
            depths=(1, 1, 1, 1), dims=(4, 4, 6, 6), num_classes=5, ls_init_value=0.5, conv_mlp=True), (3, 32, 32)),
    "convnextv2-timm": (
        lambda: convnext.ConvNeXt(
            depths=(1, 1, 2, 1), dims=(6, 8, 8, 10), num_classes=5, ls_init_value=None, use_grn=True), (3, 32, 32)),
    "convnextv2-timm-convolutions": (
        lambda: convnext.ConvNeXt(
            depths=(1, 1, 1, 1), dims=(4, 4, 6, 6), num_classes=5, ls_init_value=None, use_grn=True, conv_mlp=True), (3, 32, 32)),
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
    "efficientnetv2-torchvision": (lambda: efficientnet_v2([1, 2, 2, 3, 5, 8]), (3, 33, 34)),
    "mobilenetv3-torchvision": (lambda: models.MobileNetV3(mobilenetv3_small(), 12, num_classes=5), (3, 33, 34)),
    "resnext": (
        lambda: timm_resnet.ResNet(
            timm_resnet.Bottleneck, (3, 4, 6, 3), num_classes=5, cardinality=2, base_width=32, channels=(4, 4, 4, 4), stem_width=4),
        (3, 33, 34)),
    # Even and odd extents, on which TensorFlow pads otherwise.
    "efficientnet-timm": (lambda: timm_mobile(EFFICIENTNET, "silu"), (3, 33, 34)),
    "efficientnet-timm-tf": (lambda: timm_mobile(EFFICIENTNET, "silu", is_tensorflow=True), (3, 33, 34)),
    "efficientnetv2-timm-tf": (lambda: timm_mobile(EFFICIENTNET_V2, "silu", is_tensorflow=True), (3, 33, 34)),
    "mobilenetv2-timm": (lambda: timm_mobile(MOBILENET_V2, "relu6"), (3, 33, 34)),
    "mobilenetv3-timm": (
        lambda: mobilenetv3.MobileNetV3(
            decode_arch_def(MOBILENET_V3), num_classes=5, stem_size=4, fix_stem=True, num_features=12, round_chs_fn=round,
            act_layer=get_act_layer("hard_swish"), se_layer=functools.partial(
                timm_efficientnet.SqueezeExcite, gate_layer="hard_sigmoid", force_act_layer=nn.ReLU)), (3, 33, 34)),
    "densenet": (
        lambda: models.DenseNet(growth_rate=4, block_config=(2, 1, 2), num_init_features=6, bn_size=2, num_classes=5), (3, 34, 40)),
    "regnetx": (lambda: regnet(None), (3, 33, 34)),
    "regnety": (lambda: regnet(0.25), (3, 33, 34)),
    "regnety-timm": (
        lambda: timm_regnet.RegNet(
            timm_regnet.RegNetCfg(depth=5, w0=8, wa=6, wm=1.7, group_size=4, stem_width=6, se_ratio=0.25), num_classes=5),
        (3, 33, 34)),
}


class Logits(nn.Module):
    """A network of transformers as one from images to logits."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x).logits

    def file(self):
        """Its tensors as `save_pretrained` writes them, under names that are not those of `state_dict()`."""
        with tempfile.TemporaryDirectory() as folder:
            self.network.save_pretrained(folder)
            return load_file(pathlib.Path(folder) / "model.safetensors")


def transformer(model, configuration):
    return Logits(model(configuration(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24, image_size=12, patch_size=4, num_labels=5)))


# Saved whole too: classes of torchvision and timm that tell what tensors do not.
WHOLE = ("convnext-torchvision", "swin-torchvision", "swinv2-torchvision", "vit-timm", "convnextv2-timm", "efficientnet-timm-tf")

# What follows from a network's sizes, as it was computed.
COMPUTED = "relative_coords_table"

# timm's language: kind, repeats, kernel, stride, expansion, channels, squeeze and excitation.
EFFICIENTNET = [
    ["ds_r1_k3_s1_e1_c4_se0.25"], ["ir_r2_k3_s2_e2_c4_se0.25"], ["ir_r2_k5_s2_e2_c6_se0.25"], ["ir_r3_k3_s2_e2_c6_se0.25"],
    ["ir_r3_k5_s1_e2_c4_se0.25"], ["ir_r4_k5_s2_e2_c4_se0.25"], ["ir_r1_k3_s1_e2_c8_se0.25"]]
EFFICIENTNET_V2 = [
    ["cn_r1_k3_s1_e1_c4_skip"], ["er_r2_k3_s2_e2_c4"], ["er_r2_k3_s2_e2_c6"], ["ir_r3_k3_s2_e2_c6_se0.25"],
    ["ir_r5_k3_s1_e2_c4_se0.25"], ["ir_r8_k3_s2_e2_c4_se0.25"]]
MOBILENET_V2 = [
    ["ds_r1_k3_s1_c4"], ["ir_r2_k3_s2_e2_c4"], ["ir_r3_k3_s2_e2_c6"], ["ir_r4_k3_s2_e2_c6"], ["ir_r3_k3_s1_e2_c4"],
    ["ir_r3_k3_s2_e2_c4"], ["ir_r1_k3_s1_e2_c8"]]
MOBILENET_V3 = [
    ["ds_r1_k3_s2_e1_c4_se0.25_nre"], ["ir_r1_k3_s2_e2_c6_nre", "ir_r1_k3_s1_e3_c6_nre"],
    ["ir_r1_k5_s2_e2_c6_se0.25", "ir_r2_k5_s1_e3_c6_se0.25"], ["ir_r2_k5_s1_e2_c8_se0.25"], ["ir_r3_k5_s2_e2_c8_se0.25"],
    ["cn_r1_k1_s1_c12"]]


def timm_mobile(definition, activation, is_tensorflow=False):
    """As timm makes those without `tf_` in their names, or with."""
    norm = functools.partial(nn.BatchNorm2d, eps=1e-3) if is_tensorflow else nn.BatchNorm2d
    return timm_efficientnet.EfficientNet(
        decode_arch_def(definition), num_classes=5, stem_size=4, fix_stem=True, num_features=12, round_chs_fn=round,
        pad_type="same" if is_tensorflow else "", act_layer=get_act_layer(activation), norm_layer=norm)


def efficientnet_v2(depths):
    """torchvision's, with the paper's strides, slim."""
    widths, strides = (4, 4, 6, 6, 4, 4, 8), (1, 2, 2, 2, 1, 2)
    stages = []
    for stage, depth in enumerate(depths):
        kind = FusedMBConvConfig if stage < 3 else MBConvConfig
        config = kind(1 if stage == 0 else 2, 3, strides[stage], 8, 8, depth)
        # Channels are otherwise rounded to multiples of 8.
        config.input_channels, config.out_channels = widths[stage], widths[stage + 1]
        stages.append(config)
    return models.EfficientNet(
        stages, dropout=0, num_classes=5, norm_layer=functools.partial(nn.BatchNorm2d, eps=1e-3), last_channel=12)


def mobilenetv3_small():
    """Inputs, kernel, expansion, outputs, squeeze and excitation, activation, stride, dilation: the paper's table 2, slim."""
    rows = [
        (4, 3, 4, 4, True, "RE", 2), (4, 3, 8, 6, False, "RE", 2), (6, 3, 12, 6, False, "RE", 1), (6, 5, 12, 6, True, "HS", 2),
        (6, 5, 12, 6, True, "HS", 1), (6, 5, 12, 6, True, "HS", 1), (6, 5, 12, 8, True, "HS", 1), (8, 5, 16, 8, True, "HS", 1),
        (8, 5, 16, 8, True, "HS", 2), (8, 5, 16, 8, True, "HS", 1), (8, 5, 16, 8, True, "HS", 1)]
    configs = []
    for inputs, kernel, expanded, outputs, excited, activation, stride in rows:
        config = InvertedResidualConfig(8, kernel, 8, 8, excited, activation, stride, 1, 1)
        config.input_channels, config.expanded_channels, config.out_channels = inputs, expanded, outputs
        configs.append(config)
    return configs


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
        elif any(part in name for part in ("token", "pos_embed", "position_embeddings", "bias_table", "grn")):
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
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and not name.endswith(COMPUTED):
            tensor.copy_(tensor.half().float())
    return network.eval()


def main(names):
    for name in names or NETWORKS:
        make, shape = NETWORKS[name]
        torch.manual_seed(zlib.crc32(name.encode()))
        network = randomise(make(), shape)
        tensors = network.state_dict()
        if isinstance(network, Logits):
            tensors = network.network.state_dict() if name.endswith("-in-memory") else network.file()
        state = {
            key: (value if key.endswith(COMPUTED) else value.half()).contiguous() for key, value in tensors.items()
            if not key.endswith(("num_batches_tracked", "relative_position_index"))}
        save_file(state, HERE / f"{name}.safetensors")
        if name in WHOLE:
            (HERE / "whole").mkdir(exist_ok=True)
            torch.save(network, HERE / "whole" / f"{name}.pt")
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
            {"reference": f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}, timm {timm.__version__}, transformers {transformers.__version__}, "
             "float64"})


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
