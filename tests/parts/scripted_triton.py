"""A gRPC server that speaks Triton's protocol and answers what it was told to.

For what a real one cannot be made to do on demand: fail twice and recover,
or say that all went well and send nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc

Answer = Callable[[int], Any]

SCRIPTED_EMBEDDING = 8


def sound(crops: int) -> Any:
    return response(
        np.arange(crops, dtype=np.float32)[:, None], np.zeros((crops, SCRIPTED_EMBEDDING))
    )


def empty(crops: int) -> Any:
    """What the Python backend's stub sends under numpy 2: shapes, and no bytes."""
    answer = sound(crops)
    answer.raw_output_contents[:] = [b"", b""]
    return answer


def not_finite(crops: int) -> Any:
    return response(np.full((crops, 1), np.nan), np.zeros((crops, SCRIPTED_EMBEDDING)))


def response(logit: np.ndarray, embedding: np.ndarray) -> Any:
    answer = service_pb2.ModelInferResponse(model_name="face_blending", model_version="1")
    for name, array in (("logit", logit), ("embedding", embedding)):
        answer.outputs.add(name=name, datatype="FP32", shape=array.shape)
        answer.raw_output_contents.append(array.astype(np.float32).tobytes())
    return answer


class ScriptedTriton(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Plays `script`, a status or an answer for each inference; its last one again and again.

    `calls` are the methods that were called, in order.
    """

    def __init__(self, *script: grpc.StatusCode | Answer, index: dict[str, str]) -> None:
        self.script = list(script)
        self.index = index
        self.calls: list[str] = []

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.calls.append("infer")
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, grpc.StatusCode):
            await context.abort(step, "as the script says")
        return step(request.inputs[0].shape[0])

    async def RepositoryIndex(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.calls.append("index")
        answer = service_pb2.RepositoryIndexResponse()
        for name, state in self.index.items():
            answer.models.add(name=name, version="1", state=state)
        return answer

    async def RepositoryModelUnload(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.calls.append("unload")
        return service_pb2.RepositoryModelUnloadResponse()

    async def RepositoryModelLoad(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.calls.append("load")
        return service_pb2.RepositoryModelLoadResponse()

    async def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        return service_pb2.ModelMetadataResponse(name=request.name, versions=["2", "10"])

    async def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return service_pb2.ModelConfigResponse()


@asynccontextmanager
async def playing(player: ScriptedTriton) -> AsyncIterator[str]:
    """Serve on loopback; yields the address."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(player, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@asynccontextmanager
async def serving(
    *script: grpc.StatusCode | Answer, index: dict[str, str] | None = None
) -> AsyncIterator[tuple[ScriptedTriton, str]]:
    """Serve on loopback; yields the script's player and its address."""
    player = ScriptedTriton(*script, index=index or {})
    async with playing(player) as address:
        yield player, address
