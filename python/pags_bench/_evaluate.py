"""`evaluate`: from a model to a regime."""

from __future__ import annotations

import contextlib
import operator
import os
import sys
import tempfile
import warnings as python_warnings
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import _progress
from ._command import Output, ProgressCallback, run
from ._errors import ModelError, PagsBenchWarning, UsageError
from ._results import Result, read_result

if TYPE_CHECKING:
    import torch

    from ._serving import ServedClassifier

Path = Union[str, "os.PathLike[str]"]

#: A model of this process answers when it answers; Ctrl-C is there for those who cannot wait.
_NO_LIMIT = "1000000"

_FLAGS = {"clip", "no-cache", "json", "no-leaderboard"}


def evaluate(
    model: Union[Path, torch.nn.Module, ServedClassifier],
    *,
    task: Optional[Path] = None,
    data: Optional[Path] = None,
    images: Optional[int] = None,
    seed: int = 0,
    mean: Union[float, Sequence[float], None] = None,
    std: Union[float, Sequence[float], None] = None,
    device: Union[str, torch.device, None] = None,
    device_precision: Optional[str] = None,
    id: Optional[str] = None,
    name: Optional[str] = None,
    checkpoint: Optional[Path] = None,
    input_shape: Optional[Sequence[int]] = None,
    classes: Optional[int] = None,
    description: Optional[Path] = None,
    arch: Optional[str] = None,
    weights: Optional[str] = None,
    member: Optional[int] = None,
    resize: Union[int, Tuple[int, int], None] = None,
    standard: Optional[Path] = None,
    attacks: Sequence[str] = (),
    attacked_images: Optional[int] = None,
    direction: Sequence[str] = (),
    reference_images: Optional[int] = None,
    generator: Optional[Path] = None,
    generator_steps: Optional[Tuple[int, int]] = None,
    generator_penalty: Optional[float] = None,
    metrics: Sequence[str] = (),
    manifold: Optional[str] = None,
    score: Optional[str] = None,
    reference: Optional[str] = None,
    criteria: Optional[Path] = None,
    robustness_draws: Optional[int] = None,
    clip: bool = False,
    threads: Optional[int] = None,
    batch: Optional[int] = None,
    cache: Union[Path, bool, None] = None,
    output: Optional[Path] = None,
    leaderboard: Optional[Path] = None,
    sheet: Union[bool, Path, None] = None,
    protocol: Optional[str] = None,
    config: Optional[Path] = None,
    log: Optional[Path] = None,
    progress: Union[bool, None, ProgressCallback] = None,
) -> Result:
    """Measures how a classifier responds to perturbations on and off the data manifold, and says which kind of robustness
    it has.

    The same arguments give the same result, but for the time it took, and for the last bits of a served model that
    depend on the batch. Nothing is written unless `output`, `leaderboard` or `sheet` names a place.

    Args:
        model: one of

            - the path of a checkpoint (PyTorch, safetensors, ONNX) or of a `model.json`; it is read by the program itself,
              and never executed;
            - `"bayes"`, the task's own Bayes classifier, or `"bayes:SIGMA"`, smoothed with noise;
            - a `torch.nn.Module` of this process, which takes float images `[N, C, H, W]` and returns logits `[N, K]`. It is put
              into evaluation mode for the time being, and is afterwards as it was;
            - a `ServedClassifier`.
        task: such as `glyphs` (the default, where no description says another), `mnist`, `cifar10`; or the path of a `task.json`.
        data: the data set's folder. Tasks that draw their images need none.
        images: how many are measured, 2 to 1,000,000. The default is the task's own.
        seed: of everything random, 0 to 2**63 - 1.
        mean, std: what the model was trained to have its images normalised with, one number per channel, of pixels in
            [0, 1]. Without them, a file's own are used, and a module gets pixels in [0, 1].
        device: where the model computes, such as `cuda` or `cuda:1`. A module is moved there for the time being, and by default stays
            where it is. A file's network is computed there by the PyTorch of this Python, by default on the processor by the
            program itself.
        device_precision: of a file's network on a device: `float32`, `tf32`, `tf32x3` or `bf16`. All but the first go on no leaderboard.
        id, name: what the model is called in the result. By default as its description says; otherwise a file by its name, a module by
            its class's, and the id with the beginning of the digest.
        checkpoint: of a module: a file that says which model this is, in place of a digest of its tensors. It is not read,
            but hashed; a description that is known for it is used. A `ServedClassifier` needs one.
        input_shape, classes: of a module, `(C, H, W)` and K. By default the task's; others are refused before the module is
            asked anything.
        description: a `model.json`.
        arch: a built-in architecture, in place of recognition.
        weights, member: which of several state dicts in the file.
        resize: the size, one number or `(H, W)`, that images are brought to first, as part of a network read from a file.
        standard: the same network trained without a robustness objective, as a file: what A and K are relative to.
        attacks, attacked_images: also attacks the model, such as `["pgd-linf"]`, on the first so many images.
        direction: also compares gradients with the way to the closest other class, found by these estimates, such as
            `["nearest-mean"]`; `reference_images` and `generator` (of `learned`) go with it.
        generator_steps, generator_penalty: of a projection onto the images of an ONNX `generator`: steps without and with the
            penalty on its vector, and that penalty's factor.
        metrics: further metrics of gradients, as `ID` or `ID=FILE`.
        manifold, score, reference: tangent spaces, score, a second reference, as `ID=FILE`, or `program=COMMAND`.
        criteria: thresholds of the rule, as a file.
        robustness_draws: perturbations per image of definition 1 of the relative robustness, 1 to 1000.
        clip: whether images are clipped to [0, 1] after a step.
        threads, batch: speed and memory only. For a module, `threads` is also PyTorch's for the time being.
        cache: the folder for what is computed once for a task; False for none. Default: the user's.
        output: also writes the result file here, and its per-image samples beside it.
        leaderboard: also adds the result to the leaderboard in this folder, which is made if need be.
        sheet: draws the gradients at the first images: a path (.png, .svg or .pdf), or True to have the picture in the result
            only. The default is True in a notebook, and False elsewhere.
        protocol: `"paper"` also writes what the paper's public code would compute, beside `output`, as `NAME.paper.json`.
        config: a YAML file of options, by the command's names for them; what is given here counts more.
        log: appends everything that the command says to this file, with the time of each line.
        progress: called with `(stage, share)`, the share from 0 to 1, from another thread; or True for bars of tqdm, False for
            none. The default is bars where tqdm is installed.

    Raises:
        UsageError: arguments that cannot be used.
        EvaluationError: the work failed; the message is the command's.
        ModelError: a module raised an exception, which is the cause.
        StoppedError: a signal from elsewhere ended the command.
        ProgramMissingError: this installation holds no program.
        KeyboardInterrupt: after Ctrl-C, once the command has ended.

    Warns:
        PagsBenchWarning: what the command warns of, such as a normalisation that it had to assume.
    """
    options: Dict[str, Any] = {
        "task": _path(task), "data": _path(data), "images": images, "seed": seed, "model": _path(description), "arch": arch,
        "weights": weights, "member": member, "resize": _numbers(resize, "resize"), "standard": _path(standard),
        "attacks": ",".join(_texts(attacks, "attacks")) or None, "attacked-images": attacked_images,
        "direction": ",".join(_texts(direction, "direction")) or None, "reference-images": reference_images,
        "generator": _path(generator), "generator-steps": _numbers(generator_steps, "generator_steps"),
        "generator-penalty": generator_penalty,
        "metric": _texts(metrics, "metrics"), "manifold": manifold, "score": score, "reference": reference,
        "criteria": _path(criteria), "robustness-draws": robustness_draws, "clip": clip, "threads": threads, "batch": batch,
        "no-cache": cache is False, "cache": None if isinstance(cache, bool) else _path(cache), "output": _path(output),
        "json": True, "leaderboard": _path(leaderboard), "no-leaderboard": leaderboard is None, "id": id, "name": name,
        "protocol": protocol, "config": _path(config), "log": _path(log),
    }
    served = {
        "device": device, "checkpoint": _path(checkpoint), "input_shape": input_shape, "classes": classes}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pags-bench-"))
        picture = _picture(sheet, folder)
        options["sheet"] = picture
        report = stack.enter_context(_progress.reporter(progress))
        if isinstance(model, (str, os.PathLike)):
            for key, value in served.items():
                if key != "device" and value is not None:
                    raise UsageError(f"{key} is for models of this process; {os.fspath(model)!r} is read by the program itself")
            options.update(mean=_numbers(mean, "mean"), std=_numbers(std, "std"))
            options["device"] = None if device is None or str(device) == "cpu" else str(device)
            options["device-precision"] = device_precision
            finished = run([*_arguments(options), _argument(model)], on_progress=report)
        else:
            finished = _evaluate_served(
                model, options, served, _pair(mean, std), folder, device_precision=device_precision, on_progress=report)
        drawn = None
        if picture is not None and picture.endswith(".png"):
            with open(picture, "rb") as file:
                drawn = file.read()
    return _result(finished, drawn)


def _evaluate_served(
    model: object, options: Dict[str, Any], served: Mapping[str, Any], pair: Tuple[Any, Any], folder: str, *,
    device_precision: Optional[str], on_progress: Optional[ProgressCallback],
) -> Output:
    # Here, because numpy takes its time to be imported.
    from . import _torch
    from ._serving import ModelServer, ServedClassifier

    if device_precision is not None:
        raise UsageError("device_precision is for files that the program reads itself; a module of this process rounds as it is made to")
    for key in ("arch", "weights", "member", "resize"):
        if options[key] is not None:
            raise UsageError(f"{key} is for files that the program reads itself; it does not look into models of this process")
    checkpoint = served["checkpoint"]
    with contextlib.ExitStack() as stack:
        if isinstance(model, ServedClassifier):
            for key in ("device", "input_shape", "classes"):
                if served[key] is not None:
                    raise UsageError(f"{key}: a ServedClassifier says so itself")
            if pair != (None, None):
                raise UsageError("mean, std: a ServedClassifier says so itself")
            if checkpoint is None:
                raise UsageError("nothing says which model this is; pass checkpoint=FILE, whose digest will stand in the result")
            classifier = model
        elif _torch.is_module(model):
            kind = type(_torch.unwrapped(model)).__name__
            identifier = _torch.identifier(kind)
            if checkpoint is None:
                checkpoint = os.path.join(folder, f"{identifier}.safetensors")
                with open(checkpoint, "wb") as file:
                    _torch.write_tensors(model, file)
                if options["model"] is None and options["name"] is None:
                    options["name"] = kind
            classifier = stack.enter_context(_torch.served(
                model, device=served["device"], threads=options["threads"], id=identifier,
                input_shape=_shape(served["input_shape"]), classes=_whole(served["classes"], "classes"), mean=pair[0],
                std=pair[1]))
        else:
            raise TypeError(
                f"model is a {type(model).__name__}, expected a path, `bayes`, a torch.nn.Module or a ServedClassifier")
        server = stack.enter_context(ModelServer(classifier, folder))
        options.update({"plugin": server.option, "plugin-limit": _NO_LIMIT, "plugin-start-limit": _NO_LIMIT})
        try:
            return run(
                [*_arguments(options), _argument(checkpoint)], on_progress=on_progress, server=server,
                readable=server.readable)
        except Exception as error:
            if server.failure is None:
                raise
            cause = server.failure
            raise ModelError(
                f"{classifier.architecture or classifier.id} raised {type(cause).__name__} while it was measured: {cause}",
                exit_code=getattr(error, "exit_code", None), stderr=getattr(error, "stderr", "")) from cause


def _result(finished: Output, sheet: Optional[bytes]) -> Result:
    mark = "WARNING: "
    notes = tuple(
        line[len("note: "):] if line.startswith("note: ") else line
        for line in finished.lines if line and not line.startswith(("running the plugin program", "wrote ")))
    loud = tuple(note[len(mark):] for note in notes if note.startswith(mark))
    for warning in loud:
        python_warnings.warn(warning, PagsBenchWarning, stacklevel=3)
    return read_result(
        finished.stdout, "the result of pags-bench evaluate", notes=tuple(note for note in notes if not note.startswith(mark)),
        warnings=loud, sheet=sheet)


def _arguments(options: Mapping[str, Any]) -> List[str]:
    """`--key=value`, so that no value can be taken for an option."""
    arguments = ["evaluate"]
    for key, value in options.items():
        if key in _FLAGS:
            arguments += [f"--{key}"] if value else []
        elif isinstance(value, list):
            arguments += [f"--{key}={item}" for item in value]
        elif value is not None:
            arguments.append(f"--{key}={value}")
    return arguments


def _argument(model: Path) -> str:
    """A path as an argument that is no option."""
    text = os.path.expanduser(os.fspath(model))
    if not isinstance(text, str):
        raise TypeError(f"model is {text!r}, expected a path as str")
    return os.path.join(".", text) if text.startswith("-") else text


def _path(path: Optional[Path]) -> Optional[str]:
    return None if path is None else os.path.expanduser(os.fspath(path))


def _texts(values: Sequence[str], key: str) -> List[str]:
    if isinstance(values, str):
        raise UsageError(f"{key} is the text {values!r}, expected a list of texts")
    return [str(value) for value in values]


def _list(value: Union[float, Sequence[float], None], key: str) -> Optional[List[float]]:
    if value is None:
        return None
    try:
        return [float(value)] if isinstance(value, (int, float)) else [float(number) for number in value]
    except (TypeError, ValueError) as error:
        raise UsageError(f"{key} is {value!r}, expected a number or several") from error


def _numbers(value: Union[float, Sequence[float], None], key: str) -> Optional[str]:
    numbers = _list(value, key)
    return None if numbers is None else ",".join(repr(int(number) if number.is_integer() else number) for number in numbers)


def _whole(value: Any, key: str) -> Optional[int]:
    try:
        return None if value is None else operator.index(value)
    except TypeError as error:
        raise UsageError(f"{key} is {value!r}, expected a whole number") from error


def _shape(shape: Optional[Sequence[int]]) -> Optional[List[int]]:
    if shape is None:
        return None
    extents = [_whole(extent, "input_shape") for extent in shape] if isinstance(shape, (list, tuple)) else []
    if len(extents) != 3:
        raise UsageError(f"input_shape is {shape!r}, expected (C, H, W)")
    return [extent for extent in extents if extent is not None]


def _pair(mean: Any, std: Any) -> Tuple[Any, Any]:
    if (mean is None) != (std is None):
        raise UsageError("mean and std belong together")
    return _list(mean, "mean"), _list(std, "std")


def _picture(sheet: Union[bool, Path, None], folder: str) -> Optional[str]:
    """Where the picture is drawn; None for none."""
    if sheet is None:
        sheet = _in_notebook()
    if isinstance(sheet, bool):
        return os.path.join(folder, "sheet.png") if sheet else None
    return _path(sheet)


def _in_notebook() -> bool:
    """Whether pictures would be seen: in a kernel, not on a terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None

