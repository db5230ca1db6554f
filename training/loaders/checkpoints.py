"""Reads the tensors of a checkpoint; nothing in it is ever run, and nothing is half understood."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from tarfile import TarError
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from moderation.errors import InvalidConfiguration

State = Mapping[str, Tensor]

# Under which key training scripts put a network's tensors.
WRAPPERS = ("state_dict", "model", "model_state_dict")
PARALLEL = "module."  # torch.nn.DataParallel puts it before every name
UNUSED = "num_batches_tracked"  # of a batch norm; plays no part once trained

# A score saved beside the weights is often a NumPy number (the DFDC winner's is). These build
# numbers and nothing else; without them such a file could only be read by running what is in it.
_SCALAR: Any = np.float64(0).__reduce__()[0]
HARMLESS: tuple[Any, ...] = (
    np.dtype,
    type(np.dtype(np.float64)),
    type(np.dtype(np.float32)),
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
)

# What torch raises on bytes that are no checkpoint.
DAMAGED = (
    ArithmeticError, AssertionError, AttributeError, BadZipFile, EOFError, ImportError, LookupError,
    OSError, RuntimeError, TarError, TypeError, ValueError,
)  # fmt: skip


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a network by name, as float32, from a torch or a safetensors file.

    Raises:
        InvalidConfiguration: the file is missing, damaged, would run code, or holds no tensors.
    """
    if not path.is_file():
        raise InvalidConfiguration(f"{path}: there is no such file")
    found = _safetensors(path) if path.suffix == ".safetensors" else _torch(path)
    for wrapper in WRAPPERS:
        within = found.get(wrapper)
        if isinstance(within, Mapping):
            found = within
            break
    state = {}
    for name, value in found.items():
        if not str(name).endswith(UNUSED):
            state[str(name).removeprefix(PARALLEL)] = _tensor(value, of=f"{path}: {name!r}")
    if not state:
        raise InvalidConfiguration(f"{path}: no tensors in it")
    return state


def _tensor(value: object, *, of: str) -> Tensor:
    if not isinstance(value, Tensor):
        raise InvalidConfiguration(f"{of} is no tensor, but {type(value).__name__}")
    if value.layout != torch.strided or value.is_quantized or value.is_complex():
        raise InvalidConfiguration(f"{of} is no plain tensor of real numbers")
    if not torch.isfinite(value).all():
        raise InvalidConfiguration(f"{of} is not finite")
    return value.float()


def take_over(network: nn.Module, state: State, *, of: str, whose: str) -> None:
    """Give a network its tensors; every one must be there, and of the right shape.

    `of` says where they come from, `whose` which network they should be of.

    Raises:
        InvalidConfiguration: one is missing, left over, or of another shape.
    """
    wanted = {k: v for k, v in network.state_dict().items() if not k.endswith(UNUSED)}
    refuse_others(wanted.keys() - state.keys(), of=of, why=f"{whose} also has")
    refuse_others(state.keys() - wanted.keys(), of=of, why=f"{whose} does not have")
    for name, tensor in wanted.items():
        if tensor.shape != state[name].shape:
            raise InvalidConfiguration(
                f"{of}: {name} is {_shape(state[name])}, of {whose} it would be {_shape(tensor)}"
            )
    network.load_state_dict(dict(state), strict=False)


def refuse_others(names: Iterable[str], *, of: str, why: str) -> None:
    """Raises: InvalidConfiguration, which names the first, when there are any names."""
    kept = sorted(names)
    if not kept:
        return
    more = f" and {len(kept) - 1} more" if len(kept) > 1 else ""
    raise InvalidConfiguration(f"{of}: {why} {kept[0][:80]!r}{more}")


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "a number"


def _safetensors(path: Path) -> Mapping[str, object]:
    try:
        return dict(load_file(path))
    except (SafetensorError, *DAMAGED) as error:
        raise InvalidConfiguration(f"{path} is no safetensors file: {_line(error)}") from error


def _torch(path: Path) -> Mapping[str, object]:
    try:
        with torch.serialization.safe_globals(list(HARMLESS)), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd files; what is wrong is said in one line below
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InvalidConfiguration(
            f"{path} cannot be read without running code that is in it, or is no checkpoint"
        ) from error
    except DAMAGED as error:
        raise InvalidConfiguration(f"{path} is no checkpoint: {_line(error)}") from error
    if not isinstance(found, Mapping):
        raise InvalidConfiguration(f"{path} holds {type(found).__name__}, not a network's tensors")
    return found


def _line(error: BaseException) -> str:
    """The first line of what went wrong."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
