#!/usr/bin/env python3
"""What --device computes, how exactly and how fast, in one run of less than ten minutes on a machine with the device.

Needs a built pags-bench (the archive of scripts/build-archive will do) and a Python that has PyTorch for the device, which also
runs this script. Nothing is installed or downloaded.

  python3 Benchmarks/device.py --binary PATH --device cuda
      [--models DIR --goldens DIR]   public checkpoints with the float64 logits and gradients of PyTorch (DIR/<name>.safetensors)
      [--batch 512] [--seconds 3] [--images 600] [--training-images 1280] [--limit 560] [--output FILE.json]

Checks end with `ok` or `FAILED`; exit status 1 where one failed. A speed is shown as a ratio to what PyTorch, or the paper's loop, reaches
in the same run, beside the ratio that is wanted on a GPU: `met` or `missed` judges the machine, too, and fails nothing. What there is no
time for, or what the machine lacks, is left out with a word.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
#: Medians of the relative error of an image that strict float32 stays below.
STRICT = {"logits": 1e-5, "gradient": 1e-4}


def read(path):
    """A safetensors file of float32 and int64 as tensors by name, and its metadata."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    kinds = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        part = bytearray(data[8 + length + begin:8 + length + end])
        tensors[name] = torch.frombuffer(part, dtype=kinds[entry["dtype"]]).reshape(entry["shape"]) if part else torch.empty(0)
    return tensors, metadata


def write(path, tensors):
    header, body = {}, b""
    for name, tensor in tensors.items():
        part = tensor.detach().cpu().float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(part)]}
        body += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + body)


class Missing(Exception):
    """Why something is left out."""


class BasicBlock(torch.nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        nn = torch.nn
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + self.shortcut(x))


class ResNet18(torch.nn.Module):
    """For small images, by the names that pags-bench recognises."""

    def __init__(self, channels=3):
        super().__init__()
        nn = torch.nn
        self.conv1, self.bn1 = nn.Conv2d(channels, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64)
        inputs = 64
        for index, width in enumerate((64, 128, 256, 512)):
            blocks = []
            for block in range(2):
                blocks.append(BasicBlock(inputs, width, 2 if index > 0 and block == 0 else 1))
                inputs = width
            setattr(self, f"layer{index + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(512, 10)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for index in range(4):
            x = getattr(self, f"layer{index + 1}")(x)
        return self.linear(x.mean((2, 3)))


class Run:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.report, self.failures = {}, []
        self.end = time.monotonic() + arguments.limit

    def left(self):
        """Seconds; what takes longer is stopped."""
        seconds = self.end - time.monotonic()
        if seconds < 1:
            raise Missing(f"the {self.arguments.limit:g} seconds of --limit are over")
        return seconds

    def start(self, *words, device=True, precision=None, **options):
        command = [self.arguments.binary, *map(str, words)]
        if device:
            command += ["--device", self.arguments.device]
            if precision:
                command += ["--device-precision", precision]
        environment = {**os.environ, "PAGS_BENCH_PYTHON": sys.executable, "OPENBLAS_NUM_THREADS": "1", "PAGS_BENCH_ROOT": str(ROOT)}
        return subprocess.Popen(command, text=True, env=environment, stderr=subprocess.PIPE, **options)

    def program(self, *words, **options):
        process = self.start(*words, stdout=subprocess.PIPE, **options)
        try:
            output, errors = process.communicate(timeout=self.left())
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Missing(f"{words[0]} was stopped: the {self.arguments.limit:g} seconds of --limit are over") from None
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, words))}\nended with {process.returncode}\n{output}{errors}")
        return output

    def say(self, name, value, passed=None):
        self.report[name] = value if passed is None else {"value": value, "passed": passed}
        if passed is False:
            self.failures.append(name)
        shown = value if isinstance(value, str) else json.dumps(value)
        print(f"{name:44} {shown}{'' if passed is None else '  ok' if passed else '  FAILED'}", flush=True)

    def ratio(self, name, value, wanted, **more):
        """How many times as fast, and how many times it should be on a GPU."""
        value = float(f"{value:.3g}")
        self.say(name, {"ratio": value, "wanted": wanted, "is": "met" if value >= wanted else "missed", **more})

    def part(self, name, body, *arguments):
        """What fails or is left out does not keep the rest from being measured."""
        try:
            return body(self, *arguments)
        except Missing as reason:
            self.say(name, f"left out: {reason}")
        except (RuntimeError, OSError, ValueError, KeyError) as problem:
            self.say(name, f"{type(problem).__name__}: {problem}", False)


def errors(got, expected):
    """The difference's norm over the norm, image by image: the median and the largest."""
    got, expected = got.double().flatten(1), expected.double().flatten(1)
    relative = ((got - expected).norm(dim=1) / expected.norm(dim=1)).tolist()
    return {"median": float(f"{statistics.median(relative):.3g}"), "largest": float(f"{max(relative):.3g}")}


def goldens(run):
    """Public checkpoints against PyTorch in float64."""
    found = sorted(pathlib.Path(run.arguments.goldens).glob("*.safetensors")) if run.arguments.goldens else []
    if not found:
        raise Missing("--goldens names no folder that has any")
    for golden in found:
        expected, metadata = read(golden)
        checkpoint = pathlib.Path(run.arguments.models) / metadata["model"]
        if not checkpoint.exists():
            run.say(f"{golden.stem}, float32", f"left out: {checkpoint} is not there")
            continue
        inputs, outputs = run.folder / "golden.safetensors", run.folder / "computed.safetensors"
        write(inputs, {"images": expected["images"]})
        normalisation = []
        if metadata["mean"].startswith("("):
            normalisation = ["--mean", metadata["mean"].strip("()"), "--std", metadata["std"].strip("()")]
        run.program("run", checkpoint, "--inputs", inputs, "--outputs", outputs, "--gradient", "logit-sum", *normalisation)
        computed, _ = read(outputs)
        result = {"logits": errors(computed["logits"], expected["logits"]),
                  "gradient": errors(computed["gradient"], expected["gradient_logit_sum"])}
        run.say(f"{golden.stem}, float32", result, all(result[name]["median"] <= limit for name, limit in STRICT.items()))


def network(run, channels=3):
    """ResNet-18 with weights of a fixed seed, as a checkpoint."""
    torch.manual_seed(0)
    module = ResNet18(channels).eval()
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    path = run.folder / f"resnet18-{channels}.pth"
    torch.save(module.state_dict(), path)
    return module, path


NORMALISATION = ["--mean", "0.4914,0.4822,0.4465", "--std", "0.2471,0.2435,0.2616"]


def exactness(run, module, path):
    """Against float64, twice, and with other numbers of images: an image's bytes depend on nothing else."""
    torch.manual_seed(1)
    images = torch.rand(20, 3, 32, 32)
    mean, std = (torch.tensor([float(x) for x in text.split(",")], dtype=torch.float64).reshape(1, 3, 1, 1)
                 for text in NORMALISATION[1::2])
    pixels = images.double().requires_grad_(True)
    logits = module.double()((pixels - mean) / std)
    logits.sum().backward()
    module.float()

    def computed(count, precision=None):
        inputs, outputs = run.folder / "images.safetensors", run.folder / "outputs.safetensors"
        write(inputs, {"images": images[:count]})
        run.program("run", path, "--inputs", inputs, "--outputs", outputs, "--gradient", "logit-sum", *NORMALISATION,
                    precision=precision)
        return read(outputs)[0], outputs.read_bytes()

    first, first_bytes = computed(20)
    again, again_bytes = computed(20)
    few, _ = computed(3)
    # tf32x3 has to be that exact, too; the other two are told.
    for precision, tensors in ((None, first), *((name, computed(20, name)[0]) for name in ("tf32x3", "tf32", "bf16"))):
        found = {"logits": errors(tensors["logits"], logits), "gradient": errors(tensors["gradient"], pixels.grad)}
        passed = all(found[name]["median"] <= limit for name, limit in STRICT.items())
        run.say(f"resnet18, {precision or 'float32'}", found, passed if precision in (None, "tf32x3") else None)
    run.say("the same run twice, byte by byte", "equal" if first_bytes == again_bytes else "different", first_bytes == again_bytes)
    same = all(torch.equal(few[name], first[name][:3]) for name in ("logits", "gradient"))
    run.say("3 images as among 20, bit by bit", "equal" if same else "different", same)


def synchronize(device):
    if device.type in ("cuda", "xpu", "mps"):
        getattr(torch, device.type).synchronize()


def torch_device(run):
    """PyTorch's, with rounding as strict as that of pags-bench."""
    kind, _, index = run.arguments.device.partition(":")
    name = {"cpu-torch": "cpu", "rocm": "cuda"}.get(kind, kind)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    if hasattr(torch.backends, "fp32_precision"):
        torch.backends.cuda.matmul.fp32_precision = torch.backends.cudnn.conv.fp32_precision = "ieee"
    else:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    if name == "cpu":
        torch.set_num_threads(1)
    return torch.device(name if name in ("cpu", "mps") else f"{name}:{index or 0}")


def eager(run, module):
    """Images a second of PyTorch itself, images coming from this process and numbers going back to it."""
    device = torch_device(run)
    module = module.to(device).requires_grad_(False)
    images = torch.rand(run.arguments.batch, 3, 32, 32)

    def forward():
        with torch.no_grad():
            module(images.to(device)).cpu()

    def gradient():
        pixels = images.to(device).requires_grad_(True)
        torch.autograd.grad(module(pixels).sum(), pixels)[0].cpu()

    def rate(body):
        body()
        synchronize(device)
        durations, end = [], time.perf_counter() + min(run.arguments.seconds, run.left())
        while not durations or time.perf_counter() < end:
            start = time.perf_counter()
            body()
            synchronize(device)
            durations.append(time.perf_counter() - start)
        return float(f"{run.arguments.batch / statistics.median(durations):.4g}")

    result = {"forward": rate(forward), "inputGradient": rate(gradient)}
    module.to("cpu")
    return result


def speed(run, module, path):
    """In turn, twice: a machine's speed varies."""
    for turn in (1, 2):
        theirs = eager(run, module)
        for precision, wanted in ((None, 1), ("tf32x3", 1.5)):
            shown = json.loads(run.program(
                "bench", path, "--batch", run.arguments.batch, "--seconds", run.arguments.seconds, "--threads", 2, "--json",
                *NORMALISATION, precision=precision))
            for key, what in (("forward", "forward"), ("inputGradient", "forward + input gradient")):
                ours = shown[key]["imagesPerSecond"]
                run.ratio(f"{what}, turn {turn}, {precision or 'float32'}", ours / theirs[key], wanted,
                          **{"pags-bench": ours, "PyTorch eager": theirs[key], "batch": shown["batch"]})


GLYPHS = (1, 20, 40)


def loop(run, module, count):
    """Seconds that the paper's measuring loop takes for an image: an orthonormal basis of its tangent space, the noise split in two, and
    nine passes of that image alone."""
    device = torch_device(run)
    module = module.to(device)
    spaces = torch.randn(count, 128, math.prod(GLYPHS))
    start = None
    with torch.no_grad():
        for index in range(-3, count):
            if index == 0:
                start = time.perf_counter()
            image = torch.rand(1, *GLYPHS)
            module(image.to(device)).cpu()
            noise = torch.randn(math.prod(GLYPHS))
            basis = torch.linalg.svd(spaces[index].T, full_matrices=False)[0].T
            tangent = (basis @ noise) @ basis
            for step in (4, 8, 16, 32):
                for direction in (tangent, noise - tangent):
                    moved = image + step * (direction / direction.norm()).reshape(1, *GLYPHS)
                    module(moved.to(device)).cpu()
            run.left()
    module.to("cpu")
    return (time.perf_counter() - start) / count


def evaluation_speed(run):
    """ResNet-18 on the built-in task, whole, against the loop, which measures sensitivities and nothing else."""
    module, path = network(run, GLYPHS[0])
    file = run.folder / "speed.json"
    start = time.perf_counter()
    run.program("evaluate", path, "--images", run.arguments.images, "--output", file, "--no-leaderboard", "--quiet", "--no-cache",
                "--batch", run.arguments.batch, "--mean", 0, "--std", 1)
    whole = time.perf_counter() - start
    measuring = json.loads(file.read_text())["provenance"]["elapsedSeconds"]
    count = min(run.arguments.images, 60)
    expected = loop(run, module, count) * run.arguments.images
    run.ratio("evaluation against the paper's loop", expected / measuring, 50, **{
        "images": run.arguments.images, "seconds": round(measuring, 2), "with start-up": round(whole, 2), "wanted with start-up": 8,
        "loop": round(expected, 1), "loop measured on": count})


def training(run):
    """ResNet-18 with the gradient norm: milliseconds of a step here and in PyTorch, after a first epoch."""
    count, batch = run.arguments.training_images, min(128, run.arguments.training_images)
    steps, folder = count // batch, run.folder / "trained"
    process = run.start("train", "--arch", "resnet18", "--objective", "gradient-norm", "--strength", 0.1, "--images", count, "--batch",
                        batch, "--epochs", 3, "--output", folder, stdout=subprocess.DEVNULL)
    ends, said = [], []
    stopper = threading.Timer(run.left(), process.kill)
    stopper.start()
    for line in process.stderr:
        said.append(line)
        if line.startswith("epoch "):
            ends.append(time.perf_counter())
    stopper.cancel()
    if process.wait() != 0 or len(ends) != 3:
        run.left()
        raise RuntimeError(f"train ended with {process.returncode}\n{''.join(said)}")
    ours = (ends[2] - ends[0]) / (2 * steps)

    device = torch_device(run)
    torch.manual_seed(0)
    module = ResNet18(GLYPHS[0]).to(device).train()
    images, labels = torch.rand(count, *GLYPHS), torch.randint(0, 10, (count,))
    optimizer = torch.optim.Adam(module.parameters(), lr=4e-3)

    def epoch():
        order = torch.randperm(count)
        for step in range(steps):
            chosen = order[step * batch:(step + 1) * batch]
            x, y = images[chosen].to(device).requires_grad_(True), labels[chosen].to(device)
            total = torch.nn.functional.cross_entropy(module(x), y, reduction="sum")
            gradient, = torch.autograd.grad(total, x, create_graph=True)
            loss = total / batch + 0.1 * gradient.pow(2).sum() / batch
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 5.0)
            optimizer.step()
            loss.item()
            run.left()

    epoch()
    synchronize(device)
    start = time.perf_counter()
    for _ in range(2):
        epoch()
    synchronize(device)
    theirs = (time.perf_counter() - start) / (2 * steps)
    run.ratio("training with gradient norm", theirs / ours, 1, **{
        "milliseconds a step": round(ours * 1000, 1), "PyTorch": round(theirs * 1000, 1), "batch": batch})


def evaluation(run):
    """A whole evaluation with the device and without it: the same label, the same numbers but for rounding, and how long."""
    checkpoint = run.arguments.evaluate or ROOT / "models/glyphs-cnn-randomized-smoothing-0.5/model.ckpt"
    if not pathlib.Path(checkpoint).exists():
        raise Missing(f"{checkpoint} is not there")
    results, seconds = {}, {}
    for name, device in (("processor", False), ("device", True)):
        file = run.folder / f"{name}.json"
        start = time.perf_counter()
        run.program("evaluate", checkpoint, "--images", run.arguments.images, "--output", file, "--no-leaderboard", "--quiet",
                    "--no-cache", device=device)
        seconds[name] = round(time.perf_counter() - start, 2)
        results[name] = json.loads(file.read_text())
    run.say("seconds of an evaluation", {
        **seconds, "device without start-up": results["device"]["provenance"]["elapsedSeconds"], "images": run.arguments.images})
    excess, place = difference(*({key: value for key, value in results[name].items() if key != "provenance"}
                                  for name in ("processor", "device")))
    run.say("largest difference of a result, in tolerances", {"value": float(f"{excess:.3g}"), "at": place},
            excess <= 1 if run.arguments.images >= 300 else None)
    labels = [results[name]["regime"]["label"] for name in results]
    run.say("regimes", labels, labels[0] == labels[1])
    run.say("provenance", results["device"]["provenance"].get("device"), "device" in results["device"]["provenance"])


def difference(left, right, path=""):
    """Of all numbers of two results, the largest difference in units of the tolerance, 1e-5 and 2e-5 of the number, and where it is:
    of a few hundred images the processor's own numbers are that far from float64 (docs/devices.md)."""
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        found = [difference(left[key], right[key], f"{path}.{key}") for key in left]
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        found = [difference(one, other, f"{path}[{index}]") for index, (one, other) in enumerate(zip(left, right))]
    elif isinstance(left, float) and isinstance(right, (int, float)) or isinstance(right, float) and isinstance(left, int):
        found = [(abs(left - right) / (1e-5 + 2e-5 * abs(left)), path)]
    else:
        found = [(0.0 if left == right else float("inf"), path)]
    return max(found, default=(0.0, path))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / "pags-bench"))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--models", default="")
    parser.add_argument("--goldens", default="")
    parser.add_argument("--evaluate", default="", help="a checkpoint of the built-in task")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement of speed")
    parser.add_argument("--images", type=int, default=600, help="of an evaluation")
    parser.add_argument("--training-images", type=int, default=1280)
    parser.add_argument("--limit", type=float, default=560, help="seconds that all of it may take")
    parser.add_argument("--output", default="")
    arguments = parser.parse_args()
    arguments.binary = str(pathlib.Path(arguments.binary).resolve())
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments, pathlib.Path(folder))
        for device in json.loads(run.program("devices", "--json", device=False))["devices"]:
            run.say(f"device {device['name']}", device.get("problem") or f"{device['hardware']}, driver {device.get('driver')}")
        module, path = network(run)
        run.part("exactness", exactness, module, path)
        run.part("speed", speed, module, path)
        run.part("evaluation", evaluation)
        run.part("speed of an evaluation", evaluation_speed)
        run.part("training", training)
        run.part("goldens", goldens)
        run.say("seconds of all of this", round(time.perf_counter() - start))
        if arguments.output:
            pathlib.Path(arguments.output).write_text(json.dumps(run.report, indent=2) + "\n")
        if run.failures:
            sys.exit(f"{len(run.failures)} failed: {', '.join(run.failures)}")


main()
