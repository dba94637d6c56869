"""Running the program, and what it says."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Callable, List, Optional, Protocol, Sequence, Tuple, Type

from ._errors import EvaluationError, PagsBenchError, StoppedError, UsageError
from ._program import environment, program_path

#: Called with a stage of the work, such as `measuring`, and how much of it is done, from 0 to 1.
ProgressCallback = Callable[[str, float], None]

_PROGRESS = re.compile(r"(?P<stage>.+): (?P<percent>\d{1,3}) %(, \d+ (s|min) left)?")
_KEPT_CHARACTERS = 65_536
#: Seconds that the program has to stop by itself; it asks between two operators of a network.
_PATIENCE = 10.0


class Server(Protocol):
    """What answers the program's questions about a model from within this process."""

    def fileno(self) -> int:
        """Of the socket that is to be looked at."""

    def serve(self) -> None:
        """Answers one program that has connected until it ends."""


@dataclass(frozen=True)
class Output:
    """What a command that succeeded has written."""

    stdout: bytes
    #: Standard error without progress.
    lines: Tuple[str, ...]


class _Child:
    """The running program, with two threads that read what it writes."""

    def __init__(self, arguments: Sequence[str], on_progress: Optional[ProgressCallback]) -> None:
        command = [program_path(), *arguments]
        if sys.executable:
            here = os.path.dirname(os.path.abspath(__file__))
            command = [sys.executable, "-I", "-S", os.path.join(here, "_child.py"), str(os.getpid()), *command]
        self.stdout = b""
        self.lines: List[str] = []
        self.failure: Optional[BaseException] = None
        self._on_progress = on_progress
        # A session of its own: a terminal's Ctrl-C reaches this process alone, which then decides (see `stop`).
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env=environment())
        try:
            self.ended, self._ending = os.pipe()
            assert self._process.stdout is not None and self._process.stderr is not None
            self._threads = [
                threading.Thread(target=self._read_stdout, args=(self._process.stdout,), daemon=True),
                threading.Thread(target=self._read_stderr, args=(self._process.stderr,), daemon=True),
            ]
            for thread in self._threads:
                thread.start()
        except BaseException:
            self._process.kill()
            raise

    def __enter__(self) -> _Child:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if error is not None:
            self._stop()
        os.close(self.ended)

    def wait(self, server: Optional[Server]) -> int:
        """Until the program has ended, serving a model meanwhile. Returns the exit status."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.ended, selectors.EVENT_READ)
            if server is not None:
                selector.register(server.fileno(), selectors.EVENT_READ)
            while True:
                ready = [key.fd for key, _ in selector.select()]
                if self.ended in ready:
                    return self._finish()
                if server is not None:
                    server.serve()

    def _finish(self) -> int:
        status = self._process.wait()
        for thread in self._threads:
            thread.join()
        return status

    def _stop(self) -> None:
        """Ends the program: it is asked to, and killed where it does not, or where Ctrl-C comes once more."""
        try:
            self._process.terminate()
            self._process.wait(_PATIENCE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self._process.kill()  # programs that it has started end with it
        self._finish()

    def _read_stdout(self, stream: IO[bytes]) -> None:
        with stream:
            self.stdout = stream.read()
        os.close(self._ending)

    def _read_stderr(self, stream: IO[bytes]) -> None:
        kept = 0
        with stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip("\r\n")
                match = _PROGRESS.fullmatch(text)
                if match:
                    self._tell(match["stage"], min(1.0, int(match["percent"]) / 100))
                    continue
                self.lines.append(text)
                kept += len(text)
                while kept > _KEPT_CHARACTERS and len(self.lines) > 1:
                    kept -= len(self.lines.pop(0))

    def _tell(self, stage: str, share: float) -> None:
        if self._on_progress is None:
            return
        try:
            self._on_progress(stage, share)
        except BaseException as error:  # of the caller's own code; raised where the caller is
            self.failure, self._on_progress = error, None
            self._process.terminate()


def run(
    arguments: Sequence[str], *, on_progress: Optional[ProgressCallback] = None, server: Optional[Server] = None,
    readable: Callable[[str], str] = lambda text: text,
) -> Output:
    """Runs the program to its end.

    Args:
        arguments: its arguments.
        on_progress: is called from another thread. What it raises stops the program, and is raised here.
        server: serves a model to the program, in the thread that calls.
        readable: makes what the program says fit for people who did not give it these arguments.

    Raises:
        UsageError, EvaluationError, StoppedError: as the program's exit status says.
    """
    with _Child(arguments, on_progress) as child:
        status = child.wait(server)
    if child.failure is not None:
        raise child.failure
    lines = [readable(line) for line in child.lines]
    if status != 0:
        raise _error(status, lines)
    return Output(child.stdout, tuple(lines))


def _error(status: int, lines: List[str]) -> PagsBenchError:
    text = "\n".join(lines)
    if status == 64:
        return UsageError(_refusal(lines), exit_code=status, stderr=text)
    message = _last_words(lines)
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        advice = "; did memory run out?" if -status == signal.SIGKILL else ""
        return StoppedError(
            f"pags-bench was ended by {name}{advice}" + (f"\n{message}" if message else ""), exit_code=status, stderr=text)
    kind = StoppedError if status == 130 else EvaluationError
    return kind(message or f"pags-bench ended with exit status {status}", exit_code=status, stderr=text)


def _last_words(lines: List[str]) -> str:
    """The message that the program ends with, which may have several lines."""
    mark = "pags-bench: "
    start = max((index for index, line in enumerate(lines) if line.startswith(mark)), default=None)
    if start is None:
        return "\n".join(lines[-20:])
    return "\n".join([lines[start][len(mark):], *lines[start + 1:]])


def _refusal(lines: List[str]) -> str:
    """What is wrong with the arguments, without the help that follows."""
    mark = "Error: "
    start = next((index for index, line in enumerate(lines) if line.startswith(mark)), None)
    if start is None:
        return "\n".join(lines)
    end = next((index for index, line in enumerate(lines) if index > start and line.startswith(("Usage:", "  See "))), len(lines))
    return "\n".join([lines[start][len(mark):], *lines[start + 1:end]]).strip()
