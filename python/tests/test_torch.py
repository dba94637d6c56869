"""Modules of PyTorch."""

import copy
import hashlib
import io
import json
import random
import subprocess
import sys

import numpy as np
import pytest
from conftest import REPOSITORY, SHARED, assert_same_numbers, optional

import pags_bench

torch = optional("torch", "modules are not served")
nn = torch.nn


@pytest.fixture
def network():
    """A small network on glyphs, as it stands in the middle of a training."""
    torch.manual_seed(2)
    network = nn.Sequential(
        nn.Conv2d(1, 6, 3, stride=2), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(6 * 9 * 19, 10))
    network(torch.rand(32, 1, 20, 40)).square().sum().backward()
    network[1].eval()
    network[5].bias.requires_grad_(False)
    return network


LAYERS = [
    {"type": "Conv2d", "name": "0", "stride": 2}, {"type": "BatchNorm2d", "name": "1"}, {"type": "ReLU"}, {"type": "Flatten"},
    {"type": "Linear", "name": "5"}]


def test_the_same_numbers_as_from_the_file(network, tmp_path):
    torch.save(network.state_dict(), tmp_path / "network.pt")
    (tmp_path / "network.json").write_text(json.dumps({
        "id": "network", "name": "Network", "task": "glyphs", "architecture": LAYERS,
        "preprocessing": {"mean": [0.3], "std": [0.4]}}))
    read = pags_bench.evaluate(tmp_path / "network.pt", description=tmp_path / "network.json", images=16, progress=False)
    served = pags_bench.evaluate(network, task="glyphs", mean=0.3, std=0.4, images=16, progress=False)
    assert_same_numbers(read, served, 1e-4)
    assert (served.model.name, served.model.architecture) == ("Sequential", "Sequential")
    assert served.model.id == "sequential-" + served.model.checkpoint.sha256[:8]
    assert served.model.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert served.model.plugin == ("sequential", f"torch-{torch.__version__}")
    assert served.task.digest == read.task.digest


def state(network):
    return [
        (part.training, name, id(tensor), tensor.data_ptr(), tensor.requires_grad, tensor.device,
         None if tensor.grad is None else (id(tensor.grad), tensor.grad.sum().item()), tensor.detach().clone())
        for part in network.modules()
        for name, tensor in [*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)]]


def assert_same_state(before, after):
    assert len(before) == len(after)
    for one, other in zip(before, after):
        assert one[:-1] == other[:-1] and torch.equal(one[-1], other[-1])


@pytest.mark.parametrize("context", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_the_module_is_left_as_it_was(network, context):
    before = state(network)
    modes = [part.training for part in network.modules()]
    numbers = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy(), torch.get_num_threads()
    with context():
        enabled = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        pags_bench.evaluate(network, images=2, device="cpu", threads=1, progress=False)
        assert enabled == (torch.is_grad_enabled(), torch.is_inference_mode_enabled())
    assert_same_state(before, state(network))
    assert modes == [part.training for part in network.modules()]
    assert torch.equal(numbers[0], torch.get_rng_state()) and numbers[1] == random.getstate()
    assert (numbers[2] == np.random.get_state()[1]).all() and numbers[3] == torch.get_num_threads()


def test_a_module_that_fails(network):
    class Failing(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network

        def forward(self, images):
            torch.rand(3)
            raise ZeroDivisionError("in the forward pass")

    before, numbers = state(network), torch.get_rng_state()
    with pytest.raises(pags_bench.ModelError, match="in the forward pass") as caught:
        pags_bench.evaluate(Failing(), images=2, progress=False)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    frames = []
    trace = caught.value.__cause__.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert frames[-1] == "forward"
    assert_same_state(before, state(network))
    assert torch.equal(numbers, torch.get_rng_state())


def test_a_graph_that_goes_back_once(network):
    """As those of torch.compile, whose compiler is not everywhere."""
    from pags_bench_plugin import torch_functions

    asked = []
    network.eval()
    forward, backward, _ = torch_functions(network)
    images = np.random.default_rng(0).random((3, 1, 20, 40), dtype=np.float32)
    cotangents = [np.eye(10, dtype=np.float32)[[k, k + 1, k]] for k in range(3)]
    expected = [backward(forward(images)[1], vector) for vector in cotangents]

    class Once(nn.Module):
        def forward(self, images):
            asked.append(len(images))
            return Donated.apply(network(images))

    class Donated(torch.autograd.Function):
        @staticmethod
        def forward(context, logits):
            return logits.clone()

        @staticmethod
        def backward(context, gradient):
            if torch._C._autograd._get_current_graph_task_keep_graph():
                raise RuntimeError("compiled with non-empty donated buffers, which requires retain_graph=False")
            return gradient

    forward, backward, _ = torch_functions(Once())
    for _ in range(2):
        logits, kept = forward(images)
        for vector, gradient in zip(cotangents, expected):
            assert np.array_equal(backward(kept, vector), gradient)
    assert asked == [3] * 6


@pytest.mark.parametrize("forward, words", [
    (lambda images: (images.flatten(1)[:, :10],), "returned a tuple"),
    (lambda images: images.flatten(1)[:, :10].detach(), "does not require grad"),
    (lambda images: images.flatten(1)[:, :7], "expected [8, 10]"),
])
def test_modules_that_return_something_else(forward, words):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, images):
            return forward(images)

    with pytest.raises(pags_bench.EvaluationError) as caught:
        pags_bench.evaluate(Odd(), images=8, progress=False)
    assert words in str(caught.value)


def test_the_digest_is_of_the_tensors(network):
    from pags_bench._torch import write_tensors

    def digest(module):
        file = io.BytesIO()
        write_tensors(module, file)
        return hashlib.sha256(file.getvalue()).hexdigest()

    first = digest(network)
    assert first == digest(copy.deepcopy(network).eval())
    assert first == digest(nn.DataParallel(network)) == digest(torch.compile(network))
    for change in (
        lambda other: other[5].weight.data.view(-1)[7].add_(1e-6), lambda other: other[1].running_var.mul_(2),
        lambda other: other.register_buffer("more", torch.zeros(1), persistent=False)):
        other = copy.deepcopy(network)
        with torch.no_grad():
            change(other)
        assert first != digest(other)

    class Kinds(nn.Module):
        def __init__(self, **tensors):
            super().__init__()
            for name, tensor in tensors.items():
                self.register_buffer(name, tensor)

    digest(Kinds(a=torch.ones(2, 3).bfloat16().t(), b=torch.tensor(True), c=torch.zeros(0, 4), d=torch.ones(3).half()))
    for tensor in (torch.ones(2, dtype=torch.complex64), torch.ones(2, device="meta"), torch.eye(3).to_sparse()):
        with pytest.raises(pags_bench.UsageError, match="checkpoint=FILE"):
            digest(Kinds(odd=tensor))
    with pytest.raises(pags_bench.UsageError, match="neither parameters nor buffers"):
        digest(nn.ReLU())


def test_a_move_to_another_device_is_taken_back(network):
    from pags_bench._torch import _place

    before = state(network)
    with _place(network):
        network.to("meta")
        assert network[0].weight.is_meta
    assert_same_state(before, state(network))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu(network):
    before = state(network)
    here = pags_bench.evaluate(network, images=16, progress=False)
    there = pags_bench.evaluate(network, images=16, device="cuda", progress=False)
    assert_same_state(before, state(network))
    assert here.model.checkpoint == there.model.checkpoint
    assert abs(here.R.value - there.R.value) < 1e-2


@pytest.mark.skipif(not (SHARED / "models/mnist-lenet5-adversarial.pt").exists(), reason="needs ../shared")
def test_a_published_network():
    class LeNet5(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
            self.linear1, self.linear2 = nn.Linear(64 * 49, 200), nn.Linear(200, 10)

        def forward(self, x):
            x = nn.functional.max_pool2d(nn.functional.relu(self.conv1(x)), 2)
            x = nn.functional.max_pool2d(nn.functional.relu(self.conv2(x)), 2)
            return self.linear2(nn.functional.relu(self.linear1(x.flatten(1))))

    file = SHARED / "models/mnist-lenet5-adversarial.pt"
    model = LeNet5()
    model.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    arguments = {"task": "mnist", "data": SHARED / "data/mnist", "images": 40, "progress": False}
    served = pags_bench.evaluate(model, **arguments)
    read = pags_bench.evaluate(file, description=REPOSITORY / "models/known/mnist-lenet5-adversarial.json", **arguments)
    assert read.regime == served.regime
    assert_same_numbers(read, served, 1e-3)


def test_a_file_on_a_device(network, tmp_path):
    """The program has this Python's PyTorch compute the file's network."""
    torch.save(network.state_dict(), tmp_path / "network.pt")
    (tmp_path / "network.json").write_text(
        json.dumps({"id": "network", "name": "Network", "task": "glyphs", "architecture": LAYERS}))
    arguments = {"description": tmp_path / "network.json", "images": 64, "progress": False}
    here = pags_bench.evaluate(tmp_path / "network.pt", **arguments)
    there = pags_bench.evaluate(tmp_path / "network.pt", device="cpu-torch", **arguments)
    assert here.regime == there.regime
    assert_same_numbers(here, there, 1e-3)
    assert there.json["provenance"]["device"]["software"]["torch"] == torch.__version__
    assert "device" not in here.json["provenance"]
    with pytest.raises(pags_bench.UsageError, match="device_precision"):
        pags_bench.evaluate(network, device_precision="tf32", progress=False)


SETTINGS = """
import torch
def settings():
    backends = torch.backends
    new = hasattr(backends, "fp32_precision")
    return (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled(),
            backends.cudnn.deterministic, backends.cudnn.benchmark,
            backends.cudnn.conv.fp32_precision if new else backends.cudnn.allow_tf32,
            backends.cuda.matmul.fp32_precision if new else backends.cuda.matmul.allow_tf32)
before = settings()
"""


def test_what_is_set_for_a_gpu():
    """In a process of its own, which it is meant for."""
    outcome = subprocess.run([sys.executable, "-c", SETTINGS + """
import pags_bench_plugin
print(pags_bench_plugin.strict_torch())
after = settings()
assert after[:4] == (True, True, True, False) and after[4] in ("ieee", False) and after[5] in ("ieee", False), after
"""], capture_output=True, text=True)
    assert (outcome.returncode, outcome.stdout) == (0, "['strict: float32 without TF32, deterministic algorithms']\n"), outcome.stderr


def test_what_is_set_is_set_back():
    outcome = subprocess.run([sys.executable, "-c", SETTINGS + """
from pags_bench._torch import _strict
with _strict(torch.nn.Linear(2, 2)) as guards:
    assert guards == [] and settings() == before
with _strict(torch.nn.Linear(2, 2, device="meta")) as guards:
    assert guards and settings() != before
assert settings() == before, (settings(), before)
"""], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
