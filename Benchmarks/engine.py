#!/usr/bin/env python3
"""Images per second of pags-bench and of other engines on the same networks, in turn, and their ratios.

Makes a virtual environment of its own with PyTorch (CPU), ONNX Runtime, OpenVINO and JAX from the package registry, networks with random
weights as checkpoints or ONNX graphs that `pags-bench` reads, and runs all several times in alternation: the machine's speed varies,
and so does a ratio of two numbers that were measured at different times. A ratio is against the fastest other engine of its round;
ONNX Runtime and OpenVINO have no gradients, and compute in float32 as everyone here. JAX (XLA) reads the graph by jaxonnxruntime; where it cannot be
imported, or lacks an operator, it is left out, with a word.

  Benchmarks/engine.py [--threads 1] [--batch 64] [--rounds 5] [--networks resnet18 swin_t] [--binary PATH] [--python PATH]
  Benchmarks/engine.py --networks graphs
  Benchmarks/engine.py --peers onnxruntime openvino
  Benchmarks/engine.py --before PATH      another pags-bench in place of the others: what a change has done to speed
  Benchmarks/engine.py --limit            also what the multiply-add peak would allow, and the share of it
  Benchmarks/engine.py --start            processor seconds until one image of a file has been computed, and peaks of memory

With --start, pags-bench is `run` on one image from the start of its process, with the digest of the file and what it says of it; the others
are measured from when their libraries are there, on the graph or, in PyTorch, on the module as torch.save writes it. Memory is the whole process's.
The peak of passes is that of forward and gradient of a batch (`bench`), of ONNX Runtime and OpenVINO that of forward passes.

With --limit the multiply-adds that pags-bench's algorithms need are counted, by Winograd's where it is used (docs/performance.md), without transforms, functions
and what is copied; the limit is the speed at which they take all of the peak that `LayerBenchmark`, beside the binary, measures in the same run.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
# Image, and the largest batch that is measured.
NETWORKS = {
    "resnet18": ((3, 32, 32), 64),
    "resnet20": ((3, 32, 32), 64),
    "vgg11": ((3, 32, 32), 64),
    "vgg16": ((3, 32, 32), 64),
    "lenet": ((1, 28, 28), 64),
    "wideresnet-28-2": ((3, 32, 32), 64),
    "resnet50-imagenet": ((3, 224, 224), 8),
}
# Torchvision's names; these reach pags-bench as ONNX graphs.
GRAPHS = {
    name: ((3, 224, 224), 8)
    for name in ["mobilenet_v2", "efficientnet_b0", "regnet_y_400mf", "resnext50_32x4d", "densenet121", "convnext_tiny",
                 "vit_b_16", "swin_t"]
}


def network(name):
    """A network as a PyTorch module, with random weights, and statistics that are not those of a new one: normalisations that do
    nothing would be left out. No layer is all zeros."""
    import torch
    if name in GRAPHS:
        import torchvision
        module = torchvision.models.get_model(name)
    else:
        module = checkpoints()[name]()
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            for values, low, high in [(part.running_mean, -0.1, 0.1), (part.running_var, 0.5, 1.5),
                                      (part.weight.data, 0.5, 1.5), (part.bias.data, -0.1, 0.1)]:
                values.uniform_(low, high)
        # As torchvision's ViT ends before training.
        elif isinstance(part, torch.nn.Linear) and not part.weight.any():
            torch.nn.init.normal_(part.weight, std=0.02)
    return module


def checkpoints():
    """Makers of the networks that pags-bench has built in."""
    import torch
    from torch import nn
    from torch.nn import functional as f

    class BasicBlock(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.shortcut = nn.Sequential()
            if stride != 1 or inputs != outputs:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

        def forward(self, x):
            y = self.bn2(self.conv2(f.relu(self.bn1(self.conv1(x)))))
            return f.relu(y + self.shortcut(x))

    class ResNet(nn.Module):
        def __init__(self, widths, blocks):
            super().__init__()
            self.conv1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(widths[0])
            inputs = widths[0]
            for index, width in enumerate(widths):
                stage = []
                for block in range(blocks):
                    stage.append(BasicBlock(inputs, width, 2 if index > 0 and block == 0 else 1))
                    inputs = width
                setattr(self, f"layer{index + 1}", nn.Sequential(*stage))
            self.stages = len(widths)
            self.linear = nn.Linear(inputs, 10)

        def forward(self, x):
            x = f.relu(self.bn1(self.conv1(x)))
            for index in range(self.stages):
                x = getattr(self, f"layer{index + 1}")(x)
            return self.linear(x.mean((2, 3)))

    class VGG(nn.Module):
        def __init__(self, stages):
            super().__init__()
            layers, inputs = [], 3
            for convolutions, width in zip(stages, [64, 128, 256, 512, 512]):
                for _ in range(convolutions):
                    layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
                    inputs = width
                layers.append(nn.MaxPool2d(2))
            self.features = nn.Sequential(*layers)
            self.classifier = nn.Linear(512, 10)

        def forward(self, x):
            return self.classifier(self.features(x).flatten(1))

    class LeNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
            self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

        def forward(self, x):
            x = f.max_pool2d(f.relu(self.conv2(f.relu(self.conv1(x)))), 2)
            return f.log_softmax(self.fc2(f.relu(self.fc1(x.flatten(1)))), 1)

    class WideBlock(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.bn1, self.bn2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.convShortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None

        def forward(self, x):
            y = f.relu(self.bn1(x))
            skip = self.convShortcut(y) if self.convShortcut else x
            return skip + self.conv2(f.relu(self.bn2(self.conv1(y))))

    class WideStage(nn.Module):
        def __init__(self, inputs, outputs, stride, blocks):
            super().__init__()
            self.layer = nn.Sequential(*[
                WideBlock(inputs if i == 0 else outputs, outputs, stride if i == 0 else 1) for i in range(blocks)])

        def forward(self, x):
            return self.layer(x)

    class WideResNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
            self.block1, self.block2 = WideStage(16, 32, 1, 4), WideStage(32, 64, 2, 4)
            self.block3 = WideStage(64, 128, 2, 4)
            self.bn1, self.fc = nn.BatchNorm2d(128), nn.Linear(128, 10)

        def forward(self, x):
            x = self.block3(self.block2(self.block1(self.conv1(x))))
            return self.fc(f.relu(self.bn1(x)).mean((2, 3)))

    def resnet50():
        import torchvision
        return torchvision.models.resnet50()

    return {
        "resnet18": lambda: ResNet([64, 128, 256, 512], 2),
        "resnet20": lambda: ResNet([16, 32, 64], 3),
        "vgg11": lambda: VGG([1, 1, 2, 2, 2]),
        "vgg16": lambda: VGG([2, 2, 3, 3, 3]),
        "lenet": LeNet,
        "wideresnet-28-2": WideResNet,
        "resnet50-imagenet": resnet50,
    }


def worker():
    """In the virtual environment: writes networks as files, or measures an engine on one; prints JSON."""
    command, name, *rest = sys.argv[2:]
    image = {**NETWORKS, **GRAPHS}[name][0]
    if command == "save":
        return save(name, image, *rest)
    if command == "start":
        return start(name, image, *rest)
    if command == "count":
        return print(json.dumps(multiply_adds(name, image)))
    engine, graph, batch, threads, seconds = rest[0], rest[1], int(rest[2]), int(rest[3]), float(rest[4])
    passes = ENGINES[engine](name, graph, (batch, *image), threads)
    print(json.dumps({label: batch / median_time(run, seconds) for label, run in passes.items()}))


def save(name, image, checkpoint, graph):
    """The network as pags-bench reads it, and as a graph for the engines that read nothing else."""
    import torch
    torch.manual_seed(0)
    module = network(name).eval()
    torch.onnx.export(module, torch.zeros(2, *image), graph, dynamic_axes={"images": {0: "N"}, "logits": {0: "N"}},
                      input_names=["images"], output_names=["logits"], opset_version=17, dynamo=False)
    if checkpoint != graph:
        torch.save(module.state_dict(), checkpoint)
    if type(module).__module__.startswith("torchvision."):
        torch.save(module, graph + ".module")


def start(name, image, engine, graph, threads):
    """What it takes to load a network and compute one image, apart from what it takes to load the engine; then the peak of passes."""
    import importlib
    importlib.import_module("torch" if engine == "pytorch" else engine)
    if engine == "pytorch":
        import torch
        # The module's classes are there before, as the engine is.
        import torchvision
    before = processor_seconds(resource.getrusage(resource.RUSAGE_SELF))
    if engine == "pytorch":
        torch.set_num_threads(int(threads))
        with torch.no_grad():
            torch.load(graph + ".module", weights_only=False)(torch.rand((1, *image)))
    else:
        ENGINES[engine](name, graph, (1, *image), int(threads))["forward"]()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": processor_seconds(used) - before, "megabytes": used.ru_maxrss / 1024}))


def multiply_adds(name, image):
    """Of an image, forward and with the gradient, as pags-bench's algorithms need them."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    def convolution(source, weight, target, stride, groups, transposed):
        """Of [N, C, H, W] with weights [K, C / groups, h, w] to [N, K, H', W'], or of its transpose, as `ConvolutionKernel.init` chooses."""
        (count, channels, height, width), size = target.shape, tuple(weight.shape[2:])
        pixels = height * width
        written = source.shape[0] * weight.numel() * pixels
        tiles = -(-height // 4) * -(-width // 4)
        if size != (3, 3) or groups > 1:
            return written
        image_tiles = -(-source.shape[2] // 4) * -(-source.shape[3] // 4)
        tiles_of_one = image_tiles if transposed else tiles
        pixels_of_one = source.shape[2] * source.shape[3] if transposed else pixels
        if tuple(stride) == (1, 1) and min(weight.shape[:2]) >= 12 and tiles_of_one * 72 <= pixels_of_one * 9:
            return count * tiles_of_one * 36 * weight.shape[0] * weight.shape[1]
        if tuple(stride) == (2, 2) and min(weight.shape[:2]) >= 32 and tiles * 81 * (4 if transposed else 5) <= pixels * 27:
            return count * tiles * 81 * weight.shape[0] * weight.shape[1]
        return written

    class Counter(TorchDispatchMode):
        total = 0
        # The last convolution, while nothing but normalisation and rectifiers came after it: as written, and as it was counted.
        last = None

        def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
            result = function(*arguments, **(keywords or {}))
            called = function.overloadpacket.__name__
            if called == "convolution":
                source, weight, stride, groups = arguments[0], arguments[1], arguments[3], arguments[8]
                added = convolution(source, weight, result, stride, groups, False)
                self.last = (source.shape[0] * weight.numel() * result.shape[2] * result.shape[3], added)
                self.total += added
                return result
            if called.startswith("max_pool2d") and self.last:
                # Computed as it is written, or ties would be broken.
                self.total += self.last[0] - self.last[1]
            if called == "convolution_backward":
                gradient, source, weight, stride, groups = arguments[0], arguments[1], arguments[2], arguments[4], arguments[9]
                self.total += convolution(source, weight, gradient, stride, groups, True)
            elif called in ("mm", "bmm"):
                self.total += arguments[0].numel() * arguments[1].shape[-1]
            elif called in ("addmm", "baddbmm"):
                self.total += arguments[1].numel() * arguments[2].shape[-1]
            elif "scaled_dot_product" in called:
                # Queries times keys, and weights times values; their four gradients.
                first = 1 if called.endswith("backward") else 0
                queries, keys = arguments[first], arguments[first + 1]
                self.total += (4 if first else 2) * queries.numel() * keys.shape[-2]
            if not any(word in called for word in ("batch_norm", "relu", "detach", "empty")):
                self.last = None
            return result

    module = network(name).eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    x = torch.rand(1, *image, requires_grad=True)
    with Counter() as counter:
        y = module(x)
        forward = counter.total
        torch.autograd.grad(y.sum(), x)
    return {"forward": forward, "inputGradient": counter.total}


def multiply_add_peak(binary):
    """Multiply-adds a second of one thread, as `LayerBenchmark` beside the binary prints them first."""
    benchmark = pathlib.Path(binary).resolve().parent / "LayerBenchmark"
    if not os.access(benchmark, os.X_OK):
        sys.exit(f"{benchmark} is missing; run `swift build -c release --product LayerBenchmark`")
    with subprocess.Popen([benchmark, "1", "small"], stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        process.kill()
    return float(line.split("peak")[1].split()[0]) * 1e9 / 2


def processor_seconds(used):
    return used.ru_utime + used.ru_stime


def median_time(run, seconds):
    run()
    times = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def pytorch(name, graph, shape, threads):
    import torch
    torch.set_num_threads(threads)
    module = network(name).eval()
    x = torch.rand(shape)
    for parameter in module.parameters():
        parameter.requires_grad_(False)

    def forward():
        with torch.no_grad():
            module(x)

    def gradient():
        point = x.clone().requires_grad_(True)
        torch.autograd.grad(module(point).sum(), point)

    return {"forward": forward, "inputGradient": gradient}


def onnxruntime(name, graph, shape, threads):
    import numpy
    import onnxruntime as runtime
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = threads, 1
    session = runtime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
    x = numpy.random.default_rng(0).random(shape, dtype=numpy.float32)
    return {"forward": lambda: session.run(None, {"images": x})}


def openvino(name, graph, shape, threads):
    import numpy
    import openvino as ov
    core = ov.Core()
    model = core.read_model(graph)
    model.reshape({"images": list(shape)})
    # Its default on processors with bfloat16 is that; the others compute in float32.
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    x = numpy.random.default_rng(0).random(shape, dtype=numpy.float32)
    return {"forward": lambda: request.infer({"images": x}, share_inputs=True)}


def xla(name, graph, shape, threads):
    # XLA makes as many threads as there are processors that it may use.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import jax
    import numpy
    import onnx
    clip = jax.numpy.clip
    # jaxonnxruntime 0.3.0 calls the bounds as NumPy does, and as JAX did.
    jax.numpy.clip = lambda x, a_min=None, a_max=None: clip(x, min=a_min, max=a_max)
    from jaxonnxruntime import call_onnx, config
    # Shapes and indices that a graph computes are constants of this graph.
    config.update("jaxort_only_allow_initializers_as_static_args", False)
    x = numpy.random.default_rng(0).random(shape, dtype=numpy.float32)
    call, weights = call_onnx.call_onnx_model(onnx.load(graph), {"images": x})
    forward = jax.jit(lambda x: call(weights, {"images": x})[0])
    gradient = jax.jit(jax.grad(lambda x: call(weights, {"images": x})[0].sum()))
    return {"forward": lambda: forward(x).block_until_ready(), "inputGradient": lambda: gradient(x).block_until_ready()}


ENGINES = {"pytorch": pytorch, "onnxruntime": onnxruntime, "openvino": openvino, "jax": xla}


def environment(python):
    """Path of a Python with the engines; its environment is made where none is given."""
    if python:
        return python
    home = HERE.parent / ".build" / "engines-environment"
    executable = home / "bin" / "python"
    if not executable.exists():
        venv.create(home, with_pip=True)
        packages = ["torch", "torchvision", "numpy", "onnx", "onnxruntime", "openvino", "jax", "jaxonnxruntime", "absl-py"]
        subprocess.run([executable, "-m", "pip", "install", "--quiet", *packages], check=True)
    return str(executable)


def rates(command):
    """Images a second, forward and with the gradient, as a command prints them as JSON."""
    printed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {key: value["imagesPerSecond"] if isinstance(value, dict) else value
            for key, value in printed.items() if key in ("forward", "inputGradient")}


def missing(command):
    """Why an engine has no numbers for a network; nothing where it has."""
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in done.stderr.strip().splitlines() if "Error" in line] or ["no reason given"]
    return lines[-1] if done.returncode else None


def spread(values):
    return f"{statistics.median(values):6.2f} ({min(values):.2f} to {max(values):.2f})"


def measured(command):
    """Processor seconds and the peak of memory, in MB, of a process and what it started."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return {"seconds": processor_seconds(used), "megabytes": used.ru_maxrss / 1024}


def one_image(path, shape):
    """A random image as a safetensors file."""
    count = shape[0] * shape[1] * shape[2]
    header = json.dumps({"images": {"dtype": "F32", "shape": [1, *shape], "data_offsets": [0, 4 * count]}}).encode()
    numbers = struct.pack(f"<{count}f", *(random.Random(0).random() for _ in range(count)))
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(header)) + header + numbers)


def compare_starts(options, python, folder, name, image, batch, checkpoint, graph):
    """One line an engine: start and memory."""
    inputs, outputs = os.path.join(folder, "image.safetensors"), os.path.join(folder, "logits.safetensors")
    one_image(inputs, image)
    threads = str(options.threads)
    binaries = {"pags-bench": options.binary, **({"before": options.before} if options.before else {})}
    # JAX compiles for minutes; PyTorch reads what has a class that is imported.
    peers = [peer for peer in options.peers if peer != "jax" and (peer != "pytorch" or os.path.exists(graph + ".module"))]
    peers = [] if options.before else peers
    found = {engine: [] for engine in [*binaries, *peers]}
    for _ in range(options.rounds):
        for engine, binary in binaries.items():
            run = measured([binary, "run", checkpoint, "--inputs", inputs, "--outputs", outputs, "--threads", threads])
            bench = measured([binary, "bench", checkpoint, "--batch", str(batch), "--threads", threads, "--seconds", "0.1",
                              "--shape", ",".join(map(str, image))])
            found[engine].append({**run, "passes": bench["megabytes"]})
        for engine in peers:
            worker = [python, "-W", "ignore", __file__, "--worker"]
            run = json.loads(subprocess.run(
                [*worker, "start", name, engine, graph, threads], check=True, capture_output=True, text=True).stdout)
            passes = measured([*worker, "measure", name, engine, graph, str(batch * options.threads), threads, "0.1"])
            found[engine].append({**run, "passes": passes["megabytes"]})
    for engine, rounds in found.items():
        columns = [spread([round_["seconds"] for round_ in rounds])]
        columns += [f"{statistics.median(round_[key] for round_ in rounds):8.0f}" for key in ("megabytes", "passes")]
        print(f"{name:20} {engine:12} {columns[0]} {columns[1]} {columns[2]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement")
    parser.add_argument("--networks", nargs="+", choices=[*NETWORKS, *GRAPHS, "graphs"], default=list(NETWORKS))
    parser.add_argument("--binary", default=str(HERE.parent / ".build" / "release" / "pags-bench"))
    parser.add_argument("--peers", nargs="+", choices=list(ENGINES), default=list(ENGINES), help="the other engines")
    parser.add_argument("--before", help="measure this pags-bench in turn with the other, and no other engine")
    parser.add_argument("--limit", action="store_true", help="also say what the multiply-add peak allows")
    parser.add_argument("--start", action="store_true", help="measure loading and memory, and not speed")
    parser.add_argument("--python", help="a Python that has torchvision, onnx and the other engines")
    options = parser.parse_args()
    peak = multiply_add_peak(options.binary) if options.limit else None
    for binary in [options.binary] + ([options.before] if options.before else []):
        if not os.access(binary, os.X_OK):
            sys.exit(f"{binary} is missing; run `swift build -c release --product pags-bench`")
    python = environment(options.python)
    peers = ["before"] if options.before else options.peers
    columns = "".join(f"{peer:>12}" for peer in ["pags-bench", *peers])
    if options.start:
        print(f"{'':20} {'':12} {'load and first image, s':24} peak, MB  of passes, MB")
    else:
        print(f"{'images/s':20} {'':24}{columns}  times the fastest other (lowest to highest){'  limit, and share of it' if peak else ''}")
    with tempfile.TemporaryDirectory() as folder:
        names = [name for given in options.networks for name in (GRAPHS if given == "graphs" else [given])]
        for name in names:
            image, largest = {**NETWORKS, **GRAPHS}[name]
            batch = min(options.batch, largest)
            graph = os.path.join(folder, name + ".onnx")
            checkpoint = graph if name in GRAPHS else os.path.join(folder, name + ".pth")
            subprocess.run([python, "-W", "ignore", __file__, "--worker", "save", name, checkpoint, graph], check=True)
            if options.start:
                compare_starts(options, python, folder, name, image, batch, checkpoint, graph)
                continue
            bench = ["bench", checkpoint, "--batch", str(batch), "--threads", str(options.threads),
                     "--seconds", str(options.seconds), "--shape", ",".join(map(str, image)), "--json"]
            commands = {"pags-bench": [options.binary, *bench]}
            for peer in peers:
                commands[peer] = [options.before, *bench] if peer == "before" else [
                    python, __file__, "--worker", "measure", name, peer, graph, str(batch * options.threads),
                    str(options.threads), str(options.seconds)]
            try:
                if "jax" in commands:
                    without = missing([*commands["jax"][:-1], "0"])
                    if without:
                        print(f"{name:20} without jax: {without}")
                        del commands["jax"]
                rounds = [{engine: rates(command) for engine, command in commands.items()} for _ in range(options.rounds)]
            except subprocess.CalledProcessError as error:
                print(f"{name:20} {error.cmd[0]}: {error.stderr.strip().splitlines()[-1]}")
                continue
            limits = {}
            if peak:
                counted = subprocess.run([python, "-W", "ignore", __file__, "--worker", "count", name], check=True, capture_output=True, text=True)
                limits = {key: options.threads * peak / count for key, count in json.loads(counted.stdout).items()}
            for key, label in (("forward", "forward"), ("inputGradient", "forward + input gradient")):
                print(row(name, label, key, ["pags-bench", *peers], rounds, limits.get(key)), flush=True)


def row(name, label, key, engines, rounds, limit):
    """Medians of all engines, and the ratio of the first to the fastest other of each round."""
    medians = "".join(
        f"{statistics.median(round_[engine][key] for round_ in rounds):12.1f}" if key in rounds[0].get(engine, {}) else f"{'':12}"
        for engine in engines)
    ratios = [round_[engines[0]][key] / max(round_[engine][key] for engine in engines[1:] if key in round_.get(engine, {}))
              for round_ in rounds] if any(key in rounds[0].get(engine, {}) for engine in engines[1:]) else []
    share = f"  {limit:8.1f} {100 * statistics.median(round_[engines[0]][key] for round_ in rounds) / limit:3.0f} %" if limit else ""
    return f"{name:20} {label:24}{medians} {spread(ratios) if ratios else '':23}{share}"


if __name__ == "__main__":
    worker() if sys.argv[1:2] == ["--worker"] else main()
