"""Serving a model of this process to the program.

The program starts a plugin and speaks with it over its standard streams. Here that plugin is a relay (`_relay.py`), which
hands these streams to this process, in which the thread that called `evaluate` answers: the model is where it was made,
with the devices, contexts and threads of its caller, its exceptions are Python's, and Ctrl-C interrupts it. Tensors pass
through shared memory, not through the relay.
"""

from __future__ import annotations

import os
import shlex
import socket
import sys
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Optional, Sequence, Tuple, Type

import pags_bench_plugin as helper

from . import _relay
from ._errors import ProgramMissingError

if TYPE_CHECKING:
    import numpy as np

#: Seconds for a relay that has connected to hand over its streams.
_HANDOVER_LIMIT = 60.0


@dataclass(frozen=True)
class ServedClassifier:
    """A classifier as two functions on numpy arrays: JAX, ONNX Runtime, anything. Modules of PyTorch need none of this.

    `evaluate` asks for `checkpoint` beside it, a file that says which model this is.

    Attributes:
        logits: float32 images `[N, C, H, W]` to float32 logits `[N, K]`, with whatever `vjp` needs: `(logits, state)`.
            Images must not influence each other.
        vjp: `(state, cotangents [N, K])` to gradients `[N, C, H, W]`: for each image, the sum over k of cotangent k times
            the gradient of logit k. It may be asked several times for one state.
        id: lower-case letters, digits, `.`, `_`, `-`, at most 100.
        version: of the model's code, one line of 1 to 100 characters.
        input_shape: `(C, H, W)`; without it, the task's.
        classes: K; without it, the task's.
        mean, std: one number per channel, of pixels in [0, 1]. With them images are `(pixel - mean) / std`, and gradients
            are with respect to those; without them, images are pixels in [0, 1] (a little beyond, for some measurements).
        architecture, parameters: a name and the number of trained scalars, for the result.
        notes: lines for the result's notes.
    """

    logits: Callable[[np.ndarray], Tuple[Any, Any]]
    vjp: Callable[[Any, np.ndarray], Any]
    id: str = "served"
    version: str = "1"
    input_shape: Optional[Sequence[int]] = None
    classes: Optional[int] = None
    mean: Optional[Sequence[float]] = None
    std: Optional[Sequence[float]] = None
    architecture: Optional[str] = None
    parameters: Optional[int] = None
    notes: Sequence[str] = field(default=())

    def _announced(self) -> Mapping[str, Any]:
        return {
            "input_shape": self.input_shape, "classes": self.classes, "mean": self.mean, "std": self.std, "id": self.id,
            "version": self.version, "architecture": self.architecture, "parameters": self.parameters, "notes": self.notes,
        }


class ModelServer:
    """Waits for the relay, and answers in its place.

    Attributes:
        failure: what the model has raised; nothing is served after it.
    """

    def __init__(self, model: ServedClassifier, folder: str) -> None:
        """
        Args:
            model: what is served.
            folder: an empty folder that only this user can enter; the socket is put there.
        """
        if not sys.executable:
            raise ProgramMissingError("a model of this process is served with the help of a Python program, and `sys.executable` names none")
        self.failure: Optional[Exception] = None
        self._model = model
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._listener.bind(f"/proc/self/fd/{place}/{_relay.SOCKET}")
            self._listener.listen(1)
        except BaseException:
            self._listener.close()
            raise
        finally:
            os.close(place)
        #: What the program is to start.
        self.command: List[str] = [sys.executable, "-I", "-S", os.path.abspath(_relay.__file__), folder]

    def __enter__(self) -> ModelServer:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._listener.close()

    @property
    def option(self) -> str:
        """The value of `--plugin`."""
        return " ".join(shlex.quote(word) for word in self.command)

    def readable(self, text: str) -> str:
        """With the model's name in the place of the relay's command line."""
        return text.replace(" ".join(self.command), self._model.id)

    def fileno(self) -> int:
        """Of the socket at which a relay connects."""
        return self._listener.fileno()

    def serve(self) -> None:
        """Answers the relay that has connected, until pags-bench ends the conversation. An exception of the model is told
        to pags-bench and kept in `failure`; Ctrl-C and the like are raised."""
        connection, _ = self._listener.accept()
        with connection:
            channel = _handover(connection)
            if channel is None:
                return
            try:
                helper.converse(channel, self._model.logits, self._model.vjp, **self._model._announced())
            except BrokenPipeError:
                pass  # pags-bench has ended, and says why
            except helper.ProtocolError as error:
                channel.report(error)
            except Exception as error:
                self.failure = error
                channel.report(error)
            finally:
                channel.close()


def _handover(connection: socket.socket) -> Optional[Any]:
    """The channel over the two descriptors that the relay sends; None where it does not."""
    connection.settimeout(_HANDOVER_LIMIT)
    try:
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 2, socket.MSG_CMSG_CLOEXEC)
    except OSError:
        return None
    if len(descriptors) != 2:
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    connection.settimeout(None)
    return helper.Channel(*descriptors)
