"""Writes the checkpoint fixtures beside this script, and what PyTorch reads from them.

    python generate.py [DIRECTORY OF REAL CHECKPOINTS]

Made with Python 3.11, PyTorch 2.5.1, NumPy 1.26 or 2 and safetensors 0.4 or later. Needs no random
numbers; legacy files differ from run to run in their storage keys, which are memory addresses.

expected.tsv   file, tensor, dtype, shape, all values (exact, float64)
real.tsv       for the real checkpoints: file, tensor, shape, sum, sum of absolute values, first and last value
"""

import collections
import io
import os
import pickle
import re
import sys
import zipfile

import numpy as np
import safetensors.torch
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
EXPECTED = []


def path(name):
    return os.path.join(HERE, name)


def expect(file, tensors):
    for name, tensor in tensors.items():
        tensor = torch.as_tensor(tensor).detach()
        values = ",".join(float(v).hex() for v in tensor.to(torch.float64).reshape(-1).tolist())
        shape = ",".join(str(s) for s in tensor.shape)
        dtype = str(tensor.dtype).removeprefix("torch.")
        EXPECTED.append("\t".join([file, name, dtype, shape, values]))


def save(file, value, tensors, legacy=False, protocol=2):
    torch.save(value, path(file), pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy)
    expect(file, tensors)


def ramp(*shape, start=0.0, step=0.25):
    count = int(np.prod(shape)) if shape else 1
    return (torch.arange(count, dtype=torch.float64) * step + start).to(torch.float32).reshape(shape)


def state():
    return collections.OrderedDict(
        [
            ("conv.weight", ramp(2, 3, 1, 1, start=-1)),
            ("bn.running_mean", ramp(2, start=5)),
            ("bn.num_batches_tracked", torch.tensor(7)),
        ]
    )


def dtypes():
    values = [0.0, 1.0, -2.5, 3.140625, 0.0078125]
    tensors = {}
    for dtype in ["float64", "float32", "float16", "bfloat16"]:
        tensors[dtype] = torch.tensor(values, dtype=getattr(torch, dtype))
    # The smallest subnormal, the largest subnormal, the smallest normal and the largest number, then infinity.
    bits = np.array([0x0001, 0x03FF, 0x0400, 0x7BFF, 0xFC00, 0x8001], dtype=np.uint16)
    tensors["float16.special"] = torch.from_numpy(bits.view(np.float16))
    for dtype in ["int64", "int32", "int16", "int8"]:
        info = torch.iinfo(getattr(torch, dtype))
        largest = min(info.max, 2**53)
        tensors[dtype] = torch.tensor([-largest, -1, 0, 1, largest], dtype=getattr(torch, dtype))
    tensors["uint8"] = torch.tensor([0, 1, 128, 255], dtype=torch.uint8)
    tensors["bool"] = torch.tensor([True, False, True])
    return tensors


def views():
    base = ramp(24)
    return collections.OrderedDict(
        [
            ("whole", base),
            ("offset", base[5:9]),
            ("transposed", base.reshape(4, 6).t()),
            ("strided", base[1::5]),
            ("block", base.reshape(2, 3, 4)[:, 1:, ::2]),
            ("permuted", base.reshape(2, 3, 4).permute(2, 0, 1)),
            ("expanded", base[3:5].reshape(2, 1).expand(2, 5)),
            ("scalar", base[7]),
            ("empty", base[:0].reshape(0, 3)),
            ("half", base.to(torch.float16).reshape(4, 6).t()),
        ]
    )


class Tagged(torch.Tensor):
    """A tensor subclass: saved through _rebuild_from_type_v2."""


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
        self.register_buffer("scale", ramp(2, start=3))
        self.register_buffer("transient", ramp(4), persistent=False)
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            for index, parameter in enumerate(self.parameters()):
                parameter.copy_(ramp(*parameter.shape, start=index))


class Scripted(nn.Module):
    def forward(self, x):
        return x + 1


class Runs:
    """Would create a file when unpickled by Python."""

    def __reduce__(self):
        return (os.system, ("echo executed > pags-bench-executed",))


def robustness():
    network = {"conv1.weight": ramp(2, 3, 1, 1), "linear.bias": ramp(2, start=9)}
    mean, std = ramp(3, 1, 1, start=0.5), ramp(3, 1, 1, start=0.125)
    tensors = collections.OrderedDict([("module.normalizer.new_mean", mean), ("module.normalizer.new_std", std)])
    for name, value in network.items():
        tensors["module.model." + name] = value
    tensors["module.attacker.normalize.new_mean"] = mean
    tensors["module.attacker.normalize.new_std"] = std
    for name, value in network.items():
        tensors["module.attacker.model." + name] = value
    return tensors, network


def small(start):
    shapes = {"conv.weight": (4, 1, 3, 3), "conv.bias": (4,), "fc.weight": (10, 200), "fc.bias": (10,)}
    return {name: ramp(*shape, start=start, step=1 / 2048) for name, shape in shapes.items()}


def repack(source, target, **options):
    """Copies an archive entry by entry with Python's own zip writer."""
    with zipfile.ZipFile(path(source)) as old, zipfile.ZipFile(path(target), "w", **options) as new:
        for entry in old.infolist():
            fixed = zipfile.ZipInfo(entry.filename)
            fixed.compress_type = options.get("compression", zipfile.ZIP_STORED)
            with new.open(fixed, "w", force_zip64=options.get("compression") is None) as stream:
                stream.write(old.read(entry.filename))


class Unseekable(io.RawIOBase):
    """Makes zipfile write data descriptors."""

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


def legacy_with_view_metadata():
    """Legacy files of PyTorch 0.x refer to parts of storages; written by hand here."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return value.key if isinstance(value, Reference) else None

    class Reference:
        def __init__(self, key):
            self.key = key

    class Rebuilt:
        def __init__(self, *arguments):
            self.arguments = arguments

        def __reduce__(self):
            return (torch._utils._rebuild_tensor, self.arguments)

    whole = Reference(("storage", torch.FloatStorage, "11", "cuda:0", 6, None))
    part = Reference(("storage", torch.FloatStorage, "11", "cuda:0", 6, ("12", 2, 3)))
    value = {"whole": Rebuilt(whole, 0, (2, 3), (3, 1)), "part": Rebuilt(part, 1, (2,), (1,))}
    with open(path("legacy-view-metadata.pt"), "wb") as file:
        for head in [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True}]:
            pickle.dump(head, file, protocol=2)
        Pickler(file, protocol=2).dump(value)
        pickle.dump(["11"], file, protocol=2)
        file.write((6).to_bytes(8, "little"))
        file.write(np.arange(6, dtype=np.float32).tobytes())
    expect("legacy-view-metadata.pt", {"whole": torch.arange(6.0).reshape(2, 3), "part": torch.tensor([3.0, 4.0])})


def replace(source, target, pattern, new):
    data, count = re.subn(pattern, new, open(path(source), "rb").read(), flags=re.DOTALL)
    assert count == 1, (source, count)
    open(path(target), "wb").write(data)


def without_source(*arguments):
    """Keeps PyTorch from putting the source code of its classes into legacy files."""
    raise OSError


def main():
    torch.serialization.get_source_lines_and_file = without_source
    for protocol in [2, 3, 4, 5]:
        save(f"zip-protocol{protocol}.pt", state(), state(), protocol=protocol)
    # PyTorch writes protocol 0 but cannot read it: its storage references lose their structure.
    for protocol in [1, 2, 3, 4, 5]:
        save(f"legacy-protocol{protocol}.pt", state(), state(), legacy=True, protocol=protocol)
    save("zip-dtypes.pt", dtypes(), dtypes())
    save("legacy-dtypes.pt", dtypes(), dtypes(), legacy=True)
    save("zip-views.pt", views(), views())
    save("legacy-views.pt", views(), views(), legacy=True)
    legacy_with_view_metadata()

    wide = {"uint16": torch.tensor([1, 65535], dtype=torch.uint16), "uint32": torch.tensor([2, 2**32 - 1], dtype=torch.uint32)}
    # PyTorch 2.5 cannot save these; later releases do, in the way it saves float8.
    torch.storage._new_dtypes, new_dtypes = lambda: {torch.uint16, torch.uint32}, torch.storage._new_dtypes
    save("zip-wide-unsigned.pt", wide, wide)
    torch.storage._new_dtypes = new_dtypes

    attributed = nn.Parameter(ramp(3))
    attributed.note = "kept by _rebuild_parameter_with_state"
    parameters = {"plain": nn.Parameter(ramp(2)), "attributed": attributed, "tagged": ramp(2).as_subclass(Tagged)}
    save("zip-parameters.pt", parameters, {k: v.detach().as_subclass(torch.Tensor) for k, v in parameters.items()})

    network = Network()
    save("zip-module.pt", network, network.state_dict())
    save("legacy-module.pt", {"epoch": 4, "net": network}, network.state_dict(), legacy=True)

    training = {"epoch": 109, "best": np.float64(0.75), "arch": "small", "optimizer": {"state": {0: ramp(3)}}}
    save("zip-list.pt", {**training, "state_dict": [state()]}, state())
    # Three networks of the layer list that RunnerTests/SmallModel describes, as of a cascade.
    torch.save([small(start) for start in (-0.5, -0.25, 0.25)], path("zip-cascade.pt"))
    for key in ["state_dict", "model_state_dict", "model", "net", "ema"]:
        save(f"zip-under-{key}.pt", {**training, key: state()}, state())
    prefixed = {"module._orig_mod." + name: value for name, value in state().items()}
    save("zip-prefixes.pt", prefixed, state())
    mixed = {"module.a": ramp(1), "b": ramp(2)}
    save("zip-mixed-prefixes.pt", mixed, {"a": mixed["module.a"], "b": mixed["b"]})
    tensors, inner = robustness()
    save("robustness.pt", {"model": tensors, "epoch": 3}, inner)
    save("zip-executes.pt", {"state_dict": state(), "payload": Runs()}, state())
    save("legacy-executes.pt", {"state_dict": state(), "payload": Runs()}, state(), legacy=True)

    arrays = {
        "c": np.arange(6, dtype=np.float32).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3)),
        "integers": np.array([1, -2], dtype=np.int16),
    }
    save("zip-numpy.pt", arrays, arrays)
    for protocol in [2, 4, 5]:
        with open(path(f"numpy-protocol{protocol}.pkl"), "wb") as file:
            pickle.dump(arrays, file, protocol=protocol)
        expect(f"numpy-protocol{protocol}.pkl", arrays)
    for protocol in [2, 4]:
        with open(path(f"dumped-protocol{protocol}.pkl"), "wb") as file:
            pickle.dump(state(), file, protocol=protocol)
        expect(f"dumped-protocol{protocol}.pkl", state())

    repack("zip-protocol2.pt", "zip-deflated.pt", compression=zipfile.ZIP_DEFLATED)
    repack("zip-protocol2.pt", "zip-zip64.pt")
    with open(path("zip-streamed.pt"), "wb") as file, zipfile.ZipFile(path("zip-protocol2.pt")) as old:
        with zipfile.ZipFile(Unseekable(file), "w", compression=zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                new.writestr(zipfile.ZipInfo(entry.filename), old.read(entry.filename), zipfile.ZIP_DEFLATED)
    for file in ["zip-deflated.pt", "zip-zip64.pt", "zip-streamed.pt"]:
        expect(file, state())

    safetensors.torch.save_file(dtypes(), path("dtypes.safetensors"), metadata={"note": "ünïcode", "format": "pt"})
    expect("dtypes.safetensors", dtypes())

    # Refused, each with its message.
    with zipfile.ZipFile(path("zip-protocol2.pt")) as old, zipfile.ZipFile(path("refused-big-endian.pt"), "w") as new:
        for entry in old.infolist():
            content = b"big" if entry.filename.endswith("/byteorder") else old.read(entry.filename)
            new.writestr(zipfile.ZipInfo(entry.filename), content)
    replace("legacy-protocol2.pt", "refused-big-endian-legacy.pt", rb"(?<=little_endianq.)\x88", b"\x89")
    torch.jit.save(torch.jit.script(Scripted()), path("refused-torchscript.pt"))
    torch.save({"w": ramp(2, 2).to_sparse()}, path("refused-sparse.pt"))
    torch.save({"w": torch.quantize_per_tensor(ramp(2), 0.1, 0, torch.qint8)}, path("refused-quantised.pt"))
    torch.save({"w": torch.ones(2, dtype=torch.complex64)}, path("refused-complex.pt"))
    torch.save({"w": torch.ones(2).to(torch.float8_e4m3fn)}, path("refused-float8.pt"))
    safetensors.torch.save_file({"w": torch.ones(2).to(torch.float8_e4m3fn)}, path("refused-float8.safetensors"))
    torch.save({"epoch": 3, "lr": 0.1}, path("refused-no-tensors.pt"))

    with open(path("expected.tsv"), "w") as file:
        file.write("\n".join(EXPECTED) + "\n")
    if len(sys.argv) > 1:
        real(sys.argv[1])


def real(directory):
    rows = []
    for file in sorted(os.listdir(directory)):
        if not file.endswith((".pt", ".pth", ".th")):
            continue
        value = torch.load(os.path.join(directory, file), map_location="cpu", weights_only=False)
        value = value.get("state_dict", value)
        value = value[0] if isinstance(value, list) else value
        for name, tensor in value.items():
            flat = tensor.to(torch.float64).reshape(-1)
            numbers = [flat.sum(), flat.abs().sum(), flat[0], flat[-1]]
            shape = ",".join(str(s) for s in tensor.shape)
            rows.append("\t".join([file, name.removeprefix("module."), shape] + [repr(float(n)) for n in numbers]))
    with open(path("real.tsv"), "w") as file:
        file.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
