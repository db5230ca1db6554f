"""Scores crops with a model that a Triton server serves, over gRPC."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from inference.bundles.weights import PARAMETER
from inference.ports import CropScores
from inference.scoring.answers import UnsoundAnswer, sound_scores
from moderation.errors import ScorerMismatch, ScorerUnavailable
from moderation.lineage import ModelIdentity

T = TypeVar("T")

# Which of our errors a gRPC status is. INTERNAL is what a model whose Python stub died says.
FAULTS: dict[str, type[ScorerUnavailable] | type[ScorerMismatch]] = {
    "CANCELLED": ScorerUnavailable,
    "UNKNOWN": ScorerUnavailable,
    "DEADLINE_EXCEEDED": ScorerUnavailable,
    "RESOURCE_EXHAUSTED": ScorerUnavailable,
    "ABORTED": ScorerUnavailable,
    "INTERNAL": UnsoundAnswer,
    "UNAVAILABLE": ScorerUnavailable,
    "DATA_LOSS": ScorerUnavailable,
    "INVALID_ARGUMENT": ScorerMismatch,
    "NOT_FOUND": ScorerMismatch,
    "ALREADY_EXISTS": ScorerMismatch,
    "PERMISSION_DENIED": ScorerMismatch,
    "UNAUTHENTICATED": ScorerMismatch,
    "FAILED_PRECONDITION": ScorerMismatch,
    "OUT_OF_RANGE": ScorerMismatch,
    "UNIMPLEMENTED": ScorerMismatch,
}

_NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED"  # what BoringSSL calls it

_LARGEST_MESSAGE_BYTES = 64 * 1024 * 1024
_CHANNEL = [
    ("grpc.max_send_message_length", _LARGEST_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _LARGEST_MESSAGE_BYTES),
    # A server that vanished without closing its connections is noticed within seconds.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # gRPC's own back-off grows to two minutes, in which a server that is back is not tried.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]


class UntrustedServer(ScorerUnavailable):
    """The server shows a certificate that is not trusted: not to be asked again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a scorer insists.

    `deadline_seconds` is for one attempt, `budget_seconds` for all of a call. The
    deadline must allow for a slow CPU with several full requests before this one:
    128 crops at 6 a second. An attempt given up too early is work done twice. The
    pauses between attempts are random, up to a ceiling that doubles from
    `pause_seconds` to `longest_pause_seconds`. After a reload the next one waits
    `reload_seconds`, so that a model which is broken for good is not reloaded
    without end.
    """

    deadline_seconds: float = 30.0
    budget_seconds: float = 60.0
    pause_seconds: float = 0.1
    longest_pause_seconds: float = 2.0
    reload_seconds: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Contents of PEM files. Without `authorities` those that gRPC knows are trusted."""

    authorities: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)


class TritonScorer:
    """A CropScorer; it belongs to the event loop in which it is first used.

    `embedding` is how many values the model's embedding has; `version` empty asks for
    the newest that the server has. With `may_reload` a model that answers nonsense is
    loaded anew where the server allows it
    (`--model-control-mode=explicit`): a dead Python stub is not started again by
    Triton, and readiness stays true without it.
    """

    def __init__(
        self,
        address: str,
        *,
        model: str,
        embedding: int,
        version: str = "",
        patience: Patience | None = None,
        tls: Tls | None = None,
        may_reload: bool = True,
    ) -> None:
        self._address = address
        self._tls = tls
        self._model = model
        self._width = embedding
        self._version = version
        self._patience = patience or Patience()
        self._may_reload = may_reload
        self._connected: Any = None
        self._reloading = asyncio.Lock()
        self._reload_again_at = 0.0

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        request = InferInput("crops", list(crops.shape), "UINT8")  # N H W C, uint8
        request.set_data_from_numpy(np.ascontiguousarray(crops))
        outputs = [InferRequestedOutput("logit"), InferRequestedOutput("embedding")]

        async def attempt(seconds: float) -> CropScores:
            answer = await self._client().infer(
                self._model,
                [request],
                model_version=self._version,
                outputs=outputs,
                client_timeout=seconds,
            )
            return sound_scores(
                _read(answer, "logit"),
                _read(answer, "embedding"),
                crops=len(crops),
                width=self._width,
            )

        return await self._insist(attempt)

    async def identify(self) -> ModelIdentity:
        async def attempt(seconds: float) -> ModelIdentity:
            answer = await self._client().get_model_config(
                self._model, self._version, client_timeout=seconds
            )
            sha256 = answer.config.parameters[PARAMETER].string_value
            if not sha256:
                raise ScorerMismatch(f"{self._model} does not say which weights it has")
            version = self._version or await self._newest(seconds)
            return ModelIdentity(name=self._model, version=version, sha256=sha256)

        return await self._insist(attempt)

    async def _newest(self, seconds: float) -> str:
        served = await self._client().get_model_metadata(self._model, client_timeout=seconds)
        return str(max(served.versions, key=int))

    async def close(self) -> None:
        if self._connected is not None:
            await self._connected.close()
            self._connected = None

    def _client(self) -> Any:
        if self._connected is None:
            self._connected = InferenceServerClient(
                self._address, channel_args=_CHANNEL, creds=_credentials(self._tls)
            )
        return self._connected

    async def _insist(self, attempt: Callable[[float], Awaitable[T]]) -> T:
        """Try until it succeeds, is refused, or the budget is spent; the client retries nothing."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._patience.budget_seconds
        ceiling = self._patience.pause_seconds
        while True:
            try:
                return await self._try(attempt, until - clock())
            except UntrustedServer:
                raise
            except ScorerUnavailable as error:
                pause = random.uniform(0, ceiling)
                if clock() + pause >= until:
                    raise
                if isinstance(error, UnsoundAnswer):
                    await self._reload()
            await asyncio.sleep(pause)
            ceiling = min(2 * ceiling, self._patience.longest_pause_seconds)

    async def _try(self, attempt: Callable[[float], Awaitable[T]], seconds_left: float) -> T:
        try:
            return await attempt(min(self._patience.deadline_seconds, max(seconds_left, 0.001)))
        except InferenceServerException as error:
            fault = translate(error)
            if _status(error) == "NOT_FOUND" and await self._is_in_repository():
                # Unloaded, or being reloaded by another client: it comes back.
                fault = UnsoundAnswer(str(error))
            raise fault from error

    async def _is_in_repository(self) -> bool:
        try:
            index = await self._client().get_model_repository_index(
                client_timeout=self._patience.deadline_seconds
            )
        except InferenceServerException as error:
            raise translate(error) from error
        return any(
            model.state != "READY" or self._version in ("", model.version)
            for model in index.models
            if model.name == self._model
        )

    async def _reload(self) -> None:
        """Unload and load the model; loading alone does nothing for one that is loaded.

        What goes wrong shows in the next attempt.
        """
        clock = asyncio.get_running_loop().time
        async with self._reloading:
            if not self._may_reload or clock() < self._reload_again_at:
                return
            self._reload_again_at = clock() + self._patience.reload_seconds
            try:
                client, seconds = self._client(), self._patience.deadline_seconds
                await client.unload_model(self._model, client_timeout=seconds)
                await client.load_model(self._model, client_timeout=seconds)
            except InferenceServerException:
                return


def translate(error: InferenceServerException) -> ScorerUnavailable | ScorerMismatch:
    """Say whose fault an error of Triton's client is; without a status, a dependency's."""
    if _NOT_TRUSTED in str(error.message()):
        why = str(error.message()).rpartition(_NOT_TRUSTED)[2].strip(": ")
        return UntrustedServer(f"Triton shows a certificate that is not trusted: {why}")
    return FAULTS.get(_status(error), ScorerUnavailable)(f"Triton: {error.message()}")


def _credentials(tls: Tls | None) -> grpc.ChannelCredentials | None:
    if tls is None:
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=tls.authorities, private_key=tls.key, certificate_chain=tls.certificate
    )


def _status(error: InferenceServerException) -> str:
    return str(error.status() or "").removeprefix("StatusCode.")


def _read(answer: Any, name: str) -> NDArray[Any] | None:
    try:
        array: NDArray[Any] | None = answer.as_numpy(name)
    except ValueError as error:  # fewer bytes than the shape asks for
        raise UnsoundAnswer(f"{name} is cut off: {error}") from error
    return array
