"""Float64 PyTorch values of every optimizer and schedule: the weights after every step, and the learning rates.

    python generate_optimizers.py        (PyTorch 2.5.1 on the CPU; seed below)

Writes optimizers.pt: a flat dictionary of float64 tensors. Five weights follow given gradients, whose length is limited to 2
where the case says so, over 4 epochs of 5 steps.
"""
import pathlib

import torch
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR, OneCycleLR

torch.manual_seed(21)
torch.set_default_dtype(torch.float64)
EPOCHS, STEPS, WEIGHTS = 4, 5, 5
TOTAL = EPOCHS * STEPS


def one_cycle(optimizer, rate):
    return OneCycleLR(optimizer, max_lr=rate, total_steps=TOTAL, pct_start=0.15)


CASES = {
    "sgd": (lambda w: SGD(w, lr=0.1, momentum=0.0), None, False),
    "sgd-momentum-step": (lambda w: SGD(w, lr=0.1, momentum=0.9, weight_decay=0.05),
                          lambda o: MultiStepLR(o, [int(0.5 * EPOCHS), int(0.8 * EPOCHS)], gamma=0.1), False),
    "sgd-nesterov-cosine": (lambda w: SGD(w, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05),
                            lambda o: CosineAnnealingLR(o, TOTAL), True),
    "sgd-one-cycle": (lambda w: SGD(w, lr=0.1, momentum=0.9), lambda o: one_cycle(o, 0.1), True),
    "adam": (lambda w: Adam(w, lr=0.01), None, False),
    "adam-one-cycle": (lambda w: Adam(w, lr=0.01, weight_decay=0.05), lambda o: one_cycle(o, 0.01), True),
    "adam-cosine": (lambda w: Adam(w, lr=0.01, betas=(0.8, 0.99), eps=1e-3), lambda o: CosineAnnealingLR(o, TOTAL), False),
}

initial = torch.randn(WEIGHTS).float().double()
gradients = torch.randn(TOTAL, WEIGHTS).float().double()
result = {"initial": initial, "gradients": gradients}
for name, (make, schedule, clips) in CASES.items():
    weights = torch.nn.Parameter(initial.clone())
    optimizer = make([weights])
    scheduler = schedule(optimizer) if schedule else None
    path, rates = [], []
    for step in range(TOTAL):
        weights.grad = gradients[step].clone()
        if clips:
            torch.nn.utils.clip_grad_norm_([weights], 2.0)
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        path.append(weights.detach().clone())
        # A step schedule counts epochs.
        if scheduler and (not isinstance(scheduler, MultiStepLR) or (step + 1) % STEPS == 0):
            scheduler.step()
    result[f"{name}/weights"] = torch.stack(path)
    result[f"{name}/rates"] = torch.tensor(rates)
torch.save(result, pathlib.Path(__file__).with_name("optimizers.pt"))
