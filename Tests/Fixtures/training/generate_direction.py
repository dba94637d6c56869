"""Float64 PyTorch values of a few steps as the direction paper trains: the weights after each.

    python generate_direction.py        (PyTorch 2.5.1 or later on the CPU; seed below)

Writes direction.pt: a flat dictionary of float64 tensors. The network is `mlp` of width 6 for 1 x 3 x 4 images and 3 classes, with batch
normalisation in inference mode (mean 0, variance 1) whose scale and shift are trained; Adam with betas (0, 0.9) and no schedule. Three objectives: the
cross-entropy; that and the alignment penalty with given directions; the cross-entropy at images attacked in Linf along the gradient of the linear
margin, max over the other classes of z - z_label. Written down from their formulas, independently of the Swift code.
"""
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(14)
torch.set_default_dtype(torch.float64)
N, SHAPE, K, WIDTH, STEPS = 5, (1, 3, 4), 3, 6, 3
STRENGTHS = {"cross-entropy": 0.0, "alignment": 0.4, "pgd-linf": 0.3}
ATTACK_STEPS, FACTOR = 4, 2.0


class Perceptron(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.bn1 = nn.Linear(12, WIDTH), nn.BatchNorm1d(WIDTH)
        self.fc2, self.bn2 = nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH)
        self.fc3 = nn.Linear(WIDTH, K)

    def forward(self, x):
        x = self.bn1(F.relu(self.fc1(x.flatten(1))))
        return self.fc3(self.bn2(F.relu(self.fc2(x))))


def rounded(x):
    return x.float().double()


def others(logits, y):
    return logits[~F.one_hot(y, K).bool()].view(N, K - 1)


def own(logits, y):
    return logits.gather(1, y[:, None])[:, 0]


def objective(name, model, x, y, given):
    strength = STRENGTHS[name]
    if name == "cross-entropy":
        return F.cross_entropy(model(x), y)
    if name == "alignment":
        x = x.clone().requires_grad_(True)
        logits = model(x)
        odds = own(logits, y) - others(logits, y).logsumexp(1)
        (g,) = torch.autograd.grad(odds.sum(), x, create_graph=True)
        cosine = F.cosine_similarity(g.flatten(1), given["directions"].flatten(1), dim=1)
        return F.cross_entropy(logits, y) + strength * (1 - cosine).mean()
    delta = (2 * given["noise/attack"] - 1) * strength
    for _ in range(ATTACK_STEPS):
        delta.requires_grad_(True)
        logits = model(x + delta)
        (g,) = torch.autograd.grad((others(logits, y).max(1).values - own(logits, y)).sum(), delta)
        delta = (delta.detach() + FACTOR * strength / ATTACK_STEPS * g.sign()).clamp(-strength, strength)
    return F.cross_entropy(model(x + delta), y)


x = rounded(torch.randn(N, *SHAPE))
y = torch.tensor([0, 2, 1, 1, 0])
given = {"noise/attack": rounded(torch.rand(N, *SHAPE)), "directions": rounded(torch.randn(N, *SHAPE))}
model = Perceptron().eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(rounded(parameter + 0.2 * torch.randn_like(parameter)))
initial = {name: tensor.clone() for name, tensor in model.state_dict().items()}
result = {"images": x, "labels": y.double(), **given}
result |= {f"initial/{name}": tensor.double() for name, tensor in initial.items()}
for name in STRENGTHS:
    model.load_state_dict(initial)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.0, 0.9))
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = objective(name, model, x, y, given)
        loss.backward()
        optimizer.step()
        result[f"{name}/{step}/loss"] = loss.detach()
        for parameter, tensor in model.named_parameters():
            result[f"{name}/{step}/{parameter}"] = tensor.detach().clone()
torch.save(result, pathlib.Path(__file__).with_name("direction.pt"))
