"""Reads with PyTorch what PyTorchZipWriterTests wrote, and checks it.

    PAGS_BENCH_WRITTEN=FILE swift test --filter PyTorchZipWriterTests
    python check_written.py FILE

Seen to pass with PyTorch 2.5.1.
"""

import sys

import torch

state = torch.load(sys.argv[1], weights_only=True)
expected = {
    "conv.weight": torch.arange(8).reshape(2, 1, 2, 2) / 4,
    "bn.num_batches_tracked": torch.tensor(2**40),
    "größe": torch.full((300,), 0.1),
    "empty": torch.zeros(0, 3),
    "mask": torch.tensor([True, False]),
}
assert list(state) == list(expected), list(state)
for name, tensor in expected.items():
    assert state[name].dtype == tensor.dtype and torch.equal(state[name], tensor), name
mapped = torch.load(sys.argv[1], weights_only=True, mmap=True)
assert all(torch.equal(mapped[name], tensor) for name, tensor in expected.items())
print(f"PyTorch {torch.__version__} reads all {len(state)} tensors")
