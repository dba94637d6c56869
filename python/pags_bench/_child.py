"""Becomes the program named on its command line, which then ends with the process that asked for it.

    python -I -S _child.py PARENT PROGRAM ARGUMENTS...

A Python that is killed runs no cleanup, and its evaluation would go on for hours for nobody. The system sends SIGTERM to
the program instead, which it takes as Ctrl-C: it stops and writes nothing. This is asked for in a process of its own
because code between fork and exec of a process with threads may deadlock.
"""

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _end_with_parent(parent: int) -> None:
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return  # what is lost is the end after a SIGKILL
    if os.getppid() != parent:  # it died before
        sys.exit(1)


def _main(parent: str, program: str, *arguments: str) -> None:
    _end_with_parent(int(parent))
    try:
        os.execv(program, [program, *arguments])
    except OSError as error:
        sys.exit(f"pags-bench: {program}: cannot be run: {error.strerror}")


if __name__ == "__main__":
    _main(*sys.argv[1:])
