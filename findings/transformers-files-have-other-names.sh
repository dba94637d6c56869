#!/bin/bash
# Guess: `save_pretrained` writes the state dict, so that its file can be loaded by `load_state_dict`, and `torch.save(model.state_dict())` is
# the same checkpoint in another format.
# Seen: since transformers 5 modules of ViT, DeiT and Swin are called otherwise in memory (`vit.layers.0.attention.q_proj`) than in
# every file that `save_pretrained` writes (`vit.encoder.layer.0.attention.attention.query`): of the names of a ViT of 12 blocks 8 in 200 are in both. `load_state_dict`
# of the file raises, and with strict=False loads those 8 without a word and leaves the rest random; `from_pretrained` renames. Files of ResNets and
# ConvNeXts have the names of memory.
# Matters: the same network reaches a benchmark under two spellings, by how it was saved; a loader with strict=False measures a random one.
# Packages: torch 2.13.0, transformers 5.24.0, safetensors 0.8.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
PYTHONPATH="$site" SITE="$site" HF_HOME="$site/hub" HF_HUB_OFFLINE=1 python3 -W ignore - <<'PYTHON' 2> >(grep -v "Writing model shards" >&2)
import os
import sys

import torch
import transformers
from safetensors.torch import load_file

print("torch", torch.__version__, "transformers", transformers.__version__)
SMALL = {"hidden_size": 16, "num_hidden_layers": 12, "num_attention_heads": 4, "intermediate_size": 24, "image_size": 12, "patch_size": 4}
MODELS = {
    "ViT": (transformers.ViTForImageClassification, transformers.ViTConfig(**SMALL)),
    "DeiT": (transformers.DeiTForImageClassificationWithTeacher, transformers.DeiTConfig(**SMALL)),
    "Swin": (transformers.SwinForImageClassification, transformers.SwinConfig(embed_dim=8, depths=[1, 1], num_heads=[1, 2])),
    "ResNet": (transformers.ResNetForImageClassification, transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1])),
    "ConvNeXt": (transformers.ConvNextForImageClassification, transformers.ConvNextConfig(hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1])),
}
changed = False
for name, (model, configuration) in MODELS.items():
    network = model(configuration)
    folder = os.path.join(os.environ["SITE"], name)
    network.save_pretrained(folder)
    file, memory = load_file(os.path.join(folder, "model.safetensors")), network.state_dict()
    both = set(file) & set(memory)
    other = model(configuration)
    loose = other.load_state_dict(file, strict=False)
    same = sum(torch.equal(other.state_dict()[key], memory[key]) for key in both)
    again = model.from_pretrained(folder).state_dict()
    print(f"{name}: {len(memory)} tensors in memory, {len(file)} in the file, {len(both)} names in both; strict=False leaves "
          f"{len(loose.missing_keys)} random; from_pretrained restores {sum(torch.equal(again[key], memory[key]) for key in memory)}")
    differs = name in ("ViT", "DeiT", "Swin")
    if (len(both) < len(memory) / 2) != differs or bool(loose.missing_keys) != differs or same != len(both):
        print("  CHANGED")
        changed = True
sys.exit(changed)
PYTHON
