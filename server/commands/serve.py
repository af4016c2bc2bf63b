"""`sandwright serve`: the pages on one port, the frames on another, in one event loop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import os
import sys
import webbrowser

from sqlalchemy.exc import SQLAlchemyError

from sandbox.smoke.browsers import NoBrowser, find_browser
from server.app import Application, create_application
from server.commands.exit_codes import COULD_NOT, GOOD, INTERRUPTED
from server.ports import BoundPort, RefusedPort, bind
from server.serving import Listener, log_to_stderr, serve, stop_signals
from server.settings import Settings, load_settings, unknown_variables
from server.store.database import NewerDatabaseError

_SHORTEST_TOKEN = 16  # where other machines may try


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", metavar="N", help="port of the pages (8000)")
    parser.add_argument("--frame-port", metavar="N", help="port of the tools' frames (8001)")
    parser.add_argument("--data-dir", metavar="D", help="where everything is kept")
    parser.add_argument(
        "--open",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="open the page in a browser (by default at a terminal with a display)",
    )
    parser.add_argument(
        "--insecure-i-know",
        action="store_true",
        help="let other machines in without an access token",
    )


def run(arguments: argparse.Namespace) -> int:
    flags = {
        "HOST": arguments.host,
        "PORT": arguments.port,
        "FRAME_PORT": arguments.frame_port,
        "DATA_DIR": arguments.data_dir,
    }
    settings = load_settings(os.environ, flags)
    if not (settings.loopback or settings.access_token or arguments.insecure_i_know):
        return _refuse(
            f"Listening on {settings.host} lets other machines in, so SANDWRIGHT_ACCESS_TOKEN "
            "must be set; or say --insecure-i-know."
        )
    token = settings.access_token
    if token and len(token) < _SHORTEST_TOKEN and not settings.loopback:
        return _refuse(
            f"SANDWRIGHT_ACCESS_TOKEN must have {_SHORTEST_TOKEN} characters or more where other "
            "machines are let in, for a short one is guessed; make one with openssl rand -hex 24."
        )
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        return _refuse(f"{settings.data_dir} cannot be used for data: {error.strerror}.")
    ports = _bind_both(settings)
    if isinstance(ports, RefusedPort):
        return _refuse(ports.reason)
    _say_what_is_odd(settings)
    wants_page = _has_screen(settings) if arguments.open is None else arguments.open
    log_to_stderr()
    try:
        return asyncio.run(_serve(settings, ports, open_page=wants_page))
    except asyncio.CancelledError:  # a second signal: somebody is in a hurry
        return INTERRUPTED


def _refuse(reason: str) -> int:
    print(reason, file=sys.stderr)
    return COULD_NOT


def _bind_both(settings: Settings) -> tuple[BoundPort, BoundPort] | RefusedPort:
    """A default port steps aside for one that the person chose."""
    pages = bind(
        settings.host,
        settings.port,
        chosen=settings.port_chosen,
        avoid=frozenset() if settings.port_chosen else frozenset({settings.frame_port}),
    )
    if isinstance(pages, RefusedPort):
        return pages
    frames = bind(settings.host, settings.frame_port, chosen=settings.frame_port_chosen)
    if isinstance(frames, RefusedPort):
        pages.socket.close()
        return frames
    return pages, frames


def _say_what_is_odd(settings: Settings) -> None:
    for sentence in unknown_variables():
        print(f"{sentence}.", file=sys.stderr)
    browser = find_browser(settings.browser, settings.browser_environment)
    if isinstance(browser, NoBrowser):
        print(f"Tools will not be tested. {browser.reason} {browser.advice}", file=sys.stderr)


def _has_screen(settings: Settings) -> bool:
    if not sys.stdout.isatty():
        return False
    displays = ("DISPLAY", "WAYLAND_DISPLAY")
    is_desktop = sys.platform in ("darwin", "win32")
    return is_desktop or any(name in settings.browser_environment for name in displays)


async def _serve(settings: Settings, ports: tuple[BoundPort, BoundPort], *, open_page: bool) -> int:
    pages, frames = ports
    settings = dataclasses.replace(settings, port=pages.port, frame_port=frames.port)
    for bound in ports:
        if bound.moved_from is not None:
            print(f"Port {bound.moved_from} is taken; using {bound.port}.", file=sys.stderr)

    async def ready(application: Application) -> None:
        print(page_url(settings), flush=True)
        application.warm()  # only now: it would slow the start
        if open_page:
            await asyncio.to_thread(webbrowser.open, page_url(settings))

    with stop_signals() as stop:
        async with contextlib.AsyncExitStack() as stack:
            try:
                application = await stack.enter_async_context(create_application(settings))
            except (NewerDatabaseError, SQLAlchemyError, OSError) as error:
                reason = str(error).partition("\n")[0]
                return _refuse(f"The database cannot be used: {reason}")
            listeners = (
                Listener(application.host, pages.socket),
                Listener(application.frame, frames.socket),
            )
            await serve(listeners, ready=lambda: ready(application), stop=stop)
    return GOOD


def page_url(settings: Settings) -> str:
    """Return an address that a browser on this machine can open."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
