"""What kind of robustness does a classifier have?

    import pags_bench
    result = pags_bench.evaluate(model, task="cifar10", data="~/data/cifar-10-batches-bin", mean=[...], std=[...])
    result.regime, result.R, result.G

`model` is a `torch.nn.Module`, or the path of a checkpoint. See `evaluate`, `Result`, `load_result`, `load_leaderboard`;
`serve` and `serve_torch` are for programs that pags-bench starts (docs/plugin-protocol.md).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ._errors import (
    EvaluationError,
    ModelError,
    PagsBenchError,
    PagsBenchWarning,
    ProgramMissingError,
    ResultError,
    StoppedError,
    UsageError,
)
from ._evaluate import evaluate
from ._leaderboard import Entry, Leaderboard, load_leaderboard
from ._parquet import convert_parquet
from ._program import program_path
from ._results import (
    Alignment,
    AttackRecord,
    Checkpoint,
    Direction,
    Estimate,
    ModelRecord,
    RelativeRobustness,
    Result,
    Roar,
    RoarPoint,
    RobustAccuracy,
    Sensitivity,
    TaskRecord,
    load_result,
)

if TYPE_CHECKING:
    from ._plugin_signatures import serve, serve_torch
    from ._serving import ServedClassifier

    __version__: str

__all__ = [
    "Alignment", "AttackRecord", "Checkpoint", "Direction", "Entry", "Estimate", "EvaluationError", "Leaderboard", "ModelError",
    "ModelRecord", "PagsBenchError", "PagsBenchWarning", "ProgramMissingError", "RelativeRobustness", "Result", "ResultError",
    "Roar", "RoarPoint", "RobustAccuracy", "Sensitivity", "ServedClassifier", "StoppedError", "TaskRecord", "UsageError",
    "convert_parquet", "evaluate", "load_leaderboard", "load_result", "program_path", "serve", "serve_torch",
]

if "PAGS_BENCH_PLUGIN" in os.environ:
    import pags_bench_plugin  # noqa: F401 - a plugin's standard output belongs to the protocol from here on


def __getattr__(name: str) -> Any:
    """What needs numpy, whose import would take most of the time of `pags-bench --help`."""
    if name in ("serve", "serve_torch"):
        import pags_bench_plugin

        return getattr(pags_bench_plugin, name)
    if name == "ServedClassifier":
        from ._serving import ServedClassifier

        return ServedClassifier
    if name == "__version__":
        from importlib.metadata import version

        return version("pags-bench")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
