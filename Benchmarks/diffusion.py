#!/usr/bin/env python3
"""Seconds an image of a diffusion model's score, here and in PyTorch, on a network of the published size with random weights.

Builds the network of `edm-cifar10-32x32-uncond-vp.pkl` (55.7 M parameters; --network adm64: that of
`edm-imagenet-64x64-cond-adm.pkl`, 296 M), writes it as the trainer of NVlabs/edm writes a snapshot, and computes the score of the
same images with `pags-bench run --score edm=FILE` and with PyTorch, in turn. The network is written here from its description in
docs/diffusion.md and the paper; no file of NVIDIA's is needed.

  Benchmarks/diffusion.py [--network ddpmpp] [--images 64] [--threads 1] [--rounds 3] [--binary PATH] [--work DIR] [--load]

Needs PyTorch and numpy. Prints processor seconds an image of both, peak memory of either (PyTorch's of a process that computes the scores of
as many images as go through the network together here, and nothing else), and the largest difference of the two scores over the largest value. Seconds are of the images after the first, whose run pays for reading the file; PyTorch's pass over all images has nothing to read.
With --load it prints only what loading takes, by itself, from the start of the program until the network could be run: it is asked for a class
that the network does not know, which it says when everything has been read and prepared.
"""
import argparse
import io
import json
import math
import pathlib
import pickle
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import types

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOISE = 0.25
CONFIGURATIONS = {
    "ddpmpp": dict(kind="song", resolution=32, width=128, levels=[2, 2, 2], blocks=4, attention=[16], labels=0),
    "adm64": dict(kind="adm", resolution=64, width=192, levels=[1, 2, 3, 4], blocks=3, attention=[32, 16, 8], labels=1000),
}


class Linear(nn.Module):
    def __init__(self, inputs, outputs, bias=True):
        super().__init__()
        self.in_features, self.out_features = inputs, outputs
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / math.sqrt(inputs))
        self.bias = nn.Parameter(0.1 * torch.randn(outputs)) if bias else None

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class GroupNorm(nn.Module):
    def __init__(self, channels, eps):
        super().__init__()
        self.num_groups, self.eps = min(32, channels // 4), eps
        self.weight = nn.Parameter(1 + 0.1 * torch.randn(channels))
        self.bias = nn.Parameter(0.1 * torch.randn(channels))

    def forward(self, x):
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


class Conv2d(nn.Module):
    """With the filter [1, 1]: halving is a mean of four pixels, doubling repeats them."""

    def __init__(self, inputs, outputs, window, up=False, down=False):
        super().__init__()
        self.in_channels, self.out_channels, self.up, self.down, self.fused_resample = inputs, outputs, up, down, False
        scale = 1 / math.sqrt(inputs * max(1, window) ** 2)
        self.weight = nn.Parameter(scale * torch.randn(outputs, inputs, window, window)) if window else None
        self.bias = nn.Parameter(0.1 * torch.randn(outputs)) if window else None
        self.register_buffer("resample_filter", torch.full([1, 1, 2, 2], 0.25) if up or down else None)

    def forward(self, x):
        if self.up:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        if self.down:
            x = F.avg_pool2d(x, 2)
        return x if self.weight is None else F.conv2d(x, self.weight, self.bias, padding=self.weight.shape[-1] // 2)


class UNetBlock(nn.Module):
    def __init__(self, inputs, outputs, told, song, heads=0, up=False, down=False):
        super().__init__()
        eps = 1e-6 if song else 1e-5
        self.in_channels, self.out_channels, self.emb_channels = inputs, outputs, told
        self.num_heads, self.dropout, self.adaptive_scale = heads, 0.1, not song
        self.skip_scale = np.sqrt(0.5) if song else 1
        self.norm0 = GroupNorm(inputs, eps)
        self.conv0 = Conv2d(inputs, outputs, 3, up, down)
        self.affine = Linear(told, outputs if song else 2 * outputs)
        self.norm1 = GroupNorm(outputs, eps)
        self.conv1 = Conv2d(outputs, outputs, 3)
        window = 1 if inputs != outputs or song else 0
        self.skip = Conv2d(inputs, outputs, window, up, down) if inputs != outputs or up or down else None
        if heads:
            self.norm2 = GroupNorm(outputs, eps)
            self.qkv = Conv2d(outputs, 3 * outputs, 1)
            self.proj = Conv2d(outputs, outputs, 1)

    def forward(self, x, told):
        y = self.conv0(F.silu(self.norm0(x)))
        row = self.affine(told)[:, :, None, None]
        if self.adaptive_scale:
            scale, shift = row.chunk(2, 1)
            y = self.norm1(y) * (1 + scale) + shift
        else:
            y = self.norm1(y + row)
        x = (self.conv1(F.silu(y)) + (x if self.skip is None else self.skip(x))) * float(self.skip_scale)
        if self.num_heads:
            n, c, h, w = x.shape
            q, k, v = self.qkv(self.norm2(x)).reshape(n, self.num_heads, c // self.num_heads, 3, h * w).unbind(3)
            weights = torch.softmax(q.transpose(2, 3) @ k / math.sqrt(c // self.num_heads), -1)
            attended = (v @ weights.transpose(2, 3)).reshape(n, c, h, w)
            x = (self.proj(attended) + x) * float(self.skip_scale)
        return x


class PositionalEmbedding(nn.Module):
    def __init__(self, width, song):
        super().__init__()
        self.num_channels, self.max_positions, self.endpoint = width, 10000, song

    def forward(self, noise):
        half = self.num_channels // 2
        angles = noise[:, None] * 1e-4 ** (torch.arange(half) / (half - int(self.endpoint)))
        pair = [angles.sin(), angles.cos()] if self.endpoint else [angles.cos(), angles.sin()]
        return torch.cat(pair, 1)


class UNet(nn.Module):
    """Becomes SongUNet or DhariwalUNet by the name that it is pickled under."""

    def __init__(self, kind, resolution, width, levels, blocks, attention, labels):
        super().__init__()
        song, told = kind == "song", 4 * width
        self.label_dropout = 0
        self.map_noise = PositionalEmbedding(width, song)
        self.map_layer0, self.map_layer1 = Linear(width, told), Linear(told, told)
        self.map_label = Linear(labels, told, bias=False) if labels else None
        self.map_augment = Linear(9, width, bias=False) if song else None
        heads = lambda channels: 1 if song else channels // 64
        self.enc, self.dec = nn.ModuleDict(), nn.ModuleDict()
        current, skips = 3, []
        for level, multiple in enumerate(levels):
            size = resolution >> level
            if level:
                self.enc[f"{size}x{size}_down"] = UNetBlock(current, current, told, song, down=True)
            else:
                self.enc[f"{size}x{size}_conv"] = Conv2d(3, width, 3)
                current = width
            skips.append(current)
            for number in range(blocks):
                wide = width * multiple
                count = heads(wide) if size in attention else 0
                self.enc[f"{size}x{size}_block{number}"] = UNetBlock(current, wide, told, song, count)
                current = wide
                skips.append(current)
        for level, multiple in reversed(list(enumerate(levels))):
            size = resolution >> level
            if level == len(levels) - 1:
                self.dec[f"{size}x{size}_in0"] = UNetBlock(current, current, told, song, heads(current))
                self.dec[f"{size}x{size}_in1"] = UNetBlock(current, current, told, song)
            else:
                self.dec[f"{size}x{size}_up"] = UNetBlock(current, current, told, song, up=True)
            for number in range(blocks + 1):
                wide, joined = width * multiple, current + skips.pop()
                attends = size in attention and (number == blocks or not song)
                self.dec[f"{size}x{size}_block{number}"] = UNetBlock(joined, wide, told, song, heads(wide) if attends else 0)
                current = wide
        if song:
            self.dec[f"{resolution}x{resolution}_aux_norm"] = GroupNorm(current, 1e-6)
            self.dec[f"{resolution}x{resolution}_aux_conv"] = Conv2d(current, 3, 3)
        else:
            self.out_norm, self.out_conv = GroupNorm(current, 1e-5), Conv2d(current, 3, 3)

    def forward(self, x, noise, labels):
        told = self.map_layer1(F.silu(self.map_layer0(self.map_noise(noise))))
        if self.map_label is not None:
            told = told + self.map_label(labels)
        told, skips, last = F.silu(told), [], []
        for block in self.enc.values():
            x = block(x, told) if isinstance(block, UNetBlock) else block(x)
            skips.append(x)
        for block in self.dec.values():
            if isinstance(block, UNetBlock):
                x = block(torch.cat([x, skips.pop()], 1) if block.in_channels != x.shape[1] else x, told)
            else:
                last.append(block)
        norm, conv = last or (self.out_norm, self.out_conv)
        return conv(F.silu(norm(x)))


class EDMPrecond(nn.Module):
    def __init__(self, configuration):
        super().__init__()
        self.img_resolution, self.img_channels = configuration["resolution"], 3
        self.label_dim, self.use_fp16 = configuration["labels"], False
        self.sigma_min, self.sigma_max, self.sigma_data = 0, float("inf"), 0.5
        self.model = UNet(**configuration)

    def forward(self, x, sigma, labels=None):
        total = sigma**2 + self.sigma_data**2
        noise = torch.full([x.shape[0]], math.log(sigma) / 4)
        raw = self.model(x / math.sqrt(total), noise, labels)
        return self.sigma_data**2 / total * x + sigma * self.sigma_data / math.sqrt(total) * raw


def write(network, path, kind):
    """As `torch_utils.persistence` does it: each module as one call with its class's name, a source text and its `__dict__`."""
    library = types.ModuleType("torch_utils.persistence")

    def _reconstruct_persistent_obj(meta):
        raise SystemExit("nobody should call this")

    _reconstruct_persistent_obj.__module__ = library.__name__
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    library._reconstruct_persistent_obj = _reconstruct_persistent_obj
    sys.modules["torch_utils"] = types.ModuleType("torch_utils")
    sys.modules[library.__name__] = library
    own = (EDMPrecond, UNet, UNetBlock, Conv2d, Linear, GroupNorm, PositionalEmbedding)
    source = "# the text of training/networks.py stands here\n" * 750

    class Pickler(pickle.Pickler):
        def reducer_override(self, value):
            if not isinstance(value, own):
                return NotImplemented
            name = type(value).__name__
            if name == "UNet":
                name = "SongUNet" if kind == "song" else "DhariwalUNet"
            state = dict(value.__dict__)
            meta = {"type": "class", "version": 6, "module_src": source, "class_name": name, "state": state}
            return _reconstruct_persistent_obj, (meta,)

    with open(path, "wb") as file:
        Pickler(file, protocol=4).dump({"ema": network, "dataset_kwargs": {"resolution": network.img_resolution}})


def write_images(images, path):
    data = images.numpy().astype("<f4").tobytes()
    header = json.dumps({"images": {"dtype": "F32", "shape": list(images.shape), "data_offsets": [0, len(data)]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def read_score(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8 : 8 + length])["score"]
    start, end = entry["data_offsets"]
    return np.frombuffer(data[8 + length + start : 8 + length + end], "<f4").reshape(entry["shape"])


def command(binary, snapshot, folder, threads, *more):
    return [str(binary), "run", "--score", f"edm={snapshot}", "--noise", str(NOISE), "--threads", str(threads),
            "--inputs", str(folder / "in.safetensors"), "--outputs", str(folder / "out.safetensors"), *more]


def load(binary, snapshot, folder, threads):
    """Wall seconds and processor seconds of loading."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    done = subprocess.run(command(binary, snapshot, folder, threads, "--classes", "1000"), capture_output=True, text=True)
    seconds, after = time.time() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if "classes" not in done.stderr or not done.returncode:
        sys.exit(f"expected to be told about the class, got: {done.stderr}")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(binary, snapshot, folder, images, threads):
    """Processor seconds, peak memory in bytes and the score."""
    write_images(images, folder / "in.safetensors")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Of the time command, so that memory is this child's and not the largest of all.
    done = subprocess.run(
        [sys.executable, "-c", "import resource,subprocess,sys\nr=subprocess.run(sys.argv[1:]).returncode\n"
         "print('peak',resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=sys.stderr)\nsys.exit(r)", *command(binary, snapshot, folder, threads)],
        capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(done.stderr.rsplit("peak", 1)[1]) * 1024, read_score(folder / "out.safetensors")


def score(network, images, configuration):
    x, sigma = 2 * images - 1, 2 * NOISE
    labels = torch.zeros(len(images), configuration["labels"]) if configuration["labels"] else None
    return 2 * (network(x, sigma, labels) - x) / sigma**2


def random_images(count, configuration):
    return torch.rand(count, 3, configuration["resolution"], configuration["resolution"])


# Images that go through the network together here (docs/performance.md).
TOGETHER = 16


def pytorch_peak(options, configuration, network):
    """This process's peak of memory, in bytes, once it has computed the scores by passes."""
    for images in random_images(options.images, configuration).split(TOGETHER):
        score(network, images, configuration)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=CONFIGURATIONS, default="ddpmpp")
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "pags-bench")
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--load", action="store_true")
    parser.add_argument("--pytorch-peak", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    configuration = CONFIGURATIONS[options.network]
    network = EDMPrecond(configuration).eval().requires_grad_(False)
    if options.pytorch_peak:
        print(pytorch_peak(options, configuration, network))
        return
    if options.work:
        options.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.work) as name:
        folder = pathlib.Path(name)
        snapshot = folder / "network.pkl"
        write(network, snapshot, configuration["kind"])
        count = sum(parameter.numel() for parameter in network.parameters())
        print(f"{options.network}: {count} parameters, {snapshot.stat().st_size} bytes")
        images = random_images(options.images, configuration)
        if options.load:
            write_images(images[:1], folder / "in.safetensors")
            for number in range(options.rounds):
                wall, processor = load(options.binary, snapshot, folder, options.threads)
                print(f"round {number}: loaded in {wall:.2f} s, {processor:.2f} s of processor time")
            return
        ours, theirs = [], []
        peer = [sys.executable, __file__, "--pytorch-peak", "--network", options.network, "--images", str(options.images), "--threads", str(options.threads)]
        peer_peak = int(subprocess.run(peer, capture_output=True, text=True, check=True).stdout)
        for number in range(options.rounds):
            one, _, _ = run(options.binary, snapshot, folder, images[:1], options.threads)
            all_, peak, found = run(options.binary, snapshot, folder, images, options.threads)
            # Without reading the file, which PyTorch's side does not either, and the first image.
            seconds = (all_ - one) / (options.images - 1)
            start = time.process_time()
            wanted = score(network, images, configuration).numpy()
            torch_seconds = (time.process_time() - start) / len(images)
            error = np.abs(found - wanted).max() / np.abs(wanted).max()
            print(f"round {number}: ours {all_:.2f} s in all, {seconds:.3f} s an image after the first, which takes {one:.2f} s, "
                  f"peak {peak / 2**20:.0f} MiB; PyTorch {torch_seconds:.3f} s an image, peak {peer_peak / 2**20:.0f} MiB, {torch_seconds / seconds:.2f} times; "
                  f"difference {error:.1e}")
            ours.append(seconds)
            theirs.append(torch_seconds)
        ratios = sorted(b / a for a, b in zip(ours, theirs))
        print(f"medians: ours {statistics.median(ours):.3f}, PyTorch {statistics.median(theirs):.3f} s an image; "
              f"{statistics.median(ratios):.2f} times ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
