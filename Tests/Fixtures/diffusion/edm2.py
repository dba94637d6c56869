"""A tiny network of EDM2 with random weights, as the trainer of NVlabs/edm2 pickles it, and its float64 results.

    python Tests/Fixtures/diffusion/edm2.py

Writes `edm2.pkl` and `edm2.json` beside itself. The file has the form of the published ones: a `dnnlib.util.EasyDict` with the network
under `ema`, float16 storages, modules as calls with a source text that nobody may execute. The network is written here from its description
(docs/diffusion.md). Made with Python 3.11, PyTorch 2.15.0, NumPy 2.4.6; keys of storages differ from run to run.
"""

import json
import math
import pathlib
import pickle
import sys
import types

import numpy
import torch
from torch import nn
from torch.nn import functional as f

HERE = pathlib.Path(__file__).parent
SIDE, CHANNELS, LABELS, WIDTHS, TOLD = 8, 3, 4, [4, 8], 8


def unit(x, axes):
    return x / (1e-4 + x.square().mean(axes, keepdim=True).sqrt())


def silu(x):
    return f.silu(x) / 0.596


def mixed(a, b, t):
    return ((1 - t) * a + t * b) / math.sqrt((1 - t) ** 2 + t**2)


class MPConv(nn.Module):
    def __init__(self, inputs, outputs, *window):
        super().__init__()
        self.out_channels = outputs
        self.weight = nn.Parameter(torch.randn(outputs, inputs, *window))

    def forward(self, x, gain=1):
        w = unit(self.weight, tuple(range(1, self.weight.ndim))) * gain / math.sqrt(self.weight[0].numel())
        return f.linear(x, w) if w.ndim == 2 else f.conv2d(x, w, padding=w.shape[-1] // 2)


class MPFourier(nn.Module):
    def __init__(self, count):
        super().__init__()
        self.register_buffer("freqs", 2 * math.pi * torch.randn(count))
        self.register_buffer("phases", 2 * math.pi * torch.rand(count))

    def forward(self, x):
        return (torch.outer(x, self.freqs) + self.phases).cos() * math.sqrt(2)


class Block(nn.Module):
    def __init__(self, inputs, outputs, flavor, mode="keep", heads=0, clip=256):
        super().__init__()
        self.out_channels, self.flavor, self.resample_filter, self.resample_mode = outputs, flavor, [1, 1], mode
        self.num_heads, self.dropout, self.res_balance, self.attn_balance, self.clip_act = heads, 0, 0.3, 0.25, clip
        self.emb_gain = nn.Parameter(torch.tensor(0.7))
        self.conv_res0 = MPConv(outputs if flavor == "enc" else inputs, outputs, 3, 3)
        self.emb_linear = MPConv(TOLD, outputs)
        self.conv_res1 = MPConv(outputs, outputs, 3, 3)
        self.conv_skip = MPConv(inputs, outputs, 1, 1) if inputs != outputs else None
        self.attn_qkv = MPConv(outputs, 3 * outputs, 1, 1) if heads else None
        self.attn_proj = MPConv(outputs, outputs, 1, 1) if heads else None

    def forward(self, x, told):
        if self.resample_mode == "down":
            x = f.avg_pool2d(x, 2)
        if self.resample_mode == "up":
            x = f.interpolate(x, scale_factor=2, mode="nearest")
        encodes = self.flavor == "enc"
        if encodes:
            x = unit(x if self.conv_skip is None else self.conv_skip(x), 1)
        factor = 1 + self.emb_linear(told, self.emb_gain)[:, :, None, None]
        y = self.conv_res1(silu(self.conv_res0(silu(x)) * factor))
        if not encodes and self.conv_skip is not None:
            x = self.conv_skip(x)
        x = mixed(x, y, self.res_balance)
        if self.num_heads:
            n, c, h, w = x.shape
            parts = unit(self.attn_qkv(x).reshape(n, self.num_heads, c // self.num_heads, 3, h * w), 2)
            q, k, v = parts.unbind(3)
            shares = torch.softmax(torch.einsum("nhcq,nhck->nhqk", q, k) / math.sqrt(c // self.num_heads), -1)
            y = torch.einsum("nhqk,nhck->nhcq", shares, v).reshape(n, c, h, w)
            x = mixed(x, self.attn_proj(y), self.attn_balance)
        return x if self.clip_act is None else x.clip(-self.clip_act, self.clip_act)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        (full, half), small, large = WIDTHS, f"{SIDE // 2}x{SIDE // 2}", f"{SIDE}x{SIDE}"
        self.label_balance, self.concat_balance = 0.4, 0.55
        self.out_gain = nn.Parameter(torch.tensor(0.9))
        self.emb_fourier, self.emb_noise, self.emb_label = MPFourier(full), MPConv(full, TOLD), MPConv(LABELS, TOLD)
        self.enc, self.dec = nn.ModuleDict(), nn.ModuleDict()
        self.enc[f"{large}_conv"] = MPConv(CHANNELS + 1, full, 3, 3)
        self.enc[f"{large}_block0"] = Block(full, full, "enc")
        self.enc[f"{small}_down"] = Block(full, full, "enc", "down")
        self.enc[f"{small}_block0"] = Block(full, half, "enc", heads=2)
        self.dec[f"{small}_in0"] = Block(half, half, "dec", heads=2, clip=None)
        # One that clips.
        self.dec[f"{small}_in1"] = Block(half, half, "dec", clip=0.75)
        self.dec[f"{small}_block0"] = Block(2 * half, half, "dec", heads=2)
        self.dec[f"{small}_block1"] = Block(half + full, half, "dec", heads=2)
        self.dec[f"{large}_up"] = Block(half, half, "dec", "up")
        self.dec[f"{large}_block0"] = Block(half + full, full, "dec")
        self.dec[f"{large}_block1"] = Block(2 * full, full, "dec")
        self.out_conv = MPConv(full, CHANNELS, 3, 3)

    def forward(self, x, noise, labels):
        told = self.emb_noise(self.emb_fourier(noise))
        told = silu(mixed(told, self.emb_label(labels * math.sqrt(LABELS)), self.label_balance))
        x, skips = torch.cat([x, torch.ones_like(x[:, :1])], 1), []
        for name, block in self.enc.items():
            x = block(x) if name.endswith("conv") else block(x, told)
            skips.append(x)
        for name, block in self.dec.items():
            if "block" in name:
                skip, t = skips.pop(), self.concat_balance
                c = math.sqrt((x.shape[1] + skip.shape[1]) / ((1 - t) ** 2 + t**2))
                x = torch.cat([c / math.sqrt(x.shape[1]) * (1 - t) * x, c / math.sqrt(skip.shape[1]) * t * skip], 1)
            x = block(x, told)
        return self.out_conv(x, self.out_gain)


class Precond(nn.Module):
    def __init__(self):
        super().__init__()
        self.img_resolution, self.img_channels, self.label_dim = SIDE, CHANNELS, LABELS
        self.use_fp16, self.sigma_data = True, 0.5
        self.unet = UNet()
        self.logvar_fourier, self.logvar_linear = MPFourier(4), MPConv(4, 1)

    def forward(self, x, sigma, labels):
        total = sigma**2 + self.sigma_data**2
        raw = self.unet(x / total.sqrt(), sigma.flatten().log() / 4, labels)
        return self.sigma_data**2 / total * x + sigma * self.sigma_data / total.sqrt() * raw


class StandardRGBEncoder:
    pass


def write(network, path):
    """As `torch_utils.persistence` does it: each object as one call with its class's name, a source text and its `__dict__`."""
    library = types.ModuleType("torch_utils.persistence")

    def _reconstruct_persistent_obj(meta):
        raise SystemExit("nobody should call this")

    _reconstruct_persistent_obj.__module__ = library.__name__
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    library._reconstruct_persistent_obj = _reconstruct_persistent_obj
    dnnlib = types.ModuleType("dnnlib.util")
    dnnlib.EasyDict = type("EasyDict", (dict,), {"__module__": "dnnlib.util"})
    sys.modules.update({"torch_utils": types.ModuleType("torch_utils"), library.__name__: library,
                        "dnnlib": types.ModuleType("dnnlib"), "dnnlib.util": dnnlib})
    own = (Precond, UNet, Block, MPConv, MPFourier, StandardRGBEncoder)
    source = "raise SystemExit('the source text in a pickle was executed')\n"

    class Pickler(pickle.Pickler):
        def reducer_override(self, value):
            if not isinstance(value, own):
                return NotImplemented
            meta = {"type": "class", "version": 6, "module_src": source, "class_name": type(value).__name__,
                    "state": dict(value.__dict__)}
            return _reconstruct_persistent_obj, (meta,)

    with open(path, "wb") as file:
        content = dnnlib.EasyDict(encoder=StandardRGBEncoder(), dataset_kwargs=dnnlib.EasyDict(resolution=SIDE), loss_fn=None)
        content["ema"] = network
        Pickler(file, protocol=4).dump(content)


def main():
    torch.manual_seed(0)
    network = Precond().eval().requires_grad_(False).half()
    write(network, HERE / "edm2.pkl")
    network = network.double()
    pixels = torch.rand(3, CHANNELS, SIDE, SIDE).double()
    pixels = pixels.float().double()
    sigma = torch.tensor([0.1, 0.5, 2.5]).double().reshape(-1, 1, 1, 1)
    classes = [2, 0, 3]
    rows = lambda x: [float(f"{number:.9g}") for number in x.flatten().tolist()]
    labels = f.one_hot(torch.tensor(classes), LABELS).double()
    x = 2 * pixels - 1
    content = {"imageShape": [CHANNELS, SIDE, SIDE], "pixels": rows(pixels), "sigmas": sigma.flatten().tolist(),
               "classes": classes, "denoised": rows(network(x, sigma, labels)),
               "unlabelled": rows(network(x, sigma, torch.zeros_like(labels)))}
    (HERE / "edm2.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
