"""Modules of PyTorch: what is served of one, its digest, and leaving it as it was."""

from __future__ import annotations

import contextlib
import json
import random
import re
import struct
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Dict, Iterator, List, Optional, Tuple, Union

import numpy as np
import pags_bench_plugin as helper

from ._errors import UsageError
from ._serving import ServedClassifier

if TYPE_CHECKING:
    import torch


def is_module(model: object) -> bool:
    """Whether it is a `torch.nn.Module`; PyTorch is not imported for that."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def unwrapped(module: torch.nn.Module) -> torch.nn.Module:
    """The module within those that `torch.compile` and data parallelism put around it: its name and its tensors' names are
    what it is known by."""
    while True:
        kind = type(module).__name__
        inner = (
            getattr(module, "_orig_mod", None) if kind == "OptimizedModule"
            else getattr(module, "module", None) if kind in ("DataParallel", "DistributedDataParallel") else None)
        if inner is None:
            return module
        module = inner


def identifier(text: str) -> str:
    """A name as an id: lower-case letters, digits, `.`, `_`, `-`."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("._-")[:100] or "model"


@contextlib.contextmanager
def served(
    module: torch.nn.Module, *, device: Union[str, torch.device, None], threads: Optional[int], **announced: Any
) -> Iterator[ServedClassifier]:
    """The module in evaluation mode, frozen and on `device`, while it is served. Afterwards it is as it was: the mode of
    each of its parts, which parameters are trained, where its tensors are, gradients, PyTorch's threads, and the random
    numbers of PyTorch, numpy and Python."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_random_numbers(device))
        stack.enter_context(_threads(threads))
        if device is not None:
            stack.enter_context(_place(module))
            module.to(device)
        stack.enter_context(_evaluation_mode(module))
        guards = stack.enter_context(_strict(module))
        forward, backward, facts = helper.torch_functions(module, device)
        facts["notes"] = [*facts["notes"], *guards]
        facts["architecture"] = type(unwrapped(module)).__name__
        facts.update((key, value) for key, value in announced.items() if value is not None)
        yield ServedClassifier(forward, backward, **facts)


@contextlib.contextmanager
def _evaluation_mode(module: torch.nn.Module) -> Iterator[None]:
    modes = [(part, part.training) for part in module.modules()]
    # Inference tensors have no gradients, and refuse to be asked to.
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad and not parameter.is_inference()]
    try:
        module.eval()
        for parameter in trained:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)
        # Its own way first, which may do more than set flags (merged adapters are taken apart again).
        module.train(modes[0][1])
        for part, mode in modes:
            part.training = mode


@contextlib.contextmanager
def _place(module: torch.nn.Module) -> Iterator[None]:
    """Puts the very tensors back that a move to another device replaces."""
    places: List[Tuple[Dict[str, Any], str, Any, Any, Any, Any]] = []
    for part in module.modules():
        for registry in (part._parameters, part._buffers):
            for name, tensor in registry.items():
                if tensor is not None:
                    gradient = tensor.grad if tensor.is_leaf else None
                    places.append(
                        (registry, name, tensor, tensor.data, gradient, None if gradient is None else gradient.data))
    try:
        yield
    finally:
        for registry, name, tensor, data, gradient, gradient_data in places:
            registry[name] = tensor
            tensor.data = data
            if gradient is not None:
                gradient.data = gradient_data
                tensor.grad = gradient


@contextlib.contextmanager
def _strict(module: torch.nn.Module) -> Iterator[List[str]]:
    """The guards of `strict_torch` where the module is on another device than the processor, whose numbers need none;
    what was set before is set again afterwards."""
    import torch

    if all(tensor.device.type == "cpu" for tensor in (*module.parameters(), *module.buffers())):
        yield []
        return
    backends = torch.backends
    precision: List[Tuple[Any, str]] = (
        [(backends.cuda.matmul, "fp32_precision"), (backends.cudnn.conv, "fp32_precision"), (backends.cudnn.rnn, "fp32_precision")]
        if hasattr(backends, "fp32_precision") else [(backends.cuda.matmul, "allow_tf32"), (backends.cudnn, "allow_tf32")])
    settings = [*precision, (backends.cudnn, "benchmark"), (backends.cudnn, "deterministic")]
    before = [(owner, name, getattr(owner, name)) for owner, name in settings]
    deterministic = torch.are_deterministic_algorithms_enabled()
    warns_only = torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        yield helper.strict_torch()
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)
        torch.use_deterministic_algorithms(deterministic, warn_only=warns_only)


@contextlib.contextmanager
def _threads(count: Optional[int]) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    try:
        if count is not None and count > 0:  # the program says what is wrong with others
            torch.set_num_threads(count)
        yield
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)


@contextlib.contextmanager
def _random_numbers(device: Union[str, torch.device, None]) -> Iterator[None]:
    """A module in evaluation mode draws none, most of the time."""
    import torch

    accelerators = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    python, arrays = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=list(accelerators)):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)


_SAFETENSORS_TYPES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16", "int32": "I32", "uint32": "U32",
    "int64": "I64", "uint64": "U64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
}


def write_tensors(module: torch.nn.Module, file: BinaryIO) -> None:
    """Writes parameters and buffers as safetensors, ordered by name: the same tensors are the same bytes, whatever they
    are called in memory. The file's digest is what a result knows the model by.

    Raises:
        UsageError: there are none, or one that a file cannot hold.
    """
    module = unwrapped(module)
    tensors = {**dict(module.named_buffers(remove_duplicate=False)), **dict(module.named_parameters(remove_duplicate=False))}
    name = type(module).__name__
    if not tensors:
        raise UsageError(f"{name} has neither parameters nor buffers, so that nothing says which model this is; pass checkpoint=FILE")
    entries: Dict[str, Any] = {}
    end = 0
    for key in sorted(tensors):
        tensor = tensors[key]
        kind = _SAFETENSORS_TYPES.get(str(tensor.dtype).replace("torch.", ""))
        if type(tensor).__name__.startswith("Uninitialized"):
            raise UsageError(f"{name}: `{key}` has no shape before the module has seen an image; give it one first")
        if kind is None or tensor.layout != _strided() or tensor.is_meta:
            raise UsageError(
                f"{name}: `{key}` is a tensor of {tensor.dtype} ({tensor.layout}, on {tensor.device}), which has no bytes to take "
                "a digest of; pass checkpoint=FILE, which says which model this is")
        begin, end = end, end + tensor.numel() * tensor.element_size()
        entries[key] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [begin, end]}
    header = json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    file.write(struct.pack("<Q", len(header)))
    file.write(header)
    for key in sorted(tensors):
        file.write(_bytes(tensors[key]))


def _strided() -> torch.layout:
    import torch

    return torch.strided


def _bytes(tensor: torch.Tensor) -> memoryview:
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return memoryview(flat.view(torch.uint8).numpy()).cast("B") if flat.numel() else memoryview(b"")
