# Types of the single-file helper `pags_bench_plugin`, which type checkers do not look into (a module has no `py.typed`).
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
import torch

def serve(
    logits_fn: Callable[[np.ndarray], Union[Any, Tuple[Any, Any]]],
    vjp_fn: Optional[Callable[[Any, np.ndarray], Any]] = None,
    *,
    input_shape: Optional[Sequence[int]] = None,
    classes: Optional[int] = None,
    mean: Optional[Sequence[float]] = None,
    std: Optional[Sequence[float]] = None,
    id: str,
    version: str = "1",
    architecture: Optional[str] = None,
    parameters: Optional[int] = None,
    notes: Sequence[str] = (),
    shared_memory: bool = True,
    ready: Optional[Callable[[Mapping[str, Any]], None]] = None,
) -> None: ...
def serve_torch(
    module: torch.nn.Module,
    input_shape: Optional[Sequence[int]] = None,
    classes: Optional[int] = None,
    mean: Optional[Sequence[float]] = None,
    std: Optional[Sequence[float]] = None,
    *,
    device: Union[str, torch.device, None] = None,
    id: str = "torch",
    version: Optional[str] = None,
    architecture: Optional[str] = None,
    strict: bool = True,
    **options: Any,
) -> None: ...
