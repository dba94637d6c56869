#!/usr/bin/env python3
"""What --device computes, how exactly and how fast, in one run of less than ten minutes on a machine with the device.

Needs a built pags-bench (the archive of scripts/build-archive will do) and a Python that has PyTorch for the device, which also
runs this script. Nothing is installed or downloaded.

  python3 Benchmarks/device.py --binary PATH --device cuda
      [--models DIR --goldens DIR]   public checkpoints with the float64 logits and gradients of PyTorch (DIR/<name>.safetensors)
      [--batch 512] [--seconds 5] [--images 600] [--output FILE.json]

Checks end with `ok` or `FAILED`; exit status 1 where one failed. Speeds are told, not judged: PyTorch's own is measured in the same run.
"""
import argparse
import json
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
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
    """For CIFAR-10, by the names that pags-bench recognises."""

    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64)
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

    def program(self, *words, device=True, precision=None, check=True):
        command = [self.arguments.binary, *map(str, words)]
        if device:
            command += ["--device", self.arguments.device]
            if precision:
                command += ["--device-precision", precision]
        environment = {**os.environ, "PAGS_BENCH_PYTHON": sys.executable, "OPENBLAS_NUM_THREADS": "1", "PAGS_BENCH_ROOT": str(ROOT)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def say(self, name, value, passed=None):
        self.report[name] = value if passed is None else {"value": value, "passed": passed}
        if passed is False:
            self.failures.append(name)
        shown = value if isinstance(value, str) else json.dumps(value)
        print(f"{name:44} {shown}{'' if passed is None else '  ok' if passed else '  FAILED'}", flush=True)


def errors(got, expected):
    """The difference's norm over the norm, image by image: the median and the largest."""
    got, expected = got.double().flatten(1), expected.double().flatten(1)
    relative = ((got - expected).norm(dim=1) / expected.norm(dim=1)).tolist()
    return {"median": float(f"{statistics.median(relative):.3g}"), "largest": float(f"{max(relative):.3g}")}


def goldens(run):
    """Public checkpoints against PyTorch in float64, strictly and with shorter operands."""
    folder = run.arguments.goldens
    for golden in sorted(pathlib.Path(folder).glob("*.safetensors")) if folder else []:
        expected, metadata = read(golden)
        checkpoint = pathlib.Path(run.arguments.models) / metadata["model"]
        inputs, outputs = run.folder / "golden.safetensors", run.folder / "computed.safetensors"
        write(inputs, {"images": expected["images"]})
        normalisation = []
        if metadata["mean"].startswith("("):
            normalisation = ["--mean", metadata["mean"].strip("()"), "--std", metadata["std"].strip("()")]
        for precision in (None, "tf32x3", "tf32"):
            run.program("run", checkpoint, "--inputs", inputs, "--outputs", outputs, "--gradient", "logit-sum", *normalisation,
                        precision=precision)
            computed, _ = read(outputs)
            found = {"logits": errors(computed["logits"], expected["logits"]),
                     "gradient": errors(computed["gradient"], expected["gradient_logit_sum"])}
            passed = all(found[name]["median"] <= limit for name, limit in STRICT.items()) if precision is None else None
            run.say(f"{golden.stem}, {precision or 'float32'}", found, passed)


def network(run):
    """ResNet-18 with weights of a fixed seed, as a checkpoint."""
    torch.manual_seed(0)
    module = ResNet18().eval()
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    path = run.folder / "resnet18.pth"
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
    for precision, tensors in ((None, first), *((name, computed(20, name)[0]) for name in ("tf32x3", "tf32", "bf16"))):
        found = {"logits": errors(tensors["logits"], logits), "gradient": errors(tensors["gradient"], pixels.grad)}
        passed = all(found[name]["median"] <= limit for name, limit in STRICT.items()) if precision is None else None
        run.say(f"resnet18, {precision or 'float32'}", found, passed)
    run.say("the same run twice, byte by byte", "equal" if first_bytes == again_bytes else "different", first_bytes == again_bytes)
    same = all(torch.equal(few[name], first[name][:3]) for name in ("logits", "gradient"))
    run.say("3 images as among 20, bit by bit", "equal" if same else "different", same)


def synchronize(device):
    if device.type in ("cuda", "xpu", "mps"):
        getattr(torch, device.type).synchronize()


def eager(run, module):
    """Images a second of PyTorch itself, images coming from this process and numbers going back to it, strictly rounded."""
    kind, _, index = run.arguments.device.partition(":")
    name = {"cpu-torch": "cpu", "rocm": "cuda"}.get(kind, kind)
    device = torch.device(name if name in ("cpu", "mps") else f"{name}:{index or 0}")
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    if hasattr(torch.backends, "fp32_precision"):
        torch.backends.cuda.matmul.fp32_precision = torch.backends.cudnn.conv.fp32_precision = "ieee"
    else:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    if name == "cpu":
        torch.set_num_threads(1)
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
        durations, end = [], time.perf_counter() + run.arguments.seconds
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
        for precision in (None, "tf32x3"):
            shown = json.loads(run.program(
                "bench", path, "--batch", run.arguments.batch, "--seconds", run.arguments.seconds, "--threads", 2, "--json",
                *NORMALISATION, precision=precision))
            ours = {key: shown[key]["imagesPerSecond"] for key in ("forward", "inputGradient")}
            run.say(f"images a second, turn {turn}, {precision or 'float32'}", {
                "PyTorch eager": theirs, "pags-bench": ours, "batch": shown["batch"],
                "ratio": {key: float(f"{ours[key] / theirs[key]:.3g}") for key in ours}})


def evaluation(run):
    """A whole evaluation with the device and without it: the same label, the same numbers but for rounding, and how long."""
    checkpoint = run.arguments.evaluate or ROOT / "models/glyphs-cnn-randomized-smoothing-0.5/model.ckpt"
    if not pathlib.Path(checkpoint).exists():
        return run.say("evaluation", f"{checkpoint} is not there: left out")
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
    run.say("largest difference of a result, in tolerances", {"value": float(f"{excess:.3g}"), "at": place}, excess <= 1)
    labels = [results[name]["regime"]["label"] for name in results]
    run.say("regimes", labels, labels[0] == labels[1])
    run.say("provenance", results["device"]["provenance"].get("device"), "device" in results["device"]["provenance"])


def difference(left, right, path=""):
    """Of all numbers of two results, the largest difference in units of the tolerance, 2e-5 and 5e-5 of the number, and where it is.
    A few hundred images need it, for single gradients and ratios of small sensitivities: of 2,000 images 1e-6 and 1e-5 are enough."""
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        found = [difference(left[key], right[key], f"{path}.{key}") for key in left]
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        found = [difference(one, other, f"{path}[{index}]") for index, (one, other) in enumerate(zip(left, right))]
    elif isinstance(left, float) and isinstance(right, (int, float)) or isinstance(right, float) and isinstance(left, int):
        found = [(abs(left - right) / (2e-5 + 5e-5 * abs(left)), path)]
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
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--output", default="")
    arguments = parser.parse_args()
    arguments.binary = str(pathlib.Path(arguments.binary).resolve())
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments, pathlib.Path(folder))
        for device in json.loads(run.program("devices", "--json", device=False))["devices"]:
            run.say(f"device {device['name']}", device.get("problem") or f"{device['hardware']}, driver {device.get('driver')}")
        goldens(run)
        module, path = network(run)
        exactness(run, module, path)
        speed(run, module, path)
        evaluation(run)
        run.say("seconds of all of this", round(time.perf_counter() - start))
        if arguments.output:
            pathlib.Path(arguments.output).write_text(json.dumps(run.report, indent=2) + "\n")
        if run.failures:
            sys.exit(f"{len(run.failures)} failed: {', '.join(run.failures)}")


main()
