"""Checkpoints and float64 references for the tests of built-in architectures and of layer types.

    python Tests/Fixtures/models/generate.py [layers]

`layers` adds the layer types that `layers.json` does not have yet and leaves all else as it is, whatever the version of PyTorch.

Writes, beside itself, one `NAME.pt` per network of `networks.py` (torch.save, zip format), `layers.json` and `layers.pt`
with one small network per layer type, and `goldens.safetensors` with images (bytes, divided by 255), logits and input
gradients of the logit sum and of the predicted logit. Made with Python 3, PyTorch 2.5.1, safetensors 0.4 or later; the seed of each network
is the CRC-32 of its name.
"""

import copy
import json
import pathlib
import sys
import zlib

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

import layer_types
import networks

HERE = pathlib.Path(__file__).parent
GOLDENS = {}

# Networks saved with batch normalisation's counters, which PyTorch before 0.4.1 did not have.
COUNTED = {"resnet18", "resnet20", "vgg16"}


def seed(name):
    torch.manual_seed(zlib.crc32(name.encode()))


def randomise(network, shape):
    """Random affine parameters and, for batch normalisation, statistics near those of random images."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias, 0, 0.3)
    network.train()
    with torch.no_grad():
        network(torch.rand(16, *shape))
    for norm in norms:
        norm.running_mean += 0.3 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
        norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.6, 1.6)
        norm.running_var.clamp_(min=1e-3)
    network.eval()


def references(name, function, shape, count):
    """Logits and gradients in float64 of a function of float64 pixels."""
    key = "images/" + "x".join(map(str, shape))
    if key not in GOLDENS:
        generator = torch.Generator().manual_seed(zlib.crc32(key.encode()))
        GOLDENS[key] = torch.randint(0, 256, (3, *shape), generator=generator, dtype=torch.uint8)
    # The division in float32, as a reader does it.
    x = (GOLDENS[key][:count].float() / 255).double().requires_grad_()
    logits = function(x)
    predicted = logits.max(1).values.sum()
    GOLDENS[f"{name}/logits"] = logits.detach().float()
    GOLDENS[f"{name}/logit-sum"] = torch.autograd.grad(logits.sum(), x, retain_graph=True)[0].float()
    GOLDENS[f"{name}/logit-predicted"] = torch.autograd.grad(predicted, x)[0].float()


def compact(state):
    """The same tensors as views of one storage per type: an archive member of its own would cost each 300 bytes."""
    result = {}
    for kind in {value.dtype for value in state.values()}:
        names = [name for name, value in state.items() if value.dtype == kind]
        joined = torch.cat([state[name].flatten() for name in names])
        offset = 0
        for name in names:
            count = state[name].numel()
            result[name] = joined[offset:offset + count].view(state[name].shape)
            offset += count
    return {name: result[name] for name in state}


def save(name, state):
    torch.save(compact(state), HERE / f"{name}.pt")


def write_networks():
    mean, std = torch.tensor([0.48, 0.45, 0.4]).view(3, 1, 1), torch.tensor([0.25, 0.24, 0.26]).view(3, 1, 1)
    for name, (make, shape, count) in networks.NETWORKS.items():
        seed(name)
        network = make()
        randomise(network, shape)
        state = {key: value for key, value in network.state_dict().items()
                 if name in COUNTED or not key.endswith("num_batches_tracked")}
        reference = copy.deepcopy(network).double()
        if name == "resnet20":
            # As a DataParallel wrapper saves it, trained on normalised pixels.
            save(name, {f"module.{key}": value for key, value in state.items()})
            references(name, lambda x: reference((x - mean) / std), shape, count)
            continue
        save(name, state)
        references(name, reference, shape, count)
        if name == "resnet18":
            smooth(reference)
            references("resnet18-softplus", reference, shape, 2)
        if name == "resnet18-ambiguous":
            reference.maxpool = True
            references("resnet18-ambiguous-maxpool", reference, (3, 16, 16), 1)
    robustness(mean, std)


def smooth(network):
    for module in network.modules():
        if hasattr(module, "act"):
            module.act = networks.softplus


def robustness(mean, std):
    """As the robustness library saves a training run: the network twice, and its normaliser."""
    seed("robustness")
    network = networks.ResNet(networks.BasicBlock, (1, 1, 1, 1), (2, 3, 4, 4))
    randomise(network, (3, 12, 12))
    state = {}
    for prefix in ("module.", "module.attacker."):
        normaliser = "normalizer." if prefix == "module." else "normalize."
        state[f"{prefix}{normaliser}new_mean"], state[f"{prefix}{normaliser}new_std"] = mean, std
        for key, value in network.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                state[f"{prefix}model.{key}"] = value
    torch.save({"model": compact(state), "epoch": 3, "best_prec1": 0.5}, HERE / "robustness.pt")
    reference = copy.deepcopy(network).double()
    references("robustness", lambda x: reference((x.clamp(0, 1) - mean) / std), (3, 12, 12), 2)


def write_layers(kept):
    """`kept`: cases that exist, by name, which stay as they are."""
    tensors, cases = (torch.load(HERE / "layers.pt") if kept else {}), []
    for case in layer_types.cases():
        if case.name in kept:
            cases.append(kept[case.name])
            continue
        seed(case.name)
        module = case.module()
        x = torch.rand(2, *case.shape)
        features = module(x).flatten(1).shape[1]
        full = nn.Sequential(module, nn.Flatten(), nn.Linear(features, 3))
        for parameter in full.parameters():
            nn.init.normal_(parameter, 0.2, 0.7 / max(1, parameter[0].numel()) ** 0.5)
        for norm in [m for m in full.modules() if isinstance(m, nn.BatchNorm2d)]:
            nn.init.normal_(norm.running_mean, 0, 0.5)
            nn.init.uniform_(norm.running_var, 0.5, 2)
        full.eval()
        for key, value in full.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                tensors[f"{case.name}.{key}"] = value
        layers = case.layers(f"{case.name}.0")
        layers += [{"type": "Flatten"}, {"type": "Linear", "name": f"{case.name}.2"}]
        cases.append({"name": case.name, "inputShape": list(case.shape), "layers": layers})
        references(f"layers/{case.name}", full.double(), case.shape, 2)
    save("layers", tensors)
    (HERE / "layers.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    kept, version = {}, torch.__version__
    if sys.argv[1:] == ["layers"]:
        kept = {case["name"]: case for case in json.loads((HERE / "layers.json").read_text())}
        with safe_open(HERE / "goldens.safetensors", "pt") as file:
            GOLDENS.update({name: file.get_tensor(name) for name in file.keys()})
            version = file.metadata()["reference"].split()[1].rstrip(",")
    else:
        write_networks()
    write_layers(kept)
    save_file(
        {name: tensor.contiguous() for name, tensor in GOLDENS.items()}, HERE / "goldens.safetensors",
        {"reference": f"PyTorch {version}, float64"})
