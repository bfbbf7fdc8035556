"""The command `serve`: a trained model over HTTP."""

from __future__ import annotations

import gc
import logging
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command, installation
from recbole_opal.process.shell import answer
from recbole_opal.server.options import ServeOptions
from recbole_opal.settings.fields import check_section
from recbole_opal.settings.flags import described, refuse_unknown
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import run_path
from recbole_opal.settings.values import parse_value

if TYPE_CHECKING:
    from fastapi import FastAPI

    from recbole_opal.serving import Recommender

__all__ = ["main", "serve"]

_LIBRARIES = ("fastapi", "uvicorn", "prometheus_client")
_SECONDS_TO_END = 30  # for requests that are being answered when the service is stopped
_WAITING_CONNECTIONS = 2048
_TURN = 0.0005  # seconds until a thread that computes lets the one that answers go on


def main(argv: Sequence[str]) -> int:
    """Run `serve`.

    Args:
        argv: what stands behind `serve`.

    Returns:
        0 after Ctrl-C or SIGTERM, or 2 after an error, which is one line on standard error.
    """
    return answer(argv, _help, lambda: serve(*_parse(argv)))


def serve(path: Path, options: ServeOptions) -> None:
    """Answer requests until the process is told to end; what is being answered is still answered.

    Args:
        path: a run folder or a bundle, or a link to one.
        options: where and how.

    Raises:
        SettingsError: a library of the extra is missing, or the address cannot be had.
        OpalError: the model cannot be loaded.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"serve needs {', '.join(missing)}; install with {installation('serve')}."
        )
    with _address(options.host, options.port) as bound:
        import torch

        from recbole_opal.server.app import create_app
        from recbole_opal.server.current_model import CurrentModel
        from recbole_opal.server.limits import Limits

        torch.set_num_threads(options.threads)
        sys.setswitchinterval(_TURN)
        logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("recbole_opal").setLevel(logging.INFO)  # libraries only warn
        current = CurrentModel(path, _loader(options))
        limits = Limits(options.max_batch, options.max_k, options.max_history, options.max_body)
        app = create_app(current, limits)
        host, port = bound.getsockname()[:2]
        served = current.served
        ready = (
            f"serving {served.model} stage {served.stage} of {served.dataset} on "
            f"http://{f'[{host}]' if ':' in host else host}:{port} (docs at /docs)"
        )
        gc.collect()
        gc.freeze()  # the model and the libraries stay: no collection looks at them again
        _run(app, bound, lambda: print(ready, flush=True))


def _run(app: FastAPI, bound: socket.socket, ready: Callable[[], None]) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        backlog=_WAITING_CONNECTIONS,
        timeout_graceful_shutdown=_SECONDS_TO_END,
        ws="none",
    )
    # After a signal and its graceful end uvicorn raises the signal again.
    with suppress(KeyboardInterrupt):
        Server(config).run(sockets=[bound])


def _loader(options: ServeOptions) -> Callable[[Path], Recommender]:
    from recbole_opal.serving import load

    return lambda folder: load(
        folder, options.stage, options.retrieval, options.retrieval_args or None
    )


def _address(host: str, port: int) -> socket.socket:
    """Return a socket that is bound, so that nothing is loaded for an address that is taken."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # With its protocol: asyncio switches Nagle's delay off only where TCP is named.
        bound = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"--host={host} is no address of this machine ({error}); write for example "
            "--host=127.0.0.1, or --host=0.0.0.0 for all of them."
        ) from error
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(place)
    except OSError as error:
        bound.close()
        fix = "choose a port, for example --port=8001, and an address of this machine as --host"
        raise SettingsError(
            f"cannot listen on {host} port {port} ({error.strerror}); {fix}."
        ) from error
    return bound


def _parse(argv: Sequence[str]) -> tuple[Path, ServeOptions]:
    names, flags = read_arguments(argv)
    refuse_unknown(flags, ServeOptions.model_fields, "serve")
    if len(names) != 1 or not names[0]:
        given = f"{len(names)} run folders are named" if names else "no run folder is named"
        example = command("saved/RUN", name="serve")
        raise SettingsError(f"{given}; write for example {example}.")
    return run_path(names[0]), _options(flags)


def _options(flags: Mapping[str, str]) -> ServeOptions:
    values: dict[str, Any] = {name: parse_value(text) for name, text in flags.items()}
    return ServeOptions.model_validate(check_section(ServeOptions, values))


def _help() -> str:
    lines = [f"usage: {command(name='serve')} RUN [--host=127.0.0.1] [--port=8000]", ""]
    lines += ["RUN is a run folder, a bundle that `export` wrote, or a link to one; a new one in"]
    lines += ["its place is taken up within a second or two without a lost request.", ""]
    return "\n".join([*lines, *described(ServeOptions)])
