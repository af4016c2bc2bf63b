"""Around a browser: a folder of its own, a program that starts it behind walls, word of them."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import socket
import struct
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sandbox.smoke.browsers import BrowserChoice

LAUNCHER = Path(__file__).with_name("launcher.py")
# A page that broke out of everything else finds no key or address in the browser's environment.
_KEPT = (
    *("PATH", "LD_LIBRARY_PATH", "TZ", "FONTCONFIG_FILE", "FONTCONFIG_PATH"),
    *("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE"),
)

Network = Literal["kernel", "proxy"]


@dataclass(frozen=True, slots=True)
class Isolation:
    """What keeps the browser apart from this machine, and in `reasons` why it is not more.

    `network`: the `kernel` gives it a network in which there is nothing but the stage, or only the
    browser's own settings send every request to a `proxy` that connects nowhere. `sandbox`: the
    browser's own. `user`: the number of the one that it runs as, `None` where there are none;
    `own_user`: it is this program's.
    """

    network: Network = "proxy"
    processes: bool = False
    sandbox: bool = True
    user: int | None = None
    own_user: bool = True
    as_root: bool = False
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Confined:
    """A browser behind walls. `pid` is of the program beside it, which ends it on `close`."""

    isolation: Isolation
    pid: int
    listener: socket.socket | None
    connection: socket.socket = field(repr=False)

    def close(self) -> None:
        self.connection.close()


class Launch:
    """One start of one browser: what Playwright is to run, and where it reports."""

    def __init__(self, choice: BrowserChoice, files: Path, port: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="browser-", dir=files.parent))
        self.folder.chmod(0o711)  # another user goes through, and reads nothing
        home = self.folder / "home"
        home.mkdir(mode=0o700)
        address = self.folder / "socket"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(address))
        self._listener.listen(1)
        self._listener.setblocking(False)
        plan = {"socket": str(address), "port": port, "home": str(home), "files": str(files)}
        self.program = self.folder / "browser"
        self.program.write_text(_script(choice.path, plan), encoding="utf-8")
        self.program.chmod(0o700)

    async def confined(self) -> Confined:
        """Wait for the program to say what it has built. Raises `OSError` and `ValueError`."""
        loop = asyncio.get_running_loop()
        connection, _ = await loop.sock_accept(self._listener)
        self._listener.close()
        readable = asyncio.Event()
        loop.add_reader(connection, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(connection)
        text, descriptors, _, _ = socket.recv_fds(connection, _LONGEST, 1)
        if not text:
            connection.close()
            raise OSError("the program that confines it ended")
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS)
        pid, _, _ = struct.unpack("3i", credentials)
        listener = socket.socket(fileno=descriptors[0]) if descriptors else None
        return Confined(_isolation(json.loads(text)), pid, listener, connection)

    def discard(self) -> None:
        """Remove the folder; for a thread, once the browser is gone."""
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _script(browser: Path, plan: dict[str, object]) -> str:
    """Write what Playwright runs: our program, with few of this one's variables."""
    home = plan["home"]
    kept = " ".join(f'${{{name}+{name}="${name}"}}' for name in _KEPT)
    temporary = Path(str(home), "tmp")
    own = shlex.join([f"HOME={home}", f"TMPDIR={temporary}"])
    command = shlex.join([sys.executable, "-IS", str(LAUNCHER), json.dumps(plan), str(browser)])
    return f'#!/bin/sh\nexec env -i {kept} {own} {command} "$@"\n'


_LONGEST = 65_536
_CREDENTIALS = struct.calcsize("3i")


def _isolation(report: dict[str, object]) -> Isolation:
    reasons = report["reasons"]
    assert isinstance(reasons, list)
    return Isolation(
        network="proxy" if report["walls"] == "none" else "kernel",
        processes=report["walls"] == "full",
        sandbox=bool(report["sandbox"]),
        user=int(str(report["user"])),
        own_user=report["user"] == os.geteuid(),
        as_root=report["user"] == 0,
        reasons=tuple(str(reason) for reason in reasons),
    )


def unconfined() -> Isolation:
    """What is left where nothing stands between this program and the browser."""
    user = os.geteuid() if hasattr(os, "geteuid") else None
    system = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, sys.platform)
    reason = (
        "no program may be started from the folder for temporary files"
        if sys.platform == "linux"
        else f"walls of the kernel's are for Linux, and this is {system}"
    )
    as_root = user == 0
    return Isolation(sandbox=not as_root, user=user, as_root=as_root, reasons=(reason,))


def prepare(choice: BrowserChoice, files: Path, port: int) -> Launch | None:
    """Get a launch ready, or `None` where there can be none; blocks, for a thread."""
    if sys.platform != "linux":
        return None
    launch = Launch(choice, files, port)
    if not os.access(launch.program, os.X_OK):  # a file system for data only
        launch.discard()
        return None
    return launch


def own_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder whose `files` another user can read, whatever this user's usual rights are."""
    folder = tempfile.TemporaryDirectory(prefix="sandwright-", ignore_cleanup_errors=True)
    path = Path(folder.name)
    path.chmod(0o711)
    files = path / "files"
    files.mkdir()
    files.chmod(0o755)
    return folder
