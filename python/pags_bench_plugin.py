"""Serves a classifier, a score, a manifold or a metric to pags-bench: this one file, the standard library and numpy.

    import torch, pags_bench_plugin
    pags_bench_plugin.serve_torch(model, input_shape=(3, 32, 32), classes=10, mean=[...], std=[...], id="my-net")

and `pags-bench evaluate --plugin "python3 that_file.py"`. For numpy, JAX and anything else see `serve`; for what models are measured
with, `serve_score`, `serve_manifold` and `serve_metric`, and `--score program="python3 that_file.py"`. The protocol is
written down in docs/plugin-protocol.md; this file is one implementation of it, version 1. It is also part of the Python
package `pags_bench`, as a module of its own.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
import sys
import traceback

import numpy as np

PROTOCOL = 1
MAGIC = b"PAGS"
LARGEST_HEADER = 65536
LARGEST_PAYLOAD = 1 << 31


class ProtocolError(Exception):
    """The other side does not speak this protocol."""


def serve(logits_fn, vjp_fn=None, *, input_shape=None, classes=None, mean=None, std=None, id, version="1",
          architecture=None, parameters=None, notes=(), shared_memory=True, ready=None):
    """Answers pags-bench's requests until it ends.

    logits_fn(images) -> logits, or (logits, state) where vjp_fn is given.
        images: float32 [N, C, H, W], logits [N, K]. Images must not influence each other.
    vjp_fn(state, cotangents) -> gradients: float32 [N, K] -> [N, C, H, W]: for each image, the sum over k of cotangent k
        times the gradient of logit k. `state` is what logits_fn returned with the logits; it may be asked several times.
        Without it there are no input gradients, and only `pags-bench run` works.
    input_shape, classes: [C, H, W] and K. Without them, those of the task that is measured on.
    mean, std: one number per channel. With them, images are (pixel - mean) / std and gradients are with respect to those
        (pags-bench does the rest); without them, images are pixels in [0, 1].
    id: lower-case letters, digits, `.`, `_`, `-`. version: of the model's code; both stand in the result.
    architecture, parameters: a name and the number of trained scalars, for the result. notes: lines for the summary.
    ready: called with pags-bench's first message, a dictionary (`checkpoint`, `imageShape`, `classCount`, `batch`,
        `threads`), before the model is announced.
    """
    _run(lambda channel: converse(
        channel, logits_fn, vjp_fn, input_shape=input_shape, classes=classes, mean=mean, std=std, id=id, version=version,
        architecture=architecture, parameters=parameters, notes=notes, shared_memory=shared_memory, ready=ready))


def serve_score(score_fn, *, noises=None, classes=None, knows_all_images=None, id, version="1", parameters=None, notes=(),
                ready=None):
    """Answers pags-bench's requests for a score, grad log p_sigma, until it ends: `--score program="python3 FILE"`.

    score_fn(images, noise, classes) -> scores
        images: float32 [N, C, H, W], pixels; no noise has been added to them. noise: sigma of the Gaussian that the data are
        convolved with, in pixel units: for a denoiser D of pixels the score is (D(images; noise) - images) / noise**2.
        classes: int64 [N], the class of each image, or None for the score of all images. scores: [N, C, H, W].
    noises: the levels it answers for; without them any positive one, and a task asks for its own.
    classes: how many it knows, for a score that can be asked for the images of single classes.
    knows_all_images: whether such a score is that of all images where it is asked without a class.
    id, version, parameters, notes, ready: as for `serve`.
    """
    announced = {"noises": None if noises is None else [float(noise) for noise in noises],
                 "classCount": None if classes is None else int(classes), "knowsAllImages": knows_all_images}

    def answer(request, tensors):
        labels = request.header.get("classes")
        return score_fn(tensors[0], request.header["noise"], None if labels is None else np.array(labels, dtype=np.int64))

    _serve_reference("score", {"score": ("score", answer)}, announced, id, version, parameters, notes, ready)


def serve_manifold(tangents_fn, *, dimension, id, version="1", parameters=None, notes=(), ready=None):
    """The same for tangent spaces: `--manifold program="python3 FILE"`.

    tangents_fn(images) -> vectors: float32 [N, C, H, W] -> [N, dimension, C, H, W], which span the tangent space at each image;
        pags-bench makes them orthonormal, and leaves out those that the others span.
    """
    _serve_reference("manifold", {"tangents": ("tangents", lambda _, tensors: tangents_fn(tensors[0]))},
                     {"dimension": int(dimension)}, id, version, parameters, notes, ready)


def serve_metric(compare_fn, *, scale_invariant=False, defined_at_zero=False, smallest_side=1, channels=None, id, version="1",
                 parameters=None, notes=(), ready=None):
    """The same for a metric: `--metric program="python3 FILE"`.

    compare_fn(a, b) -> values: float32 [N, C, H, W] each, in [-1, 1] with 0 for no gradient -> [N], higher for more alike (1 -
        distance for a distance). Pairs must not influence each other.
    scale_invariant: whether a positive factor on either side changes nothing. defined_at_zero: whether an image of zeros has a
        value. smallest_side, channels: of the images that it takes; channels a list, or None for any number.
    """
    properties = {"scaleInvariant": bool(scale_invariant), "definedAtZero": bool(defined_at_zero),
                  "smallestSide": int(smallest_side)}
    if channels is not None:
        properties["channels"] = [int(count) for count in channels]
    _serve_reference("metric", {"compare": ("values", lambda _, tensors: compare_fn(*tensors))}, {"properties": properties},
                     id, version, parameters, notes, ready)


def _run(conversation):
    """A conversation over standard input and output; whatever ends it early is told to pags-bench."""
    if "PAGS_BENCH_PLUGIN" not in os.environ:
        sys.exit("this is a plugin: pags-bench starts it, as in: pags-bench evaluate --plugin \"python3 FILE\"")
    channel = _channel or Channel.of_standard_streams()
    try:
        conversation(channel)
    except BrokenPipeError:
        sys.exit(1)  # pags-bench is gone; there is nobody to tell
    except BaseException as error:  # KeyboardInterrupt and SystemExit too: pags-bench is to know why
        channel.report(error)
        sys.exit(1)


def _serve_reference(kind, answers, announced, id, version, parameters, notes, ready):
    """answers: for each type of request the type of its answer, and what makes the answer's tensor of the request and its tensors."""

    def conversation(channel):
        hello = _hello(channel)
        if hello is None:
            return
        wanted = hello.header.get("kind", "classifier")
        if wanted != kind:
            raise ValueError(f"this program serves a {kind}, pags-bench asks for a {wanted}; see --{kind} program=CMD")
        if ready is not None:
            ready(dict(hello.header))
        known = {key: value for key, value in {**announced, "parameters": parameters}.items() if value is not None}
        channel.answer(hello, {"type": "ready", "protocol": PROTOCOL, "kind": kind, "id": id, "version": str(version), **known,
                               "notes": [str(note) for note in notes]})
        while (request := channel.receive()) is not None:
            asked = request.header.get("type")
            if asked == "shutdown":
                return
            if asked not in answers:
                raise ProtocolError(f"there is no request `{asked}`")
            name, answer = answers[asked]
            channel.answer_tensor(request, name, answer(request, channel.tensors(request)))

    _run(conversation)


def serve_torch(module, input_shape=None, classes=None, mean=None, std=None, *, device=None, id="torch", version=None,
                architecture=None, strict=True, **options):
    """Serves a torch.nn.Module: put into evaluation mode, moved to `device`, parameters frozen. Further options as for
    `serve`.

    strict: whether PyTorch is told to round as float32 does, without TF32, and to compute the same twice (`strict_torch`);
        a line for the summary says so.
    """
    import torch

    guards = strict_torch() if strict else []

    module = module.to(device) if device is not None else module
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    forward, backward, facts = torch_functions(module, device)
    serve(forward, backward, input_shape=input_shape, classes=classes, mean=mean, std=std, id=id,
          ready=lambda hello: torch.set_num_threads(hello.get("threads") or 1),
          **{**facts, **options, "notes": [*options.get("notes", facts["notes"]), *guards],
             **({} if version is None else {"version": version}),
             **({} if architecture is None else {"architecture": architecture})})


def strict_torch():
    """Sets what PyTorch leaves to speed: no TF32 in convolutions and matrix products, whose input gradients are off by a
    percent and more with it, and deterministic algorithms, without which gradients differ from run to run. An operation that
    has none is warned of and computed all the same. Before CUDA is used: cuBLAS reads its setting when it starts.

    Returns lines that say what was set, for `notes`.
    """
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    if hasattr(torch.backends, "fp32_precision"):  # from 2.9 on, which refuses to be asked both ways
        for setting in (torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn):
            setting.fp32_precision = "ieee"
    else:
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    return ["strict: float32 without TF32, deterministic algorithms"]


def torch_functions(module, device=None):
    """`logits_fn` and `vjp_fn` of a torch.nn.Module that is in evaluation mode, on its device and frozen, and what is
    announced of it: a dictionary of arguments of `serve`.

    device: of the images, where the module has neither parameters nor buffers.
    """
    import torch

    tensors = [*module.parameters(), *module.buffers()]
    where = tensors[0].device if tensors else torch.device(device or "cpu")
    kind = next((tensor.dtype for tensor in tensors if tensor.dtype.is_floating_point), torch.float32)

    @contextlib.contextmanager
    def derivatives():  # also where the caller has switched them off
        with torch.inference_mode(False), torch.enable_grad():
            yield

    kept = True

    def logits_of(images):
        pixels = torch.from_numpy(images).to(where, kind).requires_grad_(True)
        logits = module(pixels)
        if not isinstance(logits, torch.Tensor):
            raise TypeError(f"{type(module).__name__} returned a {type(logits).__name__}, expected a tensor of logits [N, K]; "
                            "serve a module that returns nothing else")
        return pixels, logits

    def forward(images):
        with derivatives():
            pixels, logits = logits_of(images)
        return logits.detach().float().cpu().numpy(), [images, pixels, logits]

    def gradient_of(pixels, logits, cotangents):
        vector = torch.from_numpy(cotangents).to(logits.device, logits.dtype)
        # The same bits as autograd.grad(logits, pixels, vector), but the first call of that imports PyTorch's symbolic shapes,
        # which takes 0.7 s and more (findings/torch-grad-outputs-import-symbolic-shapes.sh).
        (gradient,) = torch.autograd.grad((logits * vector).sum(), pixels, retain_graph=kept)
        return gradient.float().cpu().numpy()

    def backward(state, cotangents):
        nonlocal kept
        images, pixels, logits = state
        with derivatives():
            if kept:
                try:
                    return gradient_of(pixels, logits, cotangents)
                except RuntimeError as error:
                    if "donated" not in str(error):
                        raise
                    kept = False
            # What torch.compile has made goes back once: each further gradient takes a forward pass of its own.
            if pixels is None:
                pixels, logits = logits_of(images)
            state[1:] = None, None
            return gradient_of(pixels, logits, cotangents)

    return forward, backward, {
        "version": f"torch-{torch.__version__}", "architecture": type(module).__name__,
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "notes": [f"PyTorch {torch.__version__} on {where}, {str(kind).replace('torch.', '')}"],
    }


def converse(channel, logits_fn, vjp_fn=None, *, input_shape=None, classes=None, mean=None, std=None, id, version="1",
             architecture=None, parameters=None, notes=(), shared_memory=True, ready=None):
    """`serve` over a channel, with errors left to the caller: whoever catches one tells pags-bench (`channel.report`)."""
    hello = _hello(channel)
    if hello is None:
        return
    if ready is not None:
        ready(dict(hello.header))
    input_shape = hello.header.get("imageShape") if input_shape is None else input_shape
    classes = hello.header.get("classCount") if classes is None else classes
    if input_shape is None or classes is None:
        raise ValueError("no task says how large images are and how many classes there are; pass input_shape and classes")
    channel.answer(hello, _announcement(
        id, version, input_shape, classes, mean, std, vjp_fn is not None, shared_memory, architecture, parameters, notes))
    state = None
    while (request := channel.receive()) is not None:
        kind = request.header.get("type")
        if kind == "shutdown":
            return
        elif kind == "shared-memory":
            channel.answer(request, {"type": kind, **channel.map(request.header)})
        elif kind == "logits":
            state = None  # before the next one is made: two may not fit into a GPU
            result = logits_fn(channel.tensor(request))
            logits, state = result if vjp_fn is not None else (result, None)
            if not request.header.get("keep"):
                state = None
            channel.answer_tensor(request, kind, logits)
        elif kind == "vjp":
            if state is None:
                raise ProtocolError("`vjp` without a `logits` with `keep` before it")
            channel.answer_tensor(request, "gradient", vjp_fn(state, channel.tensor(request)))
        else:
            raise ProtocolError(f"there is no request `{kind}`")


def _hello(channel):
    """pags-bench's first message; None where it has closed its end."""
    hello = channel.receive()
    if hello is None:
        return None
    if hello.header.get("type") != "hello":
        raise ProtocolError(f"expected a frame of type `hello`, got `{hello.header.get('type')}`")
    if PROTOCOL not in hello.header.get("protocols", []):
        raise ProtocolError(f"this plugin speaks version {PROTOCOL} of the protocol, pags-bench "
                            f"{hello.header.get('protocols')}; use the helper that came with pags-bench")
    return hello


def _announcement(id, version, input_shape, classes, mean, std, has_vjp, shared_memory, architecture, parameters, notes):
    if (mean is None) != (std is None):
        raise ValueError("mean and std belong together")
    header = {
        "type": "ready", "protocol": PROTOCOL, "id": id, "version": str(version),
        "inputShape": [int(extent) for extent in input_shape], "classCount": int(classes),
        "input": "pixels" if mean is None else "normalised",
        "capabilities": ["vjp"] * has_vjp + ["shared-memory"] * shared_memory, "notes": [str(note) for note in notes],
    }
    if mean is not None:
        header["preprocessing"] = {"mean": [float(x) for x in mean], "std": [float(x) for x in std]}
    if architecture is not None:
        header["architecture"] = str(architecture)
    if parameters is not None:
        header["parameters"] = int(parameters)
    return header


class _Frame:
    def __init__(self, header, payload):
        self.header = header
        self.payload = payload


class Channel:
    """Frames over two descriptors, which it closes."""

    def __init__(self, input, output):
        self._input = os.fdopen(input, "rb", buffering=0)
        self._output = os.fdopen(output, "wb", buffering=0)
        self._memory = None
        self._request = 0

    @classmethod
    def of_standard_streams(cls):
        """Over what were standard input and output when the program began.

        Standard output belongs to the protocol: both descriptors are moved away, and what the program, or a library in C,
        prints to descriptor 1 goes to standard error. This happens when this file is imported by a program that pags-bench
        has started, so import it first.
        """
        sys.stdout.flush()
        channel = cls(os.dup(0), os.dup(1))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        return channel

    def close(self):
        self._input.close()
        self._output.close()
        self._memory = None

    def receive(self):
        """The next frame; None where pags-bench has closed its end."""
        prefix = self._read(16, or_end=True)
        if prefix is None:
            return None
        magic, header_bytes, payload_bytes = struct.unpack("<4sIQ", prefix)
        if magic != MAGIC or not 2 <= header_bytes <= LARGEST_HEADER or payload_bytes > LARGEST_PAYLOAD:
            raise ProtocolError(f"this is no frame: {prefix!r}; a plugin is started by pags-bench")
        header = json.loads(bytes(self._read(header_bytes)).decode())
        self._request = header.get("request", 0)
        return _Frame(header, self._read(payload_bytes))

    def tensor(self, frame):
        """The frame's tensor, float32, which may be written to."""
        place = frame.header["tensor"]
        shape = tuple(place["shape"])
        if place["place"] == "shared":
            count = int(np.prod(shape, dtype=np.int64))
            view = np.frombuffer(self._memory, dtype="<f4", count=count, offset=place["offset"])
            return view.reshape(shape).astype(np.float32)  # a copy: the memory is reused
        return np.frombuffer(frame.payload, dtype="<f4").reshape(shape).astype(np.float32, copy=False)

    def tensors(self, frame):
        """The frame's tensors in order, where it has one or several."""
        if "tensor" in frame.header:
            return [self.tensor(frame)]
        arrays, offset = [], 0
        for place in frame.header["tensors"]:
            shape = tuple(place["shape"])
            count = int(np.prod(shape, dtype=np.int64))
            arrays.append(np.frombuffer(frame.payload, dtype="<f4", count=count, offset=offset).reshape(shape).astype(np.float32))
            offset += 4 * count
        return arrays

    def answer(self, frame, header, payload=b""):
        text = json.dumps({**header, "request": frame.header.get("request", 0)}).encode()
        self._write(struct.pack("<4sIQ", MAGIC, len(text), len(payload)) + text)
        self._write(payload)

    def answer_tensor(self, frame, kind, tensor):
        array = np.ascontiguousarray(tensor, dtype="<f4")
        place = {"shape": list(array.shape), "place": "inline"}
        offset = frame.header.get("answerOffset")
        if self._memory is not None and offset is not None and offset + array.nbytes <= len(self._memory):
            np.frombuffer(self._memory, dtype="<f4", count=array.size, offset=offset)[:] = array.reshape(-1)
            self.answer(frame, {"type": kind, "tensor": {**place, "place": "shared", "offset": offset}})
        else:
            self.answer(frame, {"type": kind, "tensor": place}, memoryview(array).cast("B") if array.size else b"")

    def map(self, header):
        """Opens the memory that pags-bench offers, and says whether it is that."""
        try:
            descriptor = os.open(header["path"], os.O_RDWR)
            try:
                memory = mmap.mmap(descriptor, header["bytes"])
            finally:
                os.close(descriptor)
            if memory[: len(header["token"])] != header["token"].encode():
                raise OSError("another file")
        except (OSError, ValueError) as error:
            return {"accepted": False, "reason": str(error)}
        self._memory = memory
        return {"accepted": True}

    def report(self, error):
        """An error frame, or, where nobody reads it, the same on standard error."""
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        try:
            self.answer(_Frame({"request": self._request}, b""), {"type": "error", "message": text[-16000:]})
        except OSError:
            print(text, file=sys.stderr, flush=True)

    def _read(self, count, or_end=False):
        data = bytearray(count)
        view, filled = memoryview(data), 0
        while filled < count:
            got = self._input.readinto(view[filled:])
            if not got:
                if or_end and filled == 0:
                    return None
                raise ProtocolError(f"pags-bench closed its end after {filled} of {count} bytes")
            filled += got
        return data

    def _write(self, data):
        view = memoryview(data)
        while len(view):
            view = view[self._output.write(view):]


_channel = Channel.of_standard_streams() if "PAGS_BENCH_PLUGIN" in os.environ else None
