"""Progress of an evaluation, with tqdm where it is installed."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any, Iterator, Optional, Union

from ._command import ProgressCallback


@contextlib.contextmanager
def reporter(progress: Union[bool, None, ProgressCallback]) -> Iterator[Optional[ProgressCallback]]:
    """What is told of progress.

    Args:
        progress: a function; or True for bars of tqdm, None for those where tqdm is installed, False for none.

    Raises:
        ImportError: True, and tqdm is not installed.
    """
    if callable(progress):
        yield progress
        return
    if progress is False:
        yield None
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a notebook without its widgets has bars of text
            from tqdm.auto import tqdm
    except ImportError:
        if progress:
            raise
        yield None
        return
    bars = _Bars(tqdm)
    try:
        yield bars.tell
    finally:
        bars.close()


class _Bars:
    """One bar after the other: stages follow each other."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._stage: Optional[str] = None
        self._bar: Any = None

    def tell(self, stage: str, share: float) -> None:
        if stage != self._stage or (self._bar is not None and share * 100 < self._bar.n):
            self.close()
            self._stage = stage
            self._bar = self._tqdm(
                total=100, desc=stage, unit="%", leave=False, bar_format="{desc}: {percentage:3.0f} %|{bar}| {elapsed}<{remaining}")
        self._bar.update(round(share * 100) - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None
