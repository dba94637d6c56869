"""Float64 PyTorch values of every objective: loss, gradient of every weight, running statistics after the step.

    python generate.py        (PyTorch 2.5.1 on the CPU; seed below)

Writes objectives.pt: a flat dictionary of float64 tensors. The network is `cnn-small` of width 2 for 2 x 8 x 9 images and
3 classes, in training mode. The objectives are written down here from their formulas (and the paper's public code for
`pgd-l2-batch`), independently of the Swift code. Inputs are rounded to float32, so that both sides start from the same.
"""
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(20)
torch.set_default_dtype(torch.float64)
N, C, H, W, K, WIDTH = 6, 2, 8, 9, 3, 2
STRENGTHS = {
    "cross-entropy": 0.0, "gradient-norm": 0.3, "smoothness": 0.7, "randomized-smoothing": 0.4, "pgd-l2": 0.8,
    "pgd-l2-batch": 1.5, "pgd-linf": 0.1, "alignment": 0.6,
}
NOISE, STEPS, FACTOR = 0.25, 3, 2.0


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        w = WIDTH
        self.conv1, self.bn1 = nn.Conv2d(C, w, 3, 1, 1, bias=False), nn.BatchNorm2d(w)
        self.conv2, self.bn2 = nn.Conv2d(w, 2 * w, 3, 1, 1, bias=False), nn.BatchNorm2d(2 * w)
        self.conv3, self.bn3 = nn.Conv2d(2 * w, 4 * w, 3, 1, 1, bias=False), nn.BatchNorm2d(4 * w)
        self.fc = nn.Linear(4 * w * (H // 4) * (W // 4), K)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        x = F.max_pool2d(F.relu(self.bn3(self.conv3(x))), 2)
        return self.fc(x.flatten(1))


def rounded(x):
    return x.float().double()


def total_cross_entropy(logits, y):
    return F.cross_entropy(logits, y, reduction="sum")


def objective(name, model, x, y, given):
    strength = STRENGTHS[name]
    if name == "cross-entropy":
        return F.cross_entropy(model(x), y)
    if name == "gradient-norm":
        x = x.clone().requires_grad_(True)
        total = total_cross_entropy(model(x), y)
        (g,) = torch.autograd.grad(total, x, create_graph=True)
        return total / N + strength * g.pow(2).sum() / N
    if name == "smoothness":
        clean = model(x)
        noisy = model(x + NOISE * given["noise/images"])
        return F.cross_entropy(clean, y) + strength * (clean - noisy).pow(2).sum() / N
    if name == "randomized-smoothing":
        return F.cross_entropy(model(x + strength * given["noise/images"]), y)
    if name == "alignment":
        x = x.clone().requires_grad_(True)
        logits = model(x)
        mask = F.one_hot(y, K).bool()
        own = logits[mask]
        others = logits[~mask].view(N, K - 1).logsumexp(1)
        (g,) = torch.autograd.grad((own - others).sum(), x, create_graph=True)
        cosine = F.cosine_similarity(g.flatten(1), given["directions"].flatten(1), dim=1)
        return F.cross_entropy(logits, y) + strength * (1 - cosine).mean()
    alpha = FACTOR * strength / STEPS
    if name == "pgd-l2":
        length = lambda v: v.flatten(1).norm(dim=1).view(N, 1, 1, 1)
        delta = given["noise/attack-normal"]
        delta = delta / length(delta) * strength / 2
        for _ in range(STEPS):
            delta.requires_grad_(True)
            (g,) = torch.autograd.grad(F.cross_entropy(model(x + delta), y), delta)
            delta = delta.detach() + alpha * g / length(g)
            delta = torch.where(length(delta) > strength, strength * delta / length(delta), delta)
    elif name == "pgd-l2-batch":
        delta = given["noise/attack-uniform"]
        delta = strength * delta / torch.linalg.norm(delta.flatten()) / 2
        for _ in range(STEPS):
            delta.requires_grad_(True)
            (g,) = torch.autograd.grad(F.cross_entropy(model(x + delta), y), delta)
            delta = delta.detach() + alpha * g / torch.linalg.norm(g.flatten())
            norm = torch.linalg.norm(delta.flatten())
            if norm > strength:
                delta = strength * delta / norm
    elif name == "pgd-linf":
        delta = (2 * given["noise/attack-uniform"] - 1) * strength
        for _ in range(STEPS):
            delta.requires_grad_(True)
            (g,) = torch.autograd.grad(F.cross_entropy(model(x + delta), y), delta)
            delta = (delta.detach() + alpha * g.sign()).clamp(-strength, strength)
    else:
        raise ValueError(name)
    return F.cross_entropy(model(x + delta), y)


x = rounded(torch.randn(N, C, H, W))
y = torch.tensor([0, 2, 1, 1, 0, 2])
given = {
    "noise/images": rounded(torch.randn(N, C, H, W)),
    "noise/attack-normal": rounded(torch.randn(N, C, H, W)),
    "noise/attack-uniform": rounded(torch.rand(N, C, H, W)),
    "directions": rounded(torch.randn(N, C, H, W)),
}
model = Small()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(rounded(parameter + 0.2 * torch.randn_like(parameter)))
initial = {name: tensor.clone() for name, tensor in model.state_dict().items()}

result = {"images": x, "labels": y.double(), **given}
result |= {f"initial/{name}": tensor.double() for name, tensor in initial.items()}
for name in STRENGTHS:
    model.load_state_dict(initial)
    model.train()
    model.zero_grad()
    loss = objective(name, model, x, y, given)
    loss.backward()
    result[f"{name}/loss"] = loss.detach()
    for parameter, tensor in model.named_parameters():
        result[f"{name}/gradient/{parameter}"] = tensor.grad.clone()
    for buffer, tensor in model.named_buffers():
        result[f"{name}/after/{buffer}"] = tensor.double().clone()
torch.save(result, pathlib.Path(__file__).with_name("objectives.pt"))
