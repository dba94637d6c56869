"""JSON documents of the program, which may come from anybody: every type is looked at, and errors name the place."""

from __future__ import annotations

import json
import math
import os
from typing import Any, Iterator, Mapping, Optional, Tuple, Union

from ._errors import ResultError

#: A result of a million attacked images is a tenth of this.
_LARGEST_BYTES = 1 << 28


def read_file(path: Union[str, os.PathLike[str]]) -> bytes:
    """The bytes of a file of at most 256 MiB.

    Raises:
        ResultError: it is larger, or cannot be read.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise ResultError(f"{os.fspath(path)}: cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST_BYTES:
        raise ResultError(f"{os.fspath(path)}: is larger than {_LARGEST_BYTES} bytes, which no document of pags-bench is")
    return data


def parse(data: bytes, source: str) -> Node:
    """
    Args:
        data: the document.
        source: what it is called in errors.
    """
    def refuse(name: str) -> float:
        raise ValueError(f"{name} is no number of JSON")

    try:
        value = json.loads(data.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ResultError(f"{source}: is not JSON: {error}") from error
    return Node(value, source, "")


class Node:
    """A value of a document, and its place there.

    Raises:
        ResultError: by everything that asks for a type, where the value has another.
    """

    def __init__(self, value: Any, source: str, place: str) -> None:
        self.value = value
        self._source = source
        self._place = place

    def _refuse(self, expected: str) -> ResultError:
        text = "nothing" if self.value is _ABSENT else json.dumps(self.value)
        text = text if len(text) <= 60 else text[:57] + "..."
        return ResultError(f"{self._source}: `{self._place or 'the document'}` is {text}, expected {expected}")

    def __getitem__(self, key: str) -> Node:
        """The value under a key, which may be absent."""
        return Node(self.mapping.get(key, _ABSENT), self._source, f"{self._place}.{key}" if self._place else key)

    def __iter__(self) -> Iterator[Node]:
        if not isinstance(self.value, list):
            raise self._refuse("a list")
        for index, item in enumerate(self.value):
            yield Node(item, self._source, f"{self._place}[{index}]")

    @property
    def exists(self) -> bool:
        return self.value is not _ABSENT

    @property
    def mapping(self) -> Mapping[str, Any]:
        if not isinstance(self.value, dict):
            raise self._refuse("an object")
        return self.value

    def items(self) -> Iterator[Tuple[str, Node]]:
        for key in self.mapping:
            yield key, self[key]

    @property
    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self._refuse("a text")
        return self.value

    @property
    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self._refuse("true or false")
        return self.value

    @property
    def integer(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self._refuse("a whole number")
        return self.value

    @property
    def number(self) -> float:
        if not isinstance(self.value, (int, float)) or isinstance(self.value, bool):
            raise self._refuse("a number")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self._refuse("a number that float64 can hold")
        return number

    @property
    def number_or_none(self) -> Optional[float]:
        return None if self.value is None else self.number

    @property
    def texts(self) -> Tuple[str, ...]:
        return tuple(item.text for item in self) if self.exists else ()

    @property
    def numbers(self) -> Tuple[float, ...]:
        return tuple(item.number for item in self) if self.exists else ()

    def require_version(self, *known: int) -> None:
        """
        Raises:
            ResultError: `schemaVersion` is another.
        """
        version = self["schemaVersion"]
        if version.value not in known:
            raise version._refuse(" or ".join(map(str, known)) + "; was it written by a newer pags-bench?")


class _Absent:
    pass


_ABSENT = _Absent()

