"""Computes graphs of pags-bench with PyTorch, on any device that PyTorch has. pags-bench starts it and holds its other end.

Messages come through standard input and answers go out through standard output: sixteen bytes ("PAGS", the lengths of header and
payload), a JSON header, a payload. Numbers pass through memory that both processes see. A graph is a list of operators, each of
which is one function below (`OPERATORS`); derivatives are operators too, so nothing is differentiated here.
"""

import json
import math
import mmap
import os
import platform
import re
import struct
import sys
import traceback
from select import select as wait_until_ready

OLDEST_TORCH = (2, 1)
FLOAT_BYTES = 4

try:
    # Before PyTorch is imported: cuBLAS reads it when it starts. Without it its sums may differ from run to run.
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    import torch
    import torch.nn.functional as functional
except ImportError as problem:
    torch, missing = None, f"{problem}"

# MARK: Operators

OPERATORS = {}
#: As `--device-precision` says.
precision = "float32"
#: What sums are accumulated in; `None` where the device has no float64.
wide = None


def operator(name):
    def register(function):
        OPERATORS[name] = function
        return function

    return register


def elementwise(name, function):
    OPERATORS[name] = function


if torch is not None:
    elementwise("abs", torch.abs)
    elementwise("cos", torch.cos)
    elementwise("erf", torch.erf)
    elementwise("exp", torch.exp)
    elementwise("log", torch.log)
    elementwise("negate", torch.neg)
    elementwise("sigmoid", torch.sigmoid)
    elementwise("sin", torch.sin)
    elementwise("sqrt", torch.sqrt)
    elementwise("tanh", torch.tanh)
    elementwise("add", torch.add)
    elementwise("subtract", torch.sub)
    elementwise("multiply", torch.mul)
    elementwise("divide", torch.div)
    elementwise("power", torch.pow)
    elementwise("larger", torch.maximum)


@operator("elementary-function")
def elementary_function(x, *, function):
    return getattr(torch, function)(x)


@operator("rounding")
def rounding(x, *, direction):
    return getattr(torch, direction)(x)


@operator("clip")
def clip(x, *, lower, upper, includes_bounds):
    return torch.clamp(x, lower, upper)


@operator("inside")
def inside(x, *, lower, upper, includes_bounds):
    return ((x >= lower) & (x <= upper) if includes_bounds else (x > lower) & (x < upper)).to(x.dtype)


@operator("relu")
def relu(x, *, slope):
    # Not x * slope everywhere: minus infinity times 0 would be NaN.
    return torch.relu(x) if slope == 0 else torch.where(x < 0, slope * x, x)


@operator("gate")
def gate(signal, reference, *, slope, lower, upper):
    kept = torch.where(reference > lower, signal, 0 if slope == 0 else slope * signal)
    return kept if upper is None else torch.where(reference >= upper, 0, kept)


@operator("elu")
def elu(x, *, alpha, scale, rate):
    return torch.where(x > 0, scale * x, scale * alpha * torch.expm1(rate * x))


@operator("softplus")
def softplus(x, *, beta):
    return functional.softplus(x, beta=beta, threshold=20)


@operator("gelu")
def gelu(x, *, tanh):
    # PyTorch has NaN at minus infinity, in version 2.15 at infinity too.
    return torch.where(torch.isinf(x), torch.relu(x), functional.gelu(x, approximate="tanh" if tanh else "none"))


@operator("gelu-derivative")
def gelu_derivative(x, *, tanh):
    x = torch.clamp(x, -200, 200)  # where it is 0 and 1
    if not tanh:
        return 0.5 * (1 + torch.erf(x * math.sqrt(0.5))) + x / math.sqrt(2 * math.pi) * torch.exp(-0.5 * x * x)
    linear = 2 * math.sqrt(2 / math.pi)
    cubic = linear * 0.044715
    s = torch.sigmoid(linear * x + cubic * x * x * x)
    return s + x * s * (1 - s) * (linear + 3 * cubic * x * x)


@operator("silu")
def silu(x):
    return torch.where(x == -math.inf, 0, functional.silu(x))


@operator("silu-derivative")
def silu_derivative(x):
    x = torch.clamp(x, -200, 200)
    s = torch.sigmoid(x)
    return s + x * s * (1 - s)


@operator("sign")
def sign(x):
    return torch.sign(torch.nan_to_num(x, nan=0.0))


@operator("remainder")
def remainder(left, right, *, divisor):
    return torch.remainder(left, right) if divisor else torch.fmod(left, right)


@operator("equal")
def equal(left, right):
    return torch.eq(left, right).to(left.dtype)


@operator("greater")
def greater(left, right):
    return torch.gt(left, right).to(left.dtype)


@operator("select")
def select(condition, first, second):
    return torch.where(condition != 0, first, second)


def product(function, left, right, axes):
    """A sum of products, which `function` computes of its operands, in the precision that was asked for.

    axes: of each operand, the axis along which `tf32x3` puts its parts side by side: one that is summed over; None where there is
        none. With high and low parts h and l, (h + l) (h' + l') is h h' + l h' + h l' but for what float32 rounds away too: sums of
        three times as many products, whose operands fit into TF32.
    """
    if precision == "bf16":
        return function(left.bfloat16(), right.bfloat16()).float()
    if precision == "tf32x3":
        (high, low), (other_high, other_low) = parts(left), parts(right)
        if axes is None:
            return function(high, other_high) + function(low, other_high) + function(high, other_low)
        return function(torch.cat([high, low, high], axes[0]), torch.cat([other_high, other_high, other_low], axes[1]))
    return function(left, right)


def parts(x):
    """The number with the 10 bits of fraction that TF32 keeps, and the rest."""
    high = (x.contiguous().view(torch.int32) & -8192).view(torch.float32)
    # Infinities and NaN have no rest.
    return high, torch.where(torch.isfinite(x), x - high, 0)


def symmetric(geometry):
    top, left, bottom, right = geometry["padding"]
    return top == bottom and left == right


@operator("conv2d")
def conv2d(x, weights, *, geometry):
    top, left, bottom, right = geometry["padding"]
    if not symmetric(geometry):
        x, top, left = functional.pad(x, (left, right, top, bottom)), 0, 0
    return product(
        lambda x, weights: functional.conv2d(
            x, weights, None, geometry["stride"], (top, left), geometry["dilation"], geometry["groups"]),
        x, weights, (1, 1) if geometry["groups"] == 1 else None)


def convolution_backward(gradient, x, weights, geometry, padding, mask):
    return torch.ops.aten.convolution_backward(
        gradient, x, weights, None, geometry["stride"], padding, geometry["dilation"], False, [0, 0], geometry["groups"],
        mask)[mask.index(True)]


def blank(like, *shape):
    """For an operand whose shape alone is read."""
    return like.new_empty(1).expand(*shape)


@operator("conv2d-input-gradient")
def conv2d_input_gradient(gradient, weights, *, geometry, height, width):
    top, left, bottom, right = geometry["padding"]
    shape, padding = (height, width), (top, left)
    if not symmetric(geometry):
        shape, padding = (height + top + bottom, width + left + right), (0, 0)
    groups = geometry["groups"]
    result = product(
        lambda gradient, weights: convolution_backward(
            gradient, blank(gradient, gradient.shape[0], weights.shape[1] * groups, *shape), weights, geometry, padding,
            [True, False, False]),
        gradient, weights, (1, 0) if groups == 1 else None)
    return result if symmetric(geometry) else result[:, :, top:top + height, left:left + width]


@operator("conv2d-weight-gradient")
def conv2d_weight_gradient(x, gradient, *, geometry, height, width):
    top, left, bottom, right = geometry["padding"]
    if not symmetric(geometry):
        x, top, left = functional.pad(x, (left, right, top, bottom)), 0, 0
    return product(
        lambda x, gradient: convolution_backward(
            gradient, x, blank(x, gradient.shape[1], x.shape[1] // geometry["groups"], height, width), geometry, (top, left),
            [False, True, False]),
        x, gradient, (0, 0))


#: Inner extents up to this are sums over classes, whose terms cancel: the gradient of the sum of all logits may be a thousandth of a single
#: one's. The number of classes of ImageNet is among them.
LONGEST_WIDE_SUM = 1024
#: Products of as few columns are logits, whose small differences are measured, and cost little.
MOST_WIDE_COLUMNS = 128


@operator("matmul")
def matmul(left, right):
    if left.dim() == 2 and (left.shape[1] <= LONGEST_WIDE_SUM or right.shape[1] <= MOST_WIDE_COLUMNS):
        return torch.matmul(left.to(wide), right.to(wide)).float()
    return product(torch.matmul, left, right, (-1, -2))


def channels(vector, like):
    return vector.reshape(1, -1, *[1] * (like.dim() - 2))


@operator("channel-affine")
def channel_affine(x, scale, *rest, has_mean, has_shift):
    rest = list(rest)
    if has_mean:
        x = x - channels(rest.pop(0), x)
    x = x * channels(scale, x)
    return x + channels(rest.pop(0), x) if has_shift else x


@operator("channel-moments")
def channel_moments(u, v):
    axes = [0, *range(2, u.dim())]
    count = max(1, u.numel() // max(1, u.shape[1]))

    def centred(x):
        """The sum, the numbers less their mean as float32 has it, and how far that is from the mean."""
        total = torch.sum(x, axes, keepdim=True, dtype=wide)
        mean = (total / count).float()
        return total, x - mean, total / count - mean

    of_u, du, u_rest = centred(u)
    of_v, dv, v_rest = (of_u, du, u_rest) if u is v else centred(v)
    product = torch.sum(du * dv, axes, keepdim=True, dtype=wide) - count * u_rest * v_rest
    return torch.stack([of_u.flatten(), of_v.flatten(), product.flatten()]).float()


class Taps:
    """The windows of a pooling operator, position by position of the window: of the padded images, the numbers that the
    position has in all windows are one strided slice."""

    def __init__(self, window, rows, columns, output_rows, output_columns):
        geometry = window["geometry"]
        self.rows, self.columns, self.output_rows, self.output_columns = rows, columns, output_rows, output_columns
        self.stride, self.dilation = geometry["stride"], geometry["dilation"]
        self.top, self.left, self.bottom, self.right = geometry["padding"]
        self.size = (window["height"], window["width"])
        self.reach = [(outputs - 1) * self.stride[axis] + (self.size[axis] - 1) * self.dilation[axis] + 1
                      for axis, outputs in enumerate((output_rows, output_columns))]

    def padded(self, x, value):
        below, right = self.reach[0] - self.rows - self.top, self.reach[1] - self.columns - self.left
        return functional.pad(x, (self.left, max(0, right), self.top, max(0, below)), value=value)

    def cropped(self, padded):
        return padded[:, :, self.top:self.top + self.rows, self.left:self.left + self.columns]

    def slices(self, padded):
        """In row-major order of the window."""
        for row in range(self.size[0]):
            for column in range(self.size[1]):
                y, x = row * self.dilation[0], column * self.dilation[1]
                yield padded[:, :, y:y + (self.output_rows - 1) * self.stride[0] + 1:self.stride[0],
                             x:x + (self.output_columns - 1) * self.stride[1] + 1:self.stride[1]]

    def inside(self, like):
        """For each position whether it is in the image, `[1, 1, rows, columns]` of the output."""
        ones = like.new_ones(1, 1, self.rows, self.columns)
        return [part > 0 for part in self.slices(self.padded(ones, 0))]

    def selected(self, x):
        """The position of the window that max pooling selects, -1 for none: the first of equals, the last NaN."""
        best, position = None, None
        for index, (part, inside) in enumerate(zip(self.slices(self.padded(x, -math.inf)), self.inside(x))):
            if best is None:
                best = part
                position = torch.where(inside, 0, -1).expand(part.shape)
            else:
                better = inside & ((part > best) | torch.isnan(part) | (position < 0))
                best, position = torch.where(better, part, best), torch.where(better, index, position)
        return position

    def divisor(self, like, includes_padding):
        """What each window's sum is divided by. A window that only `ceil` admits may leave the padded image."""
        image = like.new_ones(1, 1, self.rows, self.columns)
        if includes_padding:
            image = functional.pad(image, (self.left, self.right, self.top, self.bottom), value=1.0)
            below, right = self.reach[0] - image.shape[2], self.reach[1] - image.shape[3]
            image = functional.pad(image, (0, max(0, right), 0, max(0, below)))
        else:
            image = self.padded(image, 0.0)
        count = sum(self.slices(image))
        return count if includes_padding else torch.clamp(count, min=1)


@operator("max-pool2d")
def max_pool2d(x, *, window, rows, columns):
    taps = Taps(window, x.shape[2], x.shape[3], rows, columns)
    result = None
    for part in taps.slices(taps.padded(x, -math.inf)):
        result = part if result is None else torch.maximum(result, part)  # NaN wins
    return result


@operator("max-pool2d-gather")
def max_pool2d_gather(x, tangent, *, window, rows, columns):
    taps = Taps(window, x.shape[2], x.shape[3], rows, columns)
    position = taps.selected(x)
    result = torch.zeros(position.shape, dtype=x.dtype, device=x.device)
    for index, part in enumerate(taps.slices(taps.padded(tangent, 0.0))):
        result = torch.where(position == index, part, result)
    return result


@operator("max-pool2d-scatter")
def max_pool2d_scatter(x, gradient, *, window):
    taps = Taps(window, x.shape[2], x.shape[3], gradient.shape[2], gradient.shape[3])
    position = taps.selected(x)
    result = torch.zeros_like(taps.padded(x, 0.0))
    for index, part in enumerate(taps.slices(result)):
        part += torch.where(position == index, gradient, 0)
    return taps.cropped(result)


@operator("average-pool2d")
def average_pool2d(x, *, window, includes_padding, rows, columns):
    taps = Taps(window, x.shape[2], x.shape[3], rows, columns)
    return sum(taps.slices(taps.padded(x, 0.0))) / taps.divisor(x, includes_padding)


@operator("average-pool2d-gradient")
def average_pool2d_gradient(gradient, *, window, includes_padding, height, width):
    taps = Taps(window, height, width, gradient.shape[2], gradient.shape[3])
    share = gradient / taps.divisor(gradient, includes_padding)
    result = gradient.new_zeros(*gradient.shape[:2], max(taps.reach[0], taps.top + height),
                                max(taps.reach[1], taps.left + width))
    for part in taps.slices(result):
        part += share
    return taps.cropped(result)


@operator("softmax")
def softmax(x):
    return torch.softmax(x, -1)


@operator("standardise")
def standardise(x, *, epsilon):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], eps=epsilon)


@operator("standardise-gradient")
def standardise_gradient(x, signal, *, epsilon):
    mean = x.mean(-1, keepdim=True)
    centred = x - mean
    inverse = torch.rsqrt((centred * centred).mean(-1, keepdim=True) + epsilon)
    return torch.ops.aten.native_layer_norm_backward(
        signal.contiguous(), x.contiguous(), x.shape[-1:], mean, inverse, None, None, [True, False, False])[0]


@operator("log-softmax")
def log_softmax(x):
    return torch.log_softmax(x, -1, dtype=wide).float()


@operator("maximum")
def maximum(x, *, axes):
    return torch.amax(x, axes, keepdim=True) if axes else x


@operator("sum")
def total(x, *, axes):
    # Without axes PyTorch would sum over all.
    return torch.sum(x, axes, keepdim=True, dtype=wide).float() if axes else x


@operator("broadcast")
def broadcast(x, *, shape):
    return torch.broadcast_to(x, shape)


@operator("concatenate")
def concatenate(*parts, axis):
    return torch.cat(parts, axis)


@operator("pad")
def pad(x, *, low, high, interior, value):
    shape = [below + above + extent + max(0, extent - 1) * between
             for below, above, between, extent in zip(low, high, interior, x.shape)]
    result = torch.full(shape, value, dtype=x.dtype, device=x.device)
    if x.numel():
        result[tuple(slice(below, below + (extent - 1) * (between + 1) + 1, between + 1)
                     for below, between, extent in zip(low, interior, x.shape))] = x
    return result


@operator("slice")
def strided_slice(x, *, starts, counts, steps):
    return x[tuple(slice(start, start + (count - 1) * step + 1 if count else start, step)
                   for start, count, step in zip(starts, counts, steps))]


@operator("take")
def take(x, *, axis, indices):
    return torch.index_select(x, axis, indices)


@operator("take-transpose")
def take_transpose(x, *, axis, indices, extent):
    shape = list(x.shape)
    shape[axis] = extent
    return torch.zeros(shape, dtype=x.dtype, device=x.device).index_add(axis, indices, x)


@operator("transpose")
def transpose(x, *, permutation):
    return torch.permute(x, permutation)


@operator("reshape")
def reshape(x, *, shape):
    return torch.reshape(x, shape)


@operator("stop-gradient")
def stop_gradient(x):
    return x


# MARK: Programs

class Unsupported(Exception):
    """An operator that is not among `OPERATORS`."""


class Step:
    def __init__(self, index, node, device):
        self.index, self.name, self.shape = index, node["operator"], torch.Size(node["shape"])
        self.inputs = node["inputs"]
        self.function = OPERATORS.get(self.name)
        if self.function is None:
            raise Unsupported(self.name)
        self.attributes = {key: attribute(value) for key, value in node.get("attributes", {}).items()}
        if "indices" in self.attributes:
            self.attributes["indices"] = torch.tensor(self.attributes["indices"], dtype=torch.int64, device=device)
        #: Values that no later step reads.
        self.ending = []

    def run(self, values):
        result = self.function(*(values[index] for index in self.inputs), **self.attributes)
        if result.shape != self.shape or result.dtype != torch.float32:
            raise RuntimeError(f"operator {self.name}: the result is {result.dtype} {list(result.shape)}, expected {list(self.shape)}")
        values[self.index] = result
        for index in self.ending:
            values.pop(index, None)


def attribute(value):
    """JSON has no infinities: they come as words."""
    return float(value) if value in ("inf", "-inf", "nan") and isinstance(value, str) else value


class Program:
    """A graph in two stages. What the second reads of the first stays, so that it can be repeated."""

    def __init__(self, graph, constants, device):
        nodes = graph["nodes"]
        late = set(graph["late"])
        self.outputs = graph["outputs"]
        self.constants = {index: constants[node["constant"]].reshape(node["shape"])
                          for index, node in enumerate(nodes) if "constant" in node}
        self.inputs = {node["input"]: (index, node["shape"]) for index, node in enumerate(nodes) if "input" in node}
        order = [Step(index, nodes[index], device) for index in graph["order"]]
        self.stages = [[step for step in order if step.index not in late], [step for step in order if step.index in late]]
        self.late_outputs = [[place for place, index in enumerate(self.outputs) if (index in late) == is_late]
                             for is_late in (False, True)]
        self.end_lives(late)

    def end_lives(self, late):
        kept = set(self.outputs) | set(self.constants) | {index for index, _ in self.inputs.values()}
        for stage in self.stages[1]:
            kept |= {index for index in stage.inputs if index not in late}
        for stage in self.stages:
            seen = set(kept)
            for step in reversed(stage):
                step.ending = [index for index in {*step.inputs, step.index} if index not in seen]
                seen |= {*step.inputs, step.index}


class Workspace:
    def __init__(self, program, memory, places, output_places, tensors, replacing):
        self.program, self.memory, self.places, self.output_places = program, memory, places, output_places
        self.values = dict(program.constants)
        #: Whether the second stage lacks what the first left for it.
        self.is_empty = True
        #: Resident tensors by name, and which outputs take whose place.
        self.tensors = {} if tensors is None else tensors
        self.replacing = {place: name for name, place in replacing.items()}

    def shared(self, offset, count):
        return torch.frombuffer(self.memory, dtype=torch.float32, count=count, offset=offset)

    def run(self, stage, changed, copies):
        """What tells whether the results have arrived in the shared memory."""
        values = self.values
        for name in changed:
            index, shape = self.program.inputs[name]
            count = math.prod(shape)
            # A tensor of its own: views of the last one may live on.
            values[index] = (torch.empty(shape, device=copies.device) if count == 0
                             else copies.bring(self.shared(self.places[name], count)).reshape(shape))
        resident = [(name, self.program.inputs[name][0]) for name in self.tensors if name in self.program.inputs]
        for name, index in resident:
            values[index] = self.tensors[name]
        first, self.is_empty = 0 if self.is_empty else stage, True
        for number in range(first, stage + 1):
            for step in self.program.stages[number]:
                step.run(values)
        self.is_empty = False
        results, replaced = [], {}
        for place in self.program.late_outputs[stage]:
            index = self.program.outputs[place]
            if place in self.replacing:
                replaced[self.replacing[place]] = values[index]
            elif values[index].numel():
                results.append((self.shared(self.output_places[place], values[index].numel()), values[index]))
        ended = copies.take(results)
        # All of them or, where something went wrong before, none.
        self.tensors.update(replaced)
        for index in [index for _, index in resident] + [self.program.outputs[place] for place in self.replacing]:
            values.pop(index, None)
        return ended

    def forget(self):
        """Everything but what cannot be computed again."""
        kept = {index for index, _ in self.program.inputs.values()} | set(self.program.constants)
        self.values = {index: value for index, value in self.values.items() if index in kept}
        self.is_empty = True


# MARK: Copies

class Copies:
    """To and from memory that pags-bench sees, done when they return."""

    def __init__(self, device):
        self.device = device

    def admit(self, memory):
        """Memory that copies go to and come from."""

    def dismiss(self, memory):
        """It is about to be no more."""

    def bring(self, shared):
        return shared.to(self.device, copy=True)

    def take(self, results):
        for shared, value in results:
            shared.reshape(value.shape).copy_(value)
        return Ended()


class Ended:
    def has_come(self):
        return True

    def wait(self):
        pass


class StreamedCopies(Copies):
    """On CUDA and ROCm beside what is computed: one stream brings, one takes, and the device waits for what it needs of them."""

    def __init__(self, device):
        super().__init__(device)
        self.inward, self.outward = torch.cuda.Stream(device), torch.cuda.Stream(device)
        self.pinned = {}

    def admit(self, memory):
        # Pages that stay where they are, which the device reads without this process. Where the system refuses, copies are slower.
        address = torch.frombuffer(memory, dtype=torch.uint8).data_ptr()
        try:
            if int(torch.cuda.cudart().cudaHostRegister(address, len(memory), 0)) == 0:
                self.pinned[id(memory)] = address
            else:
                # Otherwise the next kernel would report that refusal as its own.
                torch.ones(1, device=self.device)
        except (AttributeError, RuntimeError):
            pass

    def dismiss(self, memory):
        address = self.pinned.pop(id(memory), None)
        if address is not None:
            torch.cuda.cudart().cudaHostUnregister(address)

    def bring(self, shared):
        computing = torch.cuda.current_stream(self.device)
        with torch.cuda.stream(self.inward):
            value = shared.to(self.device, non_blocking=True, copy=True)
        computing.wait_stream(self.inward)
        value.record_stream(computing)
        return value

    def take(self, results):
        self.outward.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self.outward):
            for shared, value in results:
                value.record_stream(self.outward)
                shared.reshape(value.shape).copy_(value, non_blocking=True)
            return Recorded(self.outward)


class Recorded:
    """A place in a stream."""

    def __init__(self, stream):
        self.event = torch.cuda.Event()
        self.event.record(stream)

    def has_come(self):
        return self.event.query()

    def wait(self):
        self.event.synchronize()


# MARK: Devices

def first_match(path, pattern):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = re.search(pattern, file.read())
    except OSError:
        return None
    return found and found.group(1).strip()


def processor():
    return first_match("/proc/cpuinfo", r"model name\s*:\s*(.*)") or platform.machine()


class Kind:
    """One of the names of `--device`. `problem`: why there is none of it, or None."""

    def __init__(self, name, torch_name, problem, count, hardware, driver, software):
        self.name, self.torch_name, self.problem = name, torch_name, problem
        self.count, self.hardware, self.driver, self.software = count, hardware, driver, software


def kinds():
    build = torch.version
    cuda_software = {"cuda": build.cuda or "", "cudnn": str(torch.backends.cudnn.version() or "")}
    xpu = getattr(torch, "xpu", None)
    mps = getattr(torch.backends, "mps", None)

    def graphics(is_built, other):
        if not is_built:
            return f"this PyTorch {torch.__version__} was built without {other}"
        return None if torch.cuda.is_available() else f"PyTorch {torch.__version__} finds no usable GPU and driver"

    def device_count(module):
        return module.device_count() if module is not None and module.is_available() else 0

    count = device_count(torch.cuda)
    return [
        Kind("cuda", "cuda", graphics(bool(build.cuda), "CUDA"), count, lambda index: torch.cuda.get_device_name(index),
             lambda index: first_match("/proc/driver/nvidia/version", r"Kernel Module.*?\s(\d+\.[\d.]+)"), cuda_software),
        Kind("rocm", "cuda", graphics(bool(build.hip), "ROCm"), count, lambda index: torch.cuda.get_device_name(index),
             lambda index: first_match("/sys/module/amdgpu/version", r"(\S+)"), {"rocm": build.hip or ""}),
        Kind("mps", "mps", None if mps is not None and mps.is_available() else "there is no Metal here", 1,
             lambda index: processor(), lambda index: platform.mac_ver()[0] or None, {}),
        Kind("xpu", "xpu", None if device_count(xpu) else "PyTorch finds no Intel GPU", device_count(xpu),
             lambda index: xpu.get_device_name(index),
             lambda index: str(getattr(xpu.get_device_properties(index), "driver_version", "")) or None, {}),
        Kind("cpu-torch", "cpu", None, 1, lambda index: processor(), lambda index: None,
             {"instructions": torch.backends.cpu.get_cpu_capability()}),
    ]


def listed():
    return [{"name": kind.name if kind.name == "cpu-torch" else f"{kind.name}:{index}", "hardware": kind.hardware(index),
             "driver": kind.driver(index)} for kind in kinds() if not kind.problem for index in range(kind.count)] + [
        {"name": kind.name, "problem": kind.problem} for kind in kinds() if kind.problem]


def make_strict(precision):
    """The same numbers at every run, and no more rounding than float32's unless it is asked for."""
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    tf32 = precision.startswith("tf32")
    # PyTorch 2.9 has another way to say the same, and refuses to be asked both ways.
    if hasattr(torch.backends, "fp32_precision"):
        for setting in (torch.backends, torch.backends.cuda.matmul, torch.backends.cudnn, torch.backends.cudnn.conv,
                        torch.backends.cudnn.rnn, torch.backends.mkldnn):
            setting.fp32_precision = "tf32" if tf32 else "ieee"
    else:
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        torch.set_float32_matmul_precision("high" if tf32 else "highest")
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False


# MARK: The conversation

class Channel:
    """The ends of standard input and output. What anything else prints goes to standard error."""

    def __init__(self):
        # Without a buffer: what was not read is seen by `is_asked`.
        self.input = os.fdopen(os.dup(0), "rb", buffering=0)
        self.output = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self.number = None

    def is_asked(self, seconds):
        """Whether a request comes within so many."""
        return bool(wait_until_ready([self.input], [], [], seconds)[0])

    def read(self, count):
        """Less where the other end is closed."""
        parts = []
        while count > 0:
            part = self.input.read(count)
            if not part:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def receive(self):
        head = self.read(16)
        if len(head) < 16:
            return None
        magic, length, payload = struct.unpack("<4sIQ", head)
        if magic != b"PAGS":
            raise RuntimeError("what came in is no message of pags-bench")
        header = json.loads(self.read(length))
        self.number = header.get("request")
        # What may be long is the payload.
        return {**header, **json.loads(self.read(payload) or b"{}")}

    def answer(self, **header):
        text = json.dumps({"request": self.number, **header}).encode()
        self.output.write(struct.pack("<4sIQ", b"PAGS", len(text), 0) + text)
        self.output.flush()


def mapped(place, writable):
    descriptor = os.open(place["path"], os.O_RDWR if writable else os.O_RDONLY)
    try:
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_COPY
        return mmap.mmap(descriptor, place["bytes"], access=access)
    finally:
        os.close(descriptor)


def safetensors(memory):
    (length,) = struct.unpack("<Q", memory[:8])
    header = json.loads(memory[8:8 + length])
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        count = (end - begin) // FLOAT_BYTES
        yield name, (torch.frombuffer(memory, dtype=torch.float32, count=count, offset=8 + length + begin) if count
                     else torch.empty(0))


class Worker:
    def __init__(self, channel):
        self.channel, self.device, self.copies = channel, None, None
        self.constants, self.programs, self.workspaces, self.tensors = {}, {}, {}, {}
        #: Runs whose results are on their way, with their requests' numbers.
        self.running = []

    def hello(self, header):
        global precision, wide
        name, _, index = header["device"].partition(":")
        kind = next((kind for kind in kinds() if kind.name == name), None)
        if kind is None:
            raise RuntimeError(f"there is no kind of device `{name}`")
        if kind.problem:
            return self.channel.answer(type="ready", problem=kind.problem)
        index = int(index or 0)
        if index >= kind.count:
            return self.channel.answer(type="ready", problem=f"there are {kind.count} of them, counted from 0")
        precision = header["precision"]
        make_strict(precision)
        wide = torch.float32 if kind.torch_name == "mps" else torch.float64
        if kind.torch_name == "cpu":
            # More would divide sums by their number.
            torch.set_num_threads(1)
        self.device = torch.device(kind.torch_name if kind.torch_name in ("cpu", "mps") else f"{kind.torch_name}:{index}")
        self.copies = (StreamedCopies if self.device.type == "cuda" else Copies)(self.device)
        # Whether it works at all, and the start of its libraries.
        torch.ones(2, 2, device=self.device).matmul(torch.ones(2, 2, device=self.device)).sum().item()
        self.channel.answer(
            type="ready", name=name if kind.torch_name in ("cpu", "mps") else f"{name}:{index}", hardware=kind.hardware(index),
            driver=kind.driver(index), software={"torch": torch.__version__, "python": platform.python_version(), **kind.software})

    def compile(self, header):
        if header.get("weights"):
            memory = mapped(header["weights"], writable=False)
            for name, tensor in safetensors(memory):
                # A copy: what is mapped is not kept.
                self.constants[name] = tensor.to(self.device, copy=True)
        try:
            program = Program(header["graph"], self.constants, self.device)
        except Unsupported as problem:
            return self.channel.answer(type="compiled", unsupported=str(problem))
        self.programs[header["program"]] = program
        self.channel.answer(type="compiled")

    def workspace(self, header):
        memory = mapped(header["memory"], writable=True)
        self.copies.admit(memory)
        tensors = header.get("tensors")
        self.workspaces[header["workspace"]] = Workspace(
            self.programs[header["program"]], memory, header["inputs"], header["outputs"],
            None if tensors is None else self.tensors[tensors], header["replacing"])
        self.channel.answer(type="workspace")

    def run(self, header):
        # In the order of their last runs.
        workspace = self.workspaces[header["workspace"]] = self.workspaces.pop(header["workspace"])
        ended = workspace.run(header["stage"], header["changed"], self.copies)
        self.running.append((header["request"], ended))

    def store(self, header):
        memory = mapped(header["memory"], writable=False)
        tensors = self.tensors.setdefault(header["tensors"], {})
        for name, place in header["places"].items():
            tensors[name] = torch.frombuffer(
                memory, dtype=torch.float32, count=place["count"], offset=place["offset"]).to(self.device, copy=True)
        self.channel.answer(type="stored")

    def fetch(self, header):
        memory = mapped(header["memory"], writable=True)
        tensors = self.tensors[header["tensors"]]
        for name, place in header["places"].items():
            torch.frombuffer(memory, dtype=torch.float32, count=place["count"], offset=place["offset"]).copy_(tensors[name])
        self.channel.answer(type="fetched")

    def forget(self, header):
        # Of a run that nobody waited for, results may still be on their way into the memory.
        while self.running and header.get("workspaces"):
            self.conclude()
        for name in header.get("workspaces", []):
            workspace = self.workspaces.pop(name, None)
            if workspace is not None:
                self.copies.dismiss(workspace.memory)
        for name in header.get("programs", []):
            self.programs.pop(name, None)
        for name in header.get("constants", []):
            self.constants.pop(name, None)
        for name in header.get("tensors", []):
            self.tensors.pop(name, None)

    def make_room(self, busy=0):
        """Drops what workspaces can compute again, of all but the last `busy` that ran, and what a run left that was not finished."""
        idle = len(self.workspaces) - busy
        for place, workspace in enumerate(self.workspaces.values()):
            if place < idle or workspace.is_empty:
                workspace.forget()
        if self.device is not None and self.device.type in ("cuda", "xpu", "mps"):
            getattr(torch, self.device.type).empty_cache()

    def serve(self):
        while True:
            # Another run may begin while the first one goes on: what it needs travels meanwhile.
            if self.running and not (len(self.running) < MOST_RUNS and self.is_asked_while_running()):
                self.conclude()
                continue
            header = self.channel.receive()
            if header is None or header["type"] == "shutdown":
                return
            while self.running and header["type"] != "run":
                self.conclude()
            reason = self.attempt(header)
            if reason is not None:
                # What lay idle is dropped, and the request gets a second try; the workspaces that take turns keep what they hold.
                self.make_room(busy=MOST_RUNS)
                reason = self.attempt(header)
            if reason is not None:
                self.make_room()
                self.channel.answer(type=ANSWERS[header["type"]], memory=reason)

    def attempt(self, header):
        """Why there is too little memory for a request; None where it was done."""
        try:
            self.handle(header)
            return None
        except Exception as problem:
            if not is_memory(problem):
                raise
            reason = str(problem).splitlines()[0][:500]
        # Outside of the handler: the error holds what was computed last.
        while self.running:
            self.conclude()
        return reason

    def is_asked_while_running(self):
        while not self.running[0][1].has_come():
            if self.channel.is_asked(0.0002):
                return True
        return False

    def conclude(self):
        """Waits for the first run that goes on, and answers."""
        number, ended = self.running.pop(0)
        ended.wait()
        self.channel.answer(type="done", request=number)

    def handle(self, header):
        kind = header["type"]
        self.forget(header.get("forget", {}))
        if kind == "hello":
            self.hello(header)
        elif kind == "list":
            self.channel.answer(type="devices", devices=listed(), torch=torch.__version__, python=platform.python_version(),
                                executable=sys.executable)
        elif kind == "compile":
            self.compile(header)
        elif kind == "workspace":
            self.workspace(header)
        elif kind == "run":
            self.run(header)
        elif kind == "store":
            self.store(header)
        elif kind == "fetch":
            self.fetch(header)
        else:
            raise RuntimeError(f"there is no request `{kind}`")


ANSWERS = {"hello": "ready", "compile": "compiled", "workspace": "workspace", "run": "done", "store": "stored", "fetch": "fetched"}
#: Under way at once; pags-bench sends no more.
MOST_RUNS = 2


def is_memory(problem):
    if isinstance(problem, (MemoryError, getattr(torch, "OutOfMemoryError", torch.cuda.OutOfMemoryError))):
        return True
    return isinstance(problem, RuntimeError) and re.search(
        "can't allocate memory|not enough memory|out of memory|ALLOC_FAILED", str(problem), re.IGNORECASE) is not None


def main():
    channel = Channel()
    try:
        if torch is None:
            channel.receive()
            return channel.answer(type="error", message=f"{sys.executable} has no PyTorch: {missing}")
        version = tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2])
        if version < OLDEST_TORCH:
            channel.receive()
            return channel.answer(
                type="error", message=f"{sys.executable} has PyTorch {torch.__version__}, expected 2.1 or later")
        with torch.inference_mode():
            Worker(channel).serve()
    except BrokenPipeError:
        pass  # pags-bench is gone; there is nobody to tell
    except BaseException as problem:
        traceback.print_exc()
        channel.answer(type="error", message=f"{type(problem).__name__}: {problem}")


main()
