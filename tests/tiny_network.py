"""A detector of a few hundred bytes under the contract with Triton, written as ONNX by hand.

The package `onnx` belongs to training; protocol buffers are tags, lengths and bytes.
"""

from __future__ import annotations

import numpy as np

_UINT8, _FLOAT = 2, 1  # TensorProto.DataType
_INT, _INTS = 2, 7  # AttributeProto.AttributeType


def tiny_network(*, embedding: int = 4, slope: float = 8.0, offset: float = -4.0) -> bytes:
    """The logit is a line over the mean brightness (0 to 1); all values of the embedding are it."""
    colours = np.full((3, 1), slope / (3 * 255), np.float32)
    copies = np.ones((1, embedding), np.float32)
    graph = (
        _node("Cast", ["crops"], "pixels", _attribute("to", _INT, _number(3, _FLOAT)))
        + _node(
            "ReduceMean",
            ["pixels"],
            "means",
            _attribute("axes", _INTS, _number(8, 1) + _number(8, 2))
            + _attribute("keepdims", _INT, _number(3, 0)),
        )
        + _node("Gemm", ["means", "colours", "offset"], "logit")
        + _node("MatMul", ["logit", "copies"], "embedding")
        + _text(2, "tiny")
        + _tensor("colours", colours)
        + _tensor("offset", np.array([offset], np.float32))
        + _tensor("copies", copies)
        + _value(11, "crops", _UINT8, [224, 224, 3])
        + _value(12, "logit", _FLOAT, [1])
        + _value(12, "embedding", _FLOAT, [embedding])
    )
    opset = _text(1, "") + _number(2, 17)
    return _number(1, 8) + _part(8, opset) + _part(7, graph)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, content: str) -> bytes:
    return _part(field, content.encode())


def _node(operator: str, inputs: list[str], output: str, attributes: bytes = b"") -> bytes:
    named = b"".join(_text(1, name) for name in inputs) + _text(2, output)
    return _part(1, named + _text(4, operator) + attributes)


def _attribute(name: str, kind: int, value: bytes) -> bytes:
    return _part(5, _text(1, name) + value + _number(20, kind))


def _tensor(name: str, array: np.ndarray) -> bytes:
    dims = b"".join(_number(1, side) for side in array.shape)
    return _part(5, dims + _number(2, _FLOAT) + _text(8, name) + _part(9, array.tobytes()))


def _value(field: int, name: str, kind: int, sides: list[int]) -> bytes:
    dims = _part(1, _text(2, "batch")) + b"".join(_part(1, _number(1, side)) for side in sides)
    shape = _number(1, kind) + _part(2, dims)
    return _part(field, _text(1, name) + _part(2, _part(1, shape)))
