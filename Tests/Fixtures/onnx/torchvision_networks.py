#!/usr/bin/env python3
"""Exports torchvision's networks with random weights, or saves their state dicts, and compares `pags-bench run` with PyTorch.

    python3 -m venv env && env/bin/pip install torch==2.5.1 torchvision==0.20.1 timm onnx==1.23.2 safetensors
    env/bin/python Tests/Fixtures/onnx/torchvision_networks.py --binary .build/release/pags-bench [--state-dict] [NAME ...]

The exports (up to 550 MB) go to a temporary folder, or to --folder. References are PyTorch's in float64. The criteria are those
of the checkpoints: logits within 1e-4 + 1e-4 |logit|, the median image's gradient within 1e-4 relative (or within twice what
PyTorch's own float32 is off: among the ten million rectifiers of a VGG at 224 pixels some are so near 0 that float32 switches
them the other way), every image's cosine above 0.999. Ends with 1 where a network misses them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import torchvision
from safetensors.numpy import load_file, save_file

# Name, opset, image size. 64 pixels keep the reference quick; the two others are made for their size.
NETWORKS = {
    "resnet18": (9, 64), "resnet50": (13, 64), "vgg16_bn": (11, 224), "densenet121": (12, 64), "mobilenet_v2": (10, 64),
    "efficientnet_b0": (15, 64), "efficientnet_b5": (15, 64), "convnext_tiny": (17, 64), "vit_b_16": (18, 224),
    "regnet_x_400mf": (17, 64), "regnet_y_400mf": (17, 64), "efficientnet_b1": (15, 64), "efficientnet_v2_s": (15, 64),
    "mobilenet_v3_large": (15, 64), "swin_t": (17, 224),
    # timm's, whose state dicts have other names.
    "timm/vit_tiny_patch16_224": (18, 224), "timm/deit_tiny_distilled_patch16_224": (18, 224),
    "timm/convnext_atto": (17, 64), "timm/densenet121": (12, 64), "timm/convnextv2_atto": (17, 64),
    "timm/swin_tiny_patch4_window7_224": (17, 224), "timm/efficientnet_b0": (15, 64), "timm/tf_efficientnet_b0": (15, 64),
    "timm/tf_efficientnetv2_b0": (15, 64), "timm/mobilenetv2_100": (15, 64), "timm/mobilenetv3_large_100": (15, 64),
    "timm/regnety_002": (17, 64), "timm/vit_tiny_patch16_224.reg4": (18, 224),
}
# What no tensor tells: how convolutions pad.
ARCHITECTURES = {
    "timm/efficientnet_b0": "efficientnet-b0", "timm/tf_efficientnet_b0": "efficientnet-b0-tf",
    "timm/tf_efficientnetv2_b0": "efficientnetv2-b0-tf", "timm/mobilenetv3_large_100": "mobilenetv3-large"}


def make(name):
    if name.startswith("timm/"):
        import timm

        if name.endswith(".reg4"):
            return timm.create_model(name.removeprefix("timm/").removesuffix(".reg4"), reg_tokens=4, no_embed_class=True)
        return timm.create_model(name.removeprefix("timm/"))
    return getattr(torchvision.models, name)(weights=None)


@torch.no_grad()
def randomise(model):
    """Running statistics and scales as after training: an untrained network's gradient vanishes in places."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
        elif name.endswith("running_mean"):
            tensor.copy_(0.1 * torch.randn(tensor.shape, generator=generator))
        elif name.endswith(("layer_scale", ".gamma")):
            tensor.fill_(0.3)
        elif "mlp.grn." in name:
            tensor.copy_(0.3 * torch.randn(tensor.shape, generator=generator))
        elif name.endswith("bias_table"):
            tensor.copy_(0.5 * torch.randn(tensor.shape, generator=generator))
        elif name in ("class_token", "cls_token", "dist_token", "reg_token", "pos_embed") or name.endswith("head.weight"):
            tensor.copy_(0.05 * torch.randn(tensor.shape, generator=generator))
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--folder")
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--state-dict", action="store_true", help="save the state dict, to be recognised, in place of ONNX")
    parser.add_argument("names", nargs="*", default=[])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or scratch
        for name in options.names or NETWORKS:
            opset, size = NETWORKS[name]
            torch.manual_seed(0)
            model = randomise(make(name))
            path = os.path.join(folder, name.replace("/", "-") + (".pth" if options.state_dict else ".onnx"))
            if options.state_dict:
                torch.save(model.state_dict(), path)
            elif not os.path.exists(path):
                torch.onnx.export(
                    model, (torch.rand(1, 3, size, size),), path, opset_version=opset, dynamo=False,
                    input_names=["images"], output_names=["logits"], dynamic_axes={"images": {0: "n"}, "logits": {0: "n"}})
            count = options.images
            images = torch.rand((count, 3, size, size), generator=torch.Generator().manual_seed(1))
            save_file({"images": images.numpy()}, os.path.join(scratch, "images.safetensors"))
            start = time.time()
            result = subprocess.run(
                [options.binary, "run", path, "--inputs", os.path.join(scratch, "images.safetensors"), "--outputs",
                 os.path.join(scratch, "out.safetensors"), "--gradient", "logit-sum", "--threads", str(options.threads),
                 *(["--arch", ARCHITECTURES[name]] if options.state_dict and name in ARCHITECTURES else [])],
                capture_output=True, text=True)
            elapsed = time.time() - start
            if result.returncode:
                print(f"{name}: FAIL {result.stderr.strip()}")
                failed = True
                continue
            got = load_file(os.path.join(scratch, "out.safetensors"))
            logits, gradients = [], []

            def slopes(network, batch):
                x = batch.clone().requires_grad_()
                (gradient,) = torch.autograd.grad(network(x).sum(), x)
                return gradient.double().reshape(len(batch), -1).numpy()

            single = np.concatenate([slopes(model, image[None]) for image in images])
            double = model.double()
            for image in images.double():
                x = image[None].requires_grad_()
                y = double(x)
                (gradient,) = torch.autograd.grad(y.sum(), x)
                logits.append(y.detach().numpy()), gradients.append(gradient.numpy())
            want, slope = np.concatenate(logits), np.concatenate(gradients).reshape(count, -1)
            error = (np.abs(got["logits"] - want) / (1e-4 + 1e-4 * np.abs(want))).max()
            gradient = got["gradient"].reshape(count, -1).astype(np.float64)
            distance = np.linalg.norm(gradient - slope, axis=1) / np.linalg.norm(slope, axis=1)
            cosine = (gradient * slope).sum(1) / np.linalg.norm(gradient, axis=1) / np.linalg.norm(slope, axis=1)
            own = np.median(np.linalg.norm(single - slope, axis=1) / np.linalg.norm(slope, axis=1))
            passed = error < 1 and np.median(distance) < max(1e-4, 2 * own) and cosine.min() > 0.999
            failed |= not passed
            print(
                f"{name} ({'state dict' if options.state_dict else f'opset {opset}'}): {'pass' if passed else 'FAIL'}, logits {error:.3f} of the tolerance (largest "
                f"{np.abs(want).max():.2f}), gradients median {np.median(distance):.1e} (PyTorch's float32 {own:.1e}), cosine at least {cosine.min():.7f}, "
                f"{elapsed:.1f} s for {count} images", flush=True)
    sys.exit(failed)


main()
