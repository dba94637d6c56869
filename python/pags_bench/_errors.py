"""What goes wrong, as exceptions. Every one carries the command's own words."""

from __future__ import annotations

from typing import Optional


class PagsBenchError(Exception):
    """The root of this package's exceptions.

    Attributes:
        message: what went wrong, where, and what to do: one or more lines.
        exit_code: the command's exit status; None where no command was run, negative where a signal ended it.
        stderr: the end of what the command wrote to standard error, at most 64 KiB; empty where none was run.
    """

    def __init__(self, message: str, *, exit_code: Optional[int] = None, stderr: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.stderr = stderr


class UsageError(PagsBenchError, ValueError):
    """Arguments that cannot be used: an unknown task, numbers out of range, options that exclude each other (exit code 64
    where the command says so)."""


class EvaluationError(PagsBenchError, RuntimeError):
    """The work failed: a file that cannot be read, a model that cannot be measured (exit code 1)."""


class ModelError(EvaluationError):
    """The model that was served from this process raised an exception, which is `__cause__`."""


class StoppedError(PagsBenchError):
    """The command was stopped by a signal from elsewhere: SIGTERM of a batch system (exit code 130), or SIGKILL where
    memory ran out (exit code -9). Ctrl-C here is a KeyboardInterrupt, as everywhere in Python."""


class ProgramMissingError(PagsBenchError):
    """There is no `pags-bench` in this installation."""


class ResultError(PagsBenchError, ValueError):
    """A result or leaderboard file that cannot be read as one."""


class PagsBenchWarning(UserWarning):
    """What the command warns of, such as a normalisation that had to be assumed: numbers may be wrong."""
