#!/bin/bash
# Guess: a checkpoint's `ema_state_dict` holds the averaged weights and its `state_dict` those of the last step.
# Seen: MMEngine's EMAHook writes them the other way round: `state_dict` is the average, and `ema_state_dict` the weights of
# the last step, under the average's own names (`module.*`, with its counter `steps`). Nothing in the file says so.
# Matters: a reader that looks for a key with "ema" in it, as other trainings write it (timm: `state_dict_ema`), takes the
# weights that were not to be evaluated; robust training is where the two differ most.
# Packages: torch 2.13.0 (a CPU build does), mmengine-lite 0.10.7, opencv-python-headless 5.0.0.93, matplotlib 3.11.2.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 mmengine-lite==0.10.7 \
  opencv-python-headless==5.0.0.93 matplotlib==3.11.2 numpy==2.4.6
PYTHONPATH="$site" SITE="$site" python3 -W ignore - <<'PYTHON'
import os
import sys

import mmengine
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner

print("torch", torch.__version__, "mmengine", mmengine.__version__)


class OneWeight(BaseModel):
    """Loses 0.1 a step: 1 at first, 0 after ten steps."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, images, mode="loss"):
        return {"loss": (self.weight * images).sum()}


folder = os.path.join(os.environ["SITE"], "run")
runner = Runner(
    OneWeight(), folder, log_level="ERROR",
    train_dataloader=torch.utils.data.DataLoader([torch.ones(1)] * 10, batch_size=1, collate_fn=list),
    train_cfg=dict(by_epoch=False, max_iters=10),
    optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1)),
    custom_hooks=[dict(type="EMAHook", momentum=0.1)],
    default_hooks=dict(checkpoint=dict(type="CheckpointHook", interval=10, by_epoch=False)))
runner.train()

# By the definition, from the first step's weights on: a <- 0.9 a + 0.1 w.
average = 0.9
for step in range(2, 11):
    average = 0.9 * average + 0.1 * (1 - step / 10)
file = torch.load(os.path.join(folder, "iter_10.pth"), weights_only=False)
plain, ema = ({name: value.item() for name, value in file[key].items()} for key in ("state_dict", "ema_state_dict"))
print(f"the last step's weight 0, the average {average:.4f}")
print("state_dict    ", plain)
print("ema_state_dict", ema)
same = (
    list(plain) == ["weight"] and abs(plain["weight"] - average) < 1e-4
    and sorted(ema) == ["module.weight", "steps"] and abs(ema["module.weight"]) < 1e-6)
sys.exit(not same)
PYTHON
