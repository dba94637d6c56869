"""Leaderboards: every result in brief."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple, Union

from ._errors import ResultError
from ._reading import Node, parse, read_file
from ._results import Estimate, Result, _pandas, _word, load_result

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Entry:
    """A model on a leaderboard. `R`, `K`, `A`, `G` and the rest as of `Result`.

    Attributes:
        task, task_version: what it was measured on.
        id, name, architecture, parameters: the model.
        regime, confidence, rule: the verdict. Where the rule was not applied (a task lacks what it needs), `regime` is None
            and the numbers of the rule have no values.
        relative_robustness: definition 2.
        images, seed: how it was measured.
        sha256: of the checkpoint; None where there is none.
        beside: why it is compared with no others; None where it is.
        result: path of the result file.
    """

    task: str
    task_version: int
    id: str
    name: str
    architecture: str
    parameters: int
    regime: Optional[str]
    confidence: float
    rule: str
    reservations: Tuple[str, ...]
    accuracy: Estimate
    R: Estimate
    K: Optional[Estimate]
    A: Optional[Estimate]
    G: Estimate
    specific_share: Optional[Estimate]
    relative_robustness: Optional[Estimate]
    images: int
    seed: int
    sha256: Optional[str]
    beside: Optional[str]
    result: str

    def load(self) -> Result:
        """Reads the whole result.

        Raises:
            ResultError: the file is not there, or is none.
        """
        return load_result(self.result)


@dataclass(frozen=True)
class Leaderboard:
    """
    Attributes:
        entries: by task, in the leaderboard's order; those that are compared with no others come last.
        source: the file.
    """

    entries: Tuple[Entry, ...]
    source: str

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def tasks(self) -> Tuple[str, ...]:
        """Ids of the tasks, each once."""
        return tuple(dict.fromkeys(entry.task for entry in self.entries))

    def __getitem__(self, task: str) -> Tuple[Entry, ...]:
        """The entries of one task.

        Raises:
            KeyError: there are none.
        """
        if task not in self.tasks:
            raise KeyError(f"{self.source} has no results of `{task}`; it has those of {', '.join(self.tasks) or 'no task'}")
        return tuple(entry for entry in self.entries if entry.task == task)

    def to_pandas(self) -> pandas.DataFrame:
        """One row for each model; a number with its interval has three columns, as `R`, `R_low` and `R_high`.

        Raises:
            ImportError: pandas is not installed.
        """
        return _pandas().DataFrame([_row(entry) for entry in self.entries])

    def _repr_html_(self) -> str:
        """For notebooks; as text where pandas is not installed."""
        import html

        try:
            return str(self.to_pandas().to_html(max_rows=60, notebook=True))
        except ImportError:
            lines = ["  ".join([
                entry.task, entry.name, "; ".join([_word(entry.regime or "no regime"), *entry.reservations]), f"accuracy {entry.accuracy}",
                f"R {entry.R}"]) for entry in self.entries]
            return f"<pre>{html.escape(chr(10).join(lines))}</pre>"


def load_leaderboard(path: Union[str, os.PathLike[str]]) -> Leaderboard:
    """Reads a leaderboard.

    Args:
        path: `leaderboard.json`, or the folder that holds it.

    Raises:
        ResultError: it cannot be read as one; the message names the place in the file.
    """
    path = os.path.expanduser(os.fspath(path))
    if os.path.isdir(path):
        path = os.path.join(path, "leaderboard.json")
    root = parse(read_file(path), path)
    root.require_version(1)
    entries: List[Entry] = []
    for task in (*root["tasks"], *(root["unranked"] if root["unranked"].exists else ())):
        entries += [_entry(node, task, os.path.dirname(path)) for node in task["entries"]]
    return Leaderboard(tuple(entries), path)


def _entry(node: Node, task: Node, folder: str) -> Entry:
    file, beside = node["result"].text, task["beside"]
    if os.path.isabs(file) or ".." in file.split("/"):
        raise ResultError(f"{folder}: `result` is {file!r}, expected a path within the leaderboard's folder")
    return Entry(
        task["id"].text, task["version"].integer, node["id"].text, node["name"].text, node["architecture"].text,
        node["parameters"].integer, node["regime"].text if not beside.exists or beside["isJudged"].flag else None, node["confidence"].number, node["rule"].text,
        node["reservations"].texts, Estimate._read(node["accuracy"]), Estimate._read(node["sensitivityRatio"]),
        Estimate._read_optional(node["onManifoldRetention"]), Estimate._read_optional(node["accuracyRetention"]),
        Estimate._read(node["alignment"]), Estimate._read_optional(node["specificShare"]),
        Estimate._read_optional(node["relativeRobustness"]), node["images"].integer, node["seed"].integer,
        node["sha256"].text if node["sha256"].exists else None, beside["sentence"].text if beside.exists else None, os.path.join(folder, *file.split("/")))


_ESTIMATES = ("accuracy", "R", "K", "A", "G", "specific_share", "relative_robustness")


def _row(entry: Entry) -> Dict[str, Any]:
    row: Dict[str, Any] = {
        key: getattr(entry, key)
        for key in ("task", "id", "name", "architecture", "parameters", "regime", "confidence", "rule", "images", "seed")}
    row["reservations"] = ", ".join(entry.reservations)
    for key in _ESTIMATES:
        estimate: Optional[Estimate] = getattr(entry, key)
        row[key] = None if estimate is None else estimate.value
        row[f"{key}_low"] = None if estimate is None else estimate.low
        row[f"{key}_high"] = None if estimate is None else estimate.high
    row["sha256"] = entry.sha256
    row["beside"] = entry.beside
    row["result"] = entry.result
    return row
