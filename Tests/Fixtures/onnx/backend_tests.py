#!/usr/bin/env python3
"""Runs the ONNX project's own tests of operators through pags-bench and counts pass, skip and fail by operator.

    python3 -m venv env && env/bin/pip install onnx==1.23.2 numpy
    PIP=env/bin/pip Tests/Fixtures/onnx/fetch_releases.sh RELEASES
    env/bin/python Tests/Fixtures/onnx/backend_tests.py --binary .build/release/pags-bench \
        $(printf -- "--release %s " RELEASES/*/onnx/backend/test/data/node) --write docs/onnx-coverage.md

The cases of the installed release are made by the package; those of older releases, which exercise older opsets, are files
in their wheels (`onnx/backend/test/data/node`). fetch_releases.sh gets 1.5.0, 1.8.1, 1.10.2, 1.12.0, 1.14.1 and 1.16.2, each into
a folder of its own; the table in the documentation is made with these. Ends with 1 where a case fails.
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

import onnx
from onnx import TensorProto, numpy_helper

# The operators of classifiers; the cases of others are only counted together.
OPERATORS = """
Abs Acos Acosh Add And Asin Asinh Atan Atanh Attention AveragePool BatchNormalization Cast CastLike Ceil Celu Clip
Col2Im Concat Constant ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DepthToSpace Div Dropout Einsum Elu Equal Erf
Exp Expand Flatten Floor Gather GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual
GridSample GroupNormalization HardSigmoid HardSwish Identity If InstanceNormalization IsInf IsNaN LRN LayerNormalization
LeakyRelu Less LessOrEqual LinearAttention Log LogSoftmax LpNormalization LpPool MatMul Max MaxPool Mean
MeanVarianceNormalization Min Mish Mod Mul Neg NonZero Not Or PRelu Pad Pow RMSNormalization Range Reciprocal ReduceL1
ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape
Resize RotaryEmbedding Round ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign
SpaceToDepth Split Sqrt Squeeze Sub Sum SwiGLU Swish Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze
Upsample Where Xor
""".split()

# Cases whose reference was wrong in the opset given: a later release has the same case with other numbers, and that passes.
CORRECTED = {"test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True": 19}

# Cases of what the opset given leaves open, and PyTorch, whose exporter writes it, computes otherwise: the nearest neighbour where
# Resize makes images smaller by a factor that is no integer.
OPEN = {"test_resize_downsample_nearest": 10, "test_resize_nearest": 10}

# What the reader knows. The engine computes with float32, integers that shapes are made of are exact.
READ = {
    TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.BOOL, TensorProto.INT8,
    TensorProto.INT16, TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32,
    TensorProto.UINT64,
}
# Cases with no other types are those that must pass.
PLAIN = {TensorProto.FLOAT, TensorProto.BOOL, TensorProto.INT32, TensorProto.INT64}
# Operators on shapes and truth values, which need no float32.
WITHOUT_REAL = "And ConstantOfShape If Not NonZero Or Range Shape Size Where Xor".split()


def write_installed(folder):
    """The cases of the installed release, as files."""
    from onnx.backend.test.case.node import collect_testcases

    try:
        cases = collect_testcases(None)
    except TypeError:
        cases = collect_testcases()
    for case in cases:
        place = os.path.join(folder, case.name)
        data = os.path.join(place, "test_data_set_0")
        os.makedirs(data)
        with open(os.path.join(place, "model.onnx"), "wb") as file:
            file.write(case.model.SerializeToString())
        try:
            for kind, values in zip(("input", "output"), case.data_sets[0]):
                for index, value in enumerate(values):
                    tensor = value if isinstance(value, TensorProto) else numpy_helper.from_array(value)
                    with open(os.path.join(data, f"{kind}_{index}.pb"), "wb") as file:
                        file.write(tensor.SerializeToString())
        except Exception as error:  # sequences and optional values
            with open(os.path.join(place, "unwritable"), "w") as file:
                file.write(str(error))


def value_types(model):
    """Element types of a case's inputs and outputs; None for sequences and optional values."""
    values = list(model.graph.input) + list(model.graph.output)
    if not all(value.type.HasField("tensor_type") for value in values):
        return None
    return [value.type.tensor_type.elem_type for value in values]


def is_required(types, operator):
    """Whether a case is one of float32, or of an operator that only knows integers or truth values."""
    if not set(types) <= PLAIN:
        # An exponent may be of any type.
        return operator == "Pow" and types[0] == types[-1] == TensorProto.FLOAT and set(types) <= READ
    return TensorProto.FLOAT in types or operator in WITHOUT_REAL


# Why a case is none of inference on tensors of numbers.
SKIPS = {
    "types": "strings, complex numbers, floats of eight bits or less, integers of four bits or less",
    "optional": "sequences or optional values",
    "opset": "opset below 7",
    "training": "the training mode of the operator, or its further outputs for training",
    "loop": "the graph holds a loop",
    "form": "forms that are refused: three-dimensional Col2Im, the filling of a cache in Attention",
    "reference": "the reference is wrong, as a later release of the ONNX project says",
    "open": "the operator's text of that opset leaves it open, and PyTorch computes otherwise",
}


def skip_reason(folder, model, name):
    """The key of `SKIPS` of a case, or None."""
    types = value_types(model)
    if types is None or os.path.exists(os.path.join(folder, "unwritable")):
        return "optional"
    if not set(types) <= READ:
        return "types"
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    if opset < 7:
        return "opset"
    if name in CORRECTED and opset == CORRECTED[name]:
        return "reference"
    if name in OPEN and opset == OPEN[name]:
        return "open"
    for node in model.graph.node:
        if node.op_type == "Attention" and len(node.input) > 6 and node.input[6]:
            return "form"
        if node.op_type in ("Loop", "Scan"):
            return "loop"
        if any(attribute.name == "training_mode" and attribute.i for attribute in node.attribute):
            return "training"
        if node.op_type == "BatchNormalization" and len(node.output) > 1:
            return "training"
        if node.op_type in ("Bernoulli", "RandomUniformLike", "RandomNormalLike", "RandomUniform"):
            return "training"
    if "training" in name:
        return "training"
    if "col2im_5d" in name:
        return "form"
    return None


def operator_of(name, model, operators):
    """The operator a case is about; cases `..._expanded...` spell one out in others."""
    match = re.match(r"(.*?)_expanded", name)
    if match:
        return operators.get(match.group(1), "")
    if len(model.graph.node) == 1 and model.graph.node[0].domain in ("", "ai.onnx"):
        return model.graph.node[0].op_type
    return ""


def versions(folders):
    """The releases of folders `VERSION/onnx/backend/test/data/node`, as text."""
    found = [re.search(r"([0-9]+\.[0-9.]+)/onnx/backend/", os.path.abspath(folder) + "/") for folder in folders]
    known = [match.group(1) for match in found if match]
    return ", ".join(sorted(known, key=lambda version: [int(part) for part in version.split(".")]))


def run(binary, folders, device):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(folders))
        file.flush()
        result = subprocess.run(
            [binary, "onnx-test", file.name, *(["--device", device] if device else [])], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"pags-bench ended with {result.returncode}: {result.stderr[-2000:]}")
    return [line.split("\t") for line in result.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--release", action="append", default=[], help="a folder onnx/backend/test/data/node")
    parser.add_argument("--device", help="as of the commands: where the operators are computed")
    parser.add_argument("--write", help="write the table to this file")
    options = parser.parse_args()
    counts = collections.defaultdict(collections.Counter)
    reasons = collections.defaultdict(collections.Counter)
    failures, differences, others, cases = [], [], 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        write_installed(scratch)
        for source in [scratch] + options.release:
            names = sorted(entry for entry in os.listdir(source) if os.path.isdir(os.path.join(source, entry)))
            models = {}
            for name in names:
                try:
                    models[name] = onnx.load(os.path.join(source, name, "model.onnx"))
                except Exception as error:
                    print(f"{name}: not a model: {error}", file=sys.stderr)
            plain = {name: operator_of(name, model, {}) for name, model in models.items() if "_expanded" not in name}
            selected = []
            for name, model in models.items():
                cases += 1
                operator = operator_of(name, model, plain)
                if operator not in OPERATORS:
                    others += 1
                    continue
                reason = skip_reason(os.path.join(source, name), model, name)
                if reason:
                    counts[operator]["skip"] += 1
                    reasons[operator][reason] += 1
                    continue
                opset = max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
                required = is_required(value_types(model), operator)
                selected.append((operator, opset, os.path.join(source, name), required))
            results = run(options.binary, [entry[2] for entry in selected], options.device)
            if len(results) != len(selected):
                sys.exit(f"{len(results)} results for {len(selected)} cases")
            for (operator, opset, folder, required), (name, word, *text) in zip(selected, results):
                passed = word == "pass"
                if required:
                    counts[operator]["pass" if passed else "fail"] += 1
                else:
                    counts[operator]["other"] += 1
                    counts[operator]["other pass"] += passed
                if not passed:
                    (failures if required else differences).append((operator, name, opset, " ".join(text)))

    total = sum(counts.values(), collections.Counter())
    reasons["all"] = sum(reasons.values(), collections.Counter())
    lines = ["| operator | pass | skip | of which | fail | other types |", "|---|---:|---:|---|---:|---:|"]
    for name, count in [*sorted(counts.items()), ("all", total)]:
        other = f"{count['other pass']} of {count['other']}" if count["other"] else ""
        why = ", ".join(f"{number} {reason}" for reason, number in reasons[name].most_common()) if name in reasons else ""
        lines.append(f"| {name} | {count['pass']} | {count['skip']} | {why} | {count['fail']} | {other} |")
    without = sorted(set(OPERATORS) - set(counts))
    print("\n".join(lines))
    for operator, name, opset, text in failures:
        print(f"FAIL {operator} {name} (opset {opset}): {text}")
    for operator, name, opset, text in differences:
        print(f"other types: {operator} {name} (opset {opset}): {text}")
    print(f"{cases} cases, of which {others} are about other operators")
    print("no case:", *without)
    for reason, count in reasons["all"].most_common():
        print(f"skipped: {count} {reason}: {SKIPS[reason]}")
    if options.write:
        with open(options.write) as file:
            text = file.read()
        begin, end = "<!-- begin: backend_tests.py -->", "<!-- end -->"
        report = "\n".join(
            [
                f"Cases of onnx {onnx.__version__}"
                + (f" and of {len(options.release)} older releases ({versions(options.release)})" if options.release else "")
                + f": {cases}, of which\n{others} are about operators that classifiers do not use.",
                "",
                *lines,
                "",
                "Skipped are:",
                "",
                *[f"- {reason}, {count} cases: {SKIPS[reason]}" for reason, count in reasons["all"].most_common()],
                *(["", f"Without a case in these releases: {', '.join(without)}."] if without else []),
                *([""] + [f"- {name} (opset {opset}): {text}" for _, name, opset, text in failures] if failures else []),
            ]
        )
        head, tail = text.split(begin)[0], text.split(end)[1]
        with open(options.write, "w") as file:
            file.write(f"{head}{begin}\n{report}\n{end}{tail}")
    sys.exit(1 if failures else 0)


main()
