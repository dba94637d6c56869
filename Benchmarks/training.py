#!/usr/bin/env python3
"""Training speed here and in PyTorch: the same networks, batches, optimizer and threads, run in turn.

    python3 Benchmarks/training.py [--threads 1 2] [--rounds 5] [--networks cnn-small resnet-small] [--cifar10 DIR]
                                   [--processor-time]

Needs a release build (swift build -c release --product pags-bench) and PyTorch 2.5.1 for the CPU: of the Python that
PAGS_BENCH_TORCH_PYTHON names, or else of a virtual environment that this script makes in .build/training-benchmark.
`resnet18` on images of CIFAR-10's size is measured where --cifar10 names the folder of that data set. Prints
milliseconds per step, the smallest of the rounds, since whatever else the machine does only adds to it; PyTorch's
over ours, above 1 being faster than PyTorch; and the smallest and the largest such ratio within one round.

A step here is what `pags-bench train` does in one: images, forward, backward, clipping, Adam, one-cycle schedule, and its share
of saving the state after the epoch: the time from the end of the first epoch to that of the last. PyTorch's, without any
saving, is timed within its process, also after a first epoch. --processor-time counts the seconds of processors instead, which
other work on the machine changes less; with one thread they say the same.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
STRENGTH = 0.1
# Images, images per step and epochs: some seconds each.
SIZES = {"cnn-small": (1280, 64, 3), "resnet-small": (1280, 64, 3), "resnet18": (512, 128, 2)}

TORCH = r"""
import json, sys, time
import torch, torch.nn as nn, torch.nn.functional as F
network, objective, threads, images, batch, epochs, strength, processor = json.loads(sys.argv[1])
clock = time.process_time if processor else time.perf_counter
torch.set_num_threads(threads)
torch.manual_seed(0)
C, H, W, K, w = (3, 32, 32, 10, 64) if network == "resnet18" else (1, 20, 40, 10, 8)

class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        conv = lambda i, o: nn.Sequential(nn.Conv2d(i, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU())
        self.f = nn.Sequential(conv(C, w), conv(w, 2 * w), nn.MaxPool2d(2), conv(2 * w, 4 * w), nn.MaxPool2d(2))
        self.l = nn.Linear(4 * w * (H // 4) * (W // 4), K)
    def forward(self, x):
        return self.l(self.f(x).flatten(1))

class Block(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(i, o, 3, s, 1, bias=False), nn.BatchNorm2d(o)
        self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.s = nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o)) if s > 1 else nn.Identity()
    def forward(self, x):
        return F.relu(self.b2(self.c2(F.relu(self.b1(self.c1(x))))) + self.s(x))

class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Conv2d(C, w, 3, 1, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(),
                               Block(w, w, 1), Block(w, 2 * w, 2), Block(2 * w, 4 * w, 2))
        self.l = nn.Linear(4 * w * ((H + 3) // 4) * ((W + 3) // 4), K)
    def forward(self, x):
        return self.l(self.f(x).flatten(1))

class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Conv2d(C, w, 3, 1, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(),
                               Block(w, w, 1), Block(w, w, 1), Block(w, 2 * w, 2), Block(2 * w, 2 * w, 1),
                               Block(2 * w, 4 * w, 2), Block(4 * w, 4 * w, 1), Block(4 * w, 8 * w, 2), Block(8 * w, 8 * w, 1))
        self.l = nn.Linear(8 * w, K)
    def forward(self, x):
        return self.l(self.f(x).mean((2, 3)))

model = {"cnn-small": CNN, "resnet-small": ResNet, "resnet18": ResNet18}[network]()
X, Y = torch.randn(images, C, H, W), torch.randint(0, K, (images,))
steps = images // batch
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=epochs * steps + 1, pct_start=.15)
model.train()

def epoch():
    order = torch.randperm(images)
    for i in range(0, images - batch + 1, batch):
        x, y = X[order[i:i + batch]], Y[order[i:i + batch]]
        if objective == "cross-entropy":
            loss = F.cross_entropy(model(x), y)
        else:
            x = x.requires_grad_(True)
            total = F.cross_entropy(model(x), y, reduction="sum")
            g, = torch.autograd.grad(total, x, create_graph=True)
            loss = total / batch + strength * g.pow(2).sum() / batch
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.)
        optimizer.step()
        schedule.step()
        loss.item()

epoch()
start = clock()
for _ in range(epochs - 1):
    epoch()
print((clock() - start) / ((epochs - 1) * steps))
"""


def torch_python():
    given = os.environ.get("PAGS_BENCH_TORCH_PYTHON")
    if given:
        return given
    folder = ROOT / ".build" / "training-benchmark"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "torch==2.5.1", "numpy"], check=True)
    return str(python)


def processor_seconds(process):
    """Those that a running process has had, its threads' together."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ours(network, objective, threads, cifar10, processor):
    binary = os.environ.get("PAGS_BENCH_BINARY", ROOT / ".build" / "release" / "pags-bench")
    images, batch, epochs = SIZES[network]
    with tempfile.TemporaryDirectory() as folder:
        command = [binary, "train", "--arch", network, "--objective", objective, "--images", str(images)]
        command += ["--batch", str(batch), "--epochs", str(epochs), "--threads", str(threads), "--output", folder + "/m"]
        command += ["--task", "cifar10", "--data", cifar10] if network == "resnet18" else []
        command += ["--strength", str(STRENGTH)] if objective != "cross-entropy" else []
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        clock = (lambda: processor_seconds(process)) if processor else time.perf_counter
        ends = [clock() for line in process.stderr if line.startswith("epoch ")]
        # What comes after the last epoch does not count.
        process.wait()
        if process.returncode or len(ends) != epochs:
            sys.exit(f"{command}: status {process.returncode}")
    return (ends[-1] - ends[0]) / ((epochs - 1) * (images // batch))


def theirs(python, network, objective, threads, processor):
    arguments = json.dumps([network, objective, threads, *SIZES[network], STRENGTH, processor])
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    result = subprocess.run([python, "-c", TORCH, arguments], check=True, capture_output=True, text=True, env=environment)
    return float(result.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", choices=SIZES, nargs="+")
    parser.add_argument("--objectives", nargs="+", default=["cross-entropy", "gradient-norm"])
    parser.add_argument("--cifar10", help="folder of CIFAR-10's binary version")
    parser.add_argument("--processor-time", action="store_true", help="seconds of processors, not of the clock on the wall")
    options = parser.parse_args()
    networks = options.networks or [name for name in SIZES if name != "resnet18" or options.cifar10]
    if "resnet18" in networks and not options.cifar10:
        parser.error("resnet18 needs --cifar10")
    python = torch_python()
    print(f"{'network':14}{'objective':16}{'threads':>8}{'here ms':>10}{'PyTorch ms':>12}{'ratio':>8}  of rounds")
    for network in networks:
        for objective in options.objectives:
            for threads in options.threads:
                pairs = [
                    (
                        ours(network, objective, threads, options.cifar10, options.processor_time),
                        theirs(python, network, objective, threads, options.processor_time),
                    )
                    for _ in range(options.rounds)
                ]
                here, there = (1000 * min(column) for column in zip(*pairs))
                ratios = [b / a for a, b in pairs]
                print(
                    f"{network:14}{objective:16}{threads:8}{here:10.2f}{there:12.2f}{there / here:8.2f}"
                    f"  {min(ratios):.2f} to {max(ratios):.2f}", flush=True)


if __name__ == "__main__":
    main()
