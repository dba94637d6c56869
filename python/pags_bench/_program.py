"""The program that this package holds."""

from __future__ import annotations

import os
import sys
from typing import Dict, List, NoReturn

from ._errors import ProgramMissingError

#: Names another program than the package's own, such as one that was built in a checkout.
VARIABLE = "PAGS_BENCH_PROGRAM"


def program_path() -> str:
    """The absolute path of the `pags-bench` that is run: that of the environment variable `PAGS_BENCH_PROGRAM`, otherwise
    the package's own.

    Raises:
        ProgramMissingError: there is no such file, or it cannot be executed.
    """
    given = os.environ.get(VARIABLE)
    path = os.path.abspath(given or os.path.join(os.path.dirname(os.path.abspath(__file__)), "_bin", "pags-bench"))
    if os.path.isfile(path) and os.access(path, os.X_OK):
        return path
    if given:
        raise ProgramMissingError(f"{path}: there is no program there that can be run; correct {VARIABLE}")
    raise ProgramMissingError(
        f"{path}: this installation holds no program; install a wheel for this machine (scripts/build-wheel makes one), or "
        f"name a pags-bench by {VARIABLE}")


def environment() -> Dict[str, str]:
    """That of the program: this process's, with one thread for OpenBLAS, which is called from threads already, and with this
    Python for what PyTorch is to compute (`--device`), unless another is named."""
    variables = dict(os.environ)
    variables["OPENBLAS_NUM_THREADS"] = "1"
    if sys.executable:
        variables.setdefault("PAGS_BENCH_PYTHON", sys.executable)
    return variables


def main() -> NoReturn:
    """The console command `pags-bench`: becomes the program, but for `parquet`, which is this package's own."""
    if sys.argv[1:2] == ["parquet"]:
        from ._parquet import main as convert

        convert(sys.argv[2:])
        sys.exit()
    try:
        path = program_path()
        arguments: List[str] = [path, *sys.argv[1:]]
        os.execve(path, arguments, environment())
    except ProgramMissingError as error:
        sys.exit(f"pags-bench: {error}")
    except OSError as error:
        sys.exit(f"pags-bench: {path}: cannot be run: {error.strerror}")
