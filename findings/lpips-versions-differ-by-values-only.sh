#!/bin/bash
# Guess: a file of LPIPS says of which version it is, by a name, a shape or a key; loading one into the other is refused.
# Seen: the heads of versions 0.0 and 0.1 have the same keys and shapes, and none is negative in either. A whole saved
# module of version 0.0 is loaded by one of version 0.1 under strict=True, its own scaling constants included, which 0.0
# holds and does not use: the same weights give other distances in silence (0.92 of their own, on a random trunk). Only
# numbers tell: the digests of the package's files, or the sum of lin0 where a file was written anew (both below).
# And use_dropout=False renames the heads, which are loaded with strict=False: they stay random, half of them negative.
# Matters: distances of gradients and of attacks are compared over papers as "LPIPS (alex)".
# Packages: torch 2.13.0 (a CPU build does), torchvision 0.28.0, lpips 0.1.4.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6 scipy==1.17.1 tqdm==4.70.1
python3 -m pip install --quiet --target "$site" --no-deps torchvision==0.28.0 lpips==0.1.4 pillow==13.0.0
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import hashlib
import os
import sys
from importlib.metadata import version

import torch

try:
    import torchvision
except RuntimeError:  # its operators are built for another kind of PyTorch; none is used here
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
import lpips

print("torch", torch.__version__, "lpips", version("lpips"))
changed = False


def check(what, seen, same):
    global changed
    print(f"{what}: {seen}{'' if same else '   CHANGED'}")
    changed |= not same


published = {  # the first digits of the file's SHA-256, the sum of lin0
    ("0.0", "alex"): ("18720f55", 2.5659), ("0.1", "alex"): ("df73285e", 2.3495),
    ("0.0", "squeeze"): ("c27abd3a", 5.3018), ("0.1", "squeeze"): ("4a5350f2", 5.6901),
    ("0.0", "vgg"): ("b9e42362", 3.6416), ("0.1", "vgg"): ("a78928a0", 6.926),
}
for network in ("alex", "squeeze", "vgg"):
    forms = []
    for number in ("0.0", "0.1"):
        path = os.path.join(os.path.dirname(lpips.__file__), "weights", "v" + number, network + ".pth")
        heads = torch.load(path, map_location="cpu")
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()[:8]
        total = heads["lin0.model.1.weight"].double().sum().item()
        expected = published[number, network]
        check(f"{network} {number}: digest and sum of lin0", (digest, round(total, 4)),
              digest == expected[0] and abs(total - expected[1]) < 1e-3)
        forms.append([(key, tuple(value.shape), bool((value >= 0).all())) for key, value in heads.items()])
    check(f"{network}: keys, shapes and signs of both are equal", forms[0] == forms[1], forms[0] == forms[1])

# The trunk is random, so that nothing more is fetched; the heads are the package's.
torch.manual_seed(0)
first, second = (torch.rand(8, 3, 64, 64) * 2 - 1 for _ in range(2))
old = lpips.LPIPS(net="squeeze", version="0.0", pnet_rand=True, verbose=False)
new = lpips.LPIPS(net="squeeze", version="0.1", pnet_rand=True, verbose=False)
answer = new.load_state_dict(old.state_dict(), strict=True)
with torch.no_grad():
    ratio = (new(first, second).mean() / old(first, second).mean()).item()
check("a module of 0.0 in one of 0.1, strict", f"{answer}, mean distance {ratio:.3f} of its own", abs(ratio - 0.923) < 0.01)
bare = lpips.LPIPS(net="squeeze", pnet_rand=True, use_dropout=False, verbose=False)
share = torch.cat([head.model[0].weight.flatten() for head in bare.lins]).lt(0).double().mean().item()
check("use_dropout=False: share of negative weights in the heads", round(share, 2), 0.4 < share < 0.6)
sys.exit(changed)
PYTHON
