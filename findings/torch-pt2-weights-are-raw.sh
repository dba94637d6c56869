#!/bin/bash
# Guess: the weights in an archive of torch.export (.pt2) are a pickled state dict, as in every other file of PyTorch's.
# Seen: each storage is a bare file of little-endian numbers, without header or pickle, beside a JSON table of names, shapes
# and strides; only the sample inputs are pickled. Tied tensors and views of one storage name the same file: a transposed
# weight's bytes in the order of its shape are another matrix, and a slice begins at its offset.
# Matters: the weights can be read, and checked by a scanner, without unpickling anything; who reads the bytes and the
# sizes only, gets a permuted weight without an error. Data types are numbers of their own: 7 is float32, 13 bfloat16.
# Packages: torch 2.13.0 (a CPU build does), numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
PYTHONPATH="$site" SITE="$site" python3 -W ignore - <<'PYTHON'
import json
import os
import sys
import zipfile

import numpy as np
import torch

print("torch", torch.__version__)


class Shared(torch.nn.Module):
    def __init__(self):
        super().__init__()
        storage = torch.arange(24.0)
        self.weight = torch.nn.Parameter(storage.view(4, 6).t())
        self.tied = self.weight
        self.register_buffer("slice", storage[6:12])
        self.register_buffer("halves", torch.ones(2, dtype=torch.bfloat16))

    def forward(self, x):
        return x @ self.weight + x @ self.tied + self.slice.sum() + self.halves.float().sum()


path = os.path.join(os.environ["SITE"], "shared.pt2")
network = Shared().eval()
torch.export.save(torch.export.export(network, (torch.ones(2, 6),)), path)
archive = zipfile.ZipFile(path)
entries = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
weights = sorted(name for name in entries if name.startswith("data/weights/weight"))
table = json.loads(entries["data/weights/model_weights_config.json"])["config"]
for name in weights:
    print(name, len(entries[name]), "bytes")
for name, row in table.items():
    meta = row["tensor_meta"]
    numbers = [[size["as_int"] for size in meta[key]] for key in ("sizes", "strides")]
    print(name, row["path_name"], "pickled", row["use_pickle"], "type", meta["dtype"], "sizes", numbers[0], "strides",
          numbers[1], "offset", meta["storage_offset"]["as_int"])
raw = np.frombuffer(entries["data/weights/" + table["weight"]["path_name"]], "<f4")
naive = np.array_equal(raw.reshape(6, 4), network.weight.detach())
by_strides = np.array_equal(np.lib.stride_tricks.as_strided(raw, (6, 4), (4, 24)), network.weight.detach())
print("weight equals its bytes in the order of its shape:", naive, "- by its strides:", by_strides)
same = (
    len(raw) == 24 and not naive and by_strides and not any(row["use_pickle"] for row in table.values())
    and len({table[name]["path_name"] for name in ("weight", "tied", "slice")}) == 1
    and table["slice"]["tensor_meta"]["storage_offset"]["as_int"] == 6
    and (table["weight"]["tensor_meta"]["dtype"], table["halves"]["tensor_meta"]["dtype"]) == (7, 13))
sys.exit(not same)
PYTHON
