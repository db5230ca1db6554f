"""Commands that run services: the whole stack, or one of them."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from runtime.client import Ended
    from runtime.services import Service
    from runtime.up import Stack

ENVIRONMENT = Path(".venv-triton")
_PATIENCE_SECONDS = 900.0

_ON_A_PORT_OF_ITS_OWN = (
    "It serves how it is on VERISCOPE_HTTP__PORT; beside `serve` give it another one"
)
_DO = {
    "worker": "Judge uploads: fetch and decode them, score their faces, write their verdicts.\n\n"
    "Run as many as there is work for, up to the number of partitions. "
    f"{_ON_A_PORT_OF_ITS_OWN}: `VERISCOPE_HTTP__PORT=0 veriscope worker`",
    "intake": "Note every upload that is announced over Kafka, so that none is forgotten.\n\n"
    "Dead letters are kept by it, too. "
    f"{_ON_A_PORT_OF_ITS_OWN}: `VERISCOPE_HTTP__PORT=0 veriscope intake`",
    "relay": "Send verdicts and decisions to Kafka, once they are in the database.\n\n"
    "Run one: a second one sends everything twice. "
    f"{_ON_A_PORT_OF_ITS_OWN}: `VERISCOPE_HTTP__PORT=0 veriscope relay`",
    "reconcile": "Do what comes due: decisions take effect, uploads that got stuck are announced "
    "again, what is to be erased or has been kept long enough goes.\n\n"
    "Run one; without it no decision reaches the platform. "
    f"{_ON_A_PORT_OF_ITS_OWN}: `VERISCOPE_HTTP__PORT=0 veriscope reconcile`",
}


def add_to(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(serve)
    for name, purpose in _DO.items():
        app.command(name, help=purpose)(_runner(name))


def up(
    media: Annotated[
        list[str] | None, typer.Argument(help="Files or folders to judge once it is up.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Exit when all have ended; 0 when every one did.")
    ] = False,
    kafka: Annotated[str | None, typer.Option(help="HOST:PORT of a Kafka broker.")] = None,
    triton: Annotated[str | None, typer.Option(help="HOST:PORT of Triton's gRPC.")] = None,
    database: Annotated[str | None, typer.Option(help="URL of the ledger's database.")] = None,
    media_store: Annotated[
        str | None, typer.Option("--media", help="Folder or s3://… of the media store.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the console and the API; 8700 when not set."),
    ] = None,
    triton_environment: Annotated[
        Path,
        typer.Option(
            envvar="VERISCOPE_TRITON_ENVIRONMENT",
            help="Virtual environment with requirements/triton.lock, for the embedded Triton.",
        ),
    ] = ENVIRONMENT,
) -> None:
    """Run everything on this machine; what is not named is embedded.

    Embedded are a Kafka broker in memory (Tansu), NVIDIA's Triton server, a
    SQLite ledger and a media folder below `.veriscope/`. Everything listens on
    loopback only, and nothing is left running afterwards.
    """
    from runtime.cli.given_media import media_in
    from runtime.settings import read_settings
    from runtime.up import Given
    from runtime.up import up as bring_up

    found = media_in(media or [])
    settings = read_settings()
    # The table is what its user came for; who asks for more is told more.
    level = settings.logs.level if "level" in settings.logs.model_fields_set else "warning"
    _configure_logs(level, json=settings.logs.json_lines)
    given = Given(kafka=kafka, triton=triton, database=database, media=media_store, port=port)
    console = Console(stderr=True)

    async def run(stop: Stop) -> bool:
        async with bring_up(
            settings,
            given,
            triton_environment=triton_environment,
            say=lambda line: _print(console, f"[dim]·[/dim] {escape(line)}"),
            warn=lambda line: _print(console, f"[bold yellow]! {escape(line)}[/]"),
        ) as stack:
            _print(console, f"[dim]·[/dim] uploads at {stack.url}/v1/uploads")
            stop.up = True
            if not once:
                _describe(console, stack)
            complete = await _judge(stack, found, stop, console) if found else True
            if not once and not stop.is_set():
                _print(console, "[dim]Ctrl-C ends it.[/dim]")
                await stop.wait()
            return complete

    if not _until_signalled(run, settings.stream.stop_within) and once:
        raise typer.Exit(1)


async def _judge(stack: Stack, media: list[str], stop: asyncio.Event, console: Console) -> bool:
    """Check media against the stack; tell whether every one came to an end."""
    from runtime.cli.media import check_all
    from runtime.client import Client

    ended: list[Ended] = []
    client = Client(stack.url)
    checking = asyncio.create_task(
        check_all(client, media, json=False, patience=_PATIENCE_SECONDS, ended=ended)
    )
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({checking, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if checking not in done:
        checking.cancel()
        await asyncio.wait({checking})
        _print(console, still_to_judge(len(media) - len(ended), len(media)))
        return False
    return all(one.verdict is not None for one in checking.result())


def still_to_judge(left: int, of: int) -> str:
    """What somebody is told who stops it while it judges."""
    return f"{left} of {of} are still to be judged; those that were sent are, after the next start"


def _program() -> str:
    """How this program is called from where it was called: not every environment is on the path."""
    called = Path(sys.argv[0])
    if called.name != "veriscope" or shutil.which("veriscope"):
        return "veriscope"
    return os.path.relpath(called)


def _describe(console: Console, stack: Stack) -> None:
    kafka = stack.settings.kafka
    rows = [("console", stack.url)]
    if stack.first_sign_in:
        rows.append(("sign in", f"{stack.first_sign_in} (as admin: works once, for 15 minutes)"))
    rows += [
        ("upload", f"curl -F file=@photo.jpg {stack.url}/v1/uploads"),
        ("judge", f"{_program()} check --api {stack.url} photo.jpg"),
        ("API", f"{stack.url}/openapi.json"),
        ("metrics", f"{stack.url}/metrics, /healthz, /readyz"),
        ("Kafka", f"{kafka.bootstrap}, topics {kafka.prefix}.*"),
    ]
    for name, value in rows:
        _print(console, f"  {name:8} {escape(value)}")


def _print(console: Console, line: str) -> None:
    """Print one line whole: addresses are copied from it."""
    console.print(line, highlight=False, soft_wrap=True)


def serve() -> None:
    """Serve the console, and the HTTP API that takes uploads and answers with verdicts.

    Any number may run behind a proxy: `VERISCOPE_HTTP__PORT=8700 veriscope serve`, and the console
    is at http://127.0.0.1:8700. It judges nothing: `worker` does that, and `veriscope up` runs all.
    """
    _run_service("api")


def _runner(name: str) -> Callable[[], None]:
    def command() -> None:
        _run_service(name)

    return command


def _run_service(name: str) -> None:
    from runtime.services import Service, running
    from runtime.settings import read_settings

    settings = read_settings()
    _configure_logs(settings.logs.level, json=settings.logs.json_lines)
    service: Service = Service(name)

    async def run(stop: Stop) -> bool:
        import structlog

        async with running(settings, frozenset({service})) as url:
            stop.up = True
            structlog.get_logger().info("service.started", service=name, http=url)
            await stop.wait()
        return True

    _until_signalled(run, settings.stream.stop_within)


class Stop(asyncio.Event):
    """Set by the first signal once all is `up`; an earlier and a second one cancel everything."""

    def __init__(self) -> None:
        super().__init__()
        self.up = False


def _until_signalled(run: Callable[[Stop], Coroutine[None, None, bool]], within: timedelta) -> bool:
    """Run until it returns, or until SIGTERM or SIGINT end it.

    What has not ended by `within` after a signal is ended where it stands: nothing
    is lost by that, work is handed back and done again.

    Raises:
        typer.Exit: it was cancelled.
    """

    async def wrapped() -> bool:
        stop = Stop()
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(run(stop))

        def on_signal() -> None:
            if not stop.is_set():
                print(stopping(within), file=sys.stderr, flush=True)
                # A broker that goes away while everything ends is no news.
                logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
            if stop.is_set() or not stop.up:
                running.cancel()
            stop.set()
            _end_after(within)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, on_signal)
        return await running

    try:
        return asyncio.run(wrapped())
    except asyncio.CancelledError:
        raise typer.Exit(130) from None


def stopping(within: timedelta) -> str:
    """What somebody is told who ends it: a terminal that is silent for 20 s looks hung."""
    return f"stopping … it waits up to {within.total_seconds():g} s for what is in hand"


def _end_after(within: timedelta) -> None:
    """End the process then, should it still be there: a thread that hangs would keep it."""
    timer = threading.Timer(within.total_seconds(), os._exit, args=(75,))  # EX_TEMPFAIL
    timer.daemon = True
    timer.start()


def _configure_logs(level: str, *, json: bool) -> None:
    from monitoring.logs import configure

    configure(level=level, json=json)
