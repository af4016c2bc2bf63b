"""Starts a browser behind walls that the kernel holds; a program of its own, for Linux.

    python -IS launcher.py PLAN BROWSER [ARGUMENT...]

Playwright runs it as if it were the browser. PLAN is JSON: `socket` (a Unix socket on which
whoever wants the browser listens), `port`, `home` (an empty folder, for the browser to write in)
and `files` (a folder that it must be able to read). The walls, each where the kernel grants it:

- a network of its own, in which nothing listens but one socket on 127.0.0.1:`port`. It is made in
  here and handed out through `socket`: whoever accepts on it is all that the browser can reach;
- processes of its own: it sees no others, and all of them end with the first;
- a home in memory, of a limited size, that is gone with the browser;
- an unprivileged user in the place of root, bounds on memory and files, no way to more rights.

What was granted is told through `socket`. The program stays beside the browser and ends it with
whoever asked for it, however that one ended. Standard library only, and little of it: a browser
waits for this.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import functools
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

# From <linux/sched.h>, <linux/prctl.h>, <linux/mount.h>, <linux/sockios.h> and <net/if.h>.
NEW_MOUNTS, NEW_USERS, NEW_PROCESSES, NEW_NETWORK = 0x00020000, 0x10000000, 0x20000000, 0x40000000
PARENT_DEATH_SIGNAL, DUMPABLE, NO_NEW_PRIVILEGES = 1, 4, 38
NO_SETUID, NO_DEVICES, NO_PROGRAMS, RECURSIVE, PRIVATE = 2, 4, 8, 0x4000, 0x40000
SET_FLAGS, UP = 0x8914, 0x1

MEBIBYTE = 2**20
HOME_SIZE = 1024 * MEBIBYTE  # the profile, and the memory that its processes share
FILE_SIZE = 256 * MEBIBYTE
DATA_SIZE = 4096 * MEBIBYTE  # of one process: a page that wants more crashes its own tab
NICENESS = 5
FIRST_TO_GO = 900  # of 1000, when the machine runs out of memory
NOBODY = 65534

FULL, NETWORK, NONE = "full", "network", "none"

Plan = dict[str, Any]
Report = dict[str, Any]
_libc = ctypes.CDLL(None, use_errno=True)


class RefusedError(Exception):
    """A wall is not to be had here; the message says which, and why."""


def main(plan: Plan, browser: str, arguments: Sequence[str]) -> int:
    asker = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    asker.connect(plan["socket"])
    end_with_parent()
    report = choose(plan, browser)
    if report["walls"] == NONE:
        socket.send_fds(asker, [_line(report)], [])
    else:
        unshare(report["walls"])
        with listen(plan["port"]) as listener:
            socket.send_fds(asker, [_line(report)], [listener.fileno()])
    ended, wakes = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    child = os.fork()
    if child == 0:
        asker.close()
        enter(plan, report)
        os.execv(browser, [browser, *_told(plan, report, arguments)])  # noqa: S606
    for pipe in (3, 4):  # Playwright's to the browser: each must notice when the other is gone
        os.close(pipe)
    select.select((asker.fileno(), ended), (), ())
    return end(child, report)


def _line(report: Report) -> bytes:
    return json.dumps(report).encode() + b"\n"


def _told(plan: Plan, report: Report, arguments: Sequence[str]) -> list[str]:
    """Put the profile where this user can write."""
    kept = [one for one in arguments if not one.startswith("--user-data-dir=")]
    alone = [] if report["sandbox"] else ["--no-sandbox"]
    return [f"--user-data-dir={plan['home']}/profile", *alone, *kept]


def end(child: int, report: Report) -> int:
    """End the browser and all that it started; return how it ended itself, if it did."""
    done, status = os.waitpid(child, os.WNOHANG)
    if not done:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if report["walls"] != FULL and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)  # a process namespace does this by itself
    return max(os.waitstatus_to_exitcode(status), 0)


# What is to be had here


def choose(plan: Plan, browser: str) -> Report:
    """Try what there is, the strongest first, and take the first that works.

    `sandbox` says whether the browser's own stays on. Of an ordinary user it always does: where it
    is not to be had, the browser does not start, and says so.
    """
    is_root = os.geteuid() == 0
    reasons: list[str] = []
    for user in (NOBODY, 0) if is_root else (os.geteuid(),):
        for walls in (FULL, NETWORK, NONE):
            tried, why = attempt(functools.partial(_try, plan, browser, user, walls))
            reasons.extend([why] if why and why not in reasons else [])
            last = (user, walls) == (os.geteuid(), NONE)
            if last or (tried and (is_root or tried["nests"])):
                nests = bool(tried and tried["nests"])
                if tried and not nests:
                    reasons.append(tried["why"])
                return {
                    "walls": walls,
                    "user": user,
                    "sandbox": (nests and user != 0) or not is_root,
                    "nests": nests,
                    "reasons": reasons,
                }
    raise AssertionError("the last one is taken as it is")


def _try(plan: Plan, browser: str, user: int, walls: str) -> dict[str, Any]:
    """Build the walls, to see whether they stand and a sandbox can be built within them."""
    if walls != NONE:
        unshare(walls)
        listen(plan["port"]).close()

    def inside() -> dict[str, Any]:
        enter(plan, {"walls": walls, "user": user, "nests": False})
        for path, mode in (
            (browser, os.X_OK),
            (plan["home"], os.W_OK | os.X_OK),
            (plan["files"], os.R_OK | os.X_OK),
        ):
            if not os.access(path, mode):
                raise RefusedError(f"user {user} may not use {path}")
        _, why = attempt(_nest)
        return {"nests": not why, "why": why}

    tried, why = attempt(inside)
    if tried is None:
        raise RefusedError(why)
    return tried


def _nest() -> dict[str, Any]:
    """Begin as Chromium's sandbox does."""
    call("user namespaces", _libc.unshare, NEW_USERS)
    call("namespaces within one of its own", _libc.unshare, NEW_PROCESSES | NEW_NETWORK)
    return {}


def attempt(work: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any] | None, str]:
    """Do what cannot be undone in a process that ends then; return its result, or why not."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        answer: list[object]
        try:
            answer = [work(), ""]
        except (OSError, RefusedError) as error:
            answer = [None, str(error)]
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    result, why = json.loads(text or '[null, "the attempt was ended"]')
    return result, why


# The walls


def unshare(walls: str) -> None:
    """Leave the namespaces of this machine; that of processes begins with the next child."""
    user, group = os.geteuid(), os.getegid()
    wanted = NEW_NETWORK | (NEW_MOUNTS | NEW_PROCESSES if walls == FULL else 0)
    if user != 0:
        call("user namespaces", _libc.unshare, NEW_USERS)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            _write(f"/proc/self/{name}", text)
    call("a network and processes of its own", _libc.unshare, wanted)


def listen(port: int) -> socket.socket:
    """Bring up loopback in this network, and listen there."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    fcntl.ioctl(listener, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


def enter(plan: Plan, report: Report) -> None:
    """Become what the browser is to be, all but the program."""
    end_with_parent()
    _write("/proc/self/oom_score_adj", str(FIRST_TO_GO))
    os.nice(NICENESS)
    user = report["user"]
    if report["walls"] == FULL:
        mount("none", "/", "", RECURSIVE | PRIVATE)
        mount("proc", "/proc", "proc", NO_SETUID | NO_DEVICES | NO_PROGRAMS)
        owner = f"size={HOME_SIZE},mode=0700,uid={user},gid={_group(user)}"
        mount("tmpfs", plan["home"], "tmpfs", NO_SETUID | NO_DEVICES | NO_PROGRAMS, owner)
    elif user != os.geteuid():
        os.chown(plan["home"], user, _group(user))
    _bound()
    if user != os.geteuid():
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        call("a process that may look at itself", _libc.prctl, DUMPABLE, 1, 0, 0, 0)
    if report["nests"]:  # otherwise the browser's helper for its sandbox may need them
        call("an end to privileges", _libc.prctl, NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    end_with_parent()  # forgotten with a change of user
    for name in ("tmp", "profile"):
        with contextlib.suppress(FileExistsError):
            os.mkdir(f"{plan['home']}/{name}", mode=0o700)  # noqa: PTH102 - as below


def _group(user: int) -> int:
    return os.getegid() if user == os.geteuid() else user


def _bound() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that is too long is an error, no end
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, DATA_SIZE),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
    ):
        _, hard = resource.getrlimit(limit)
        lower = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (lower, lower))


def end_with_parent() -> None:
    call("an end with the parent", _libc.prctl, PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    call(
        f"a {kind or 'private'} mount on {target}",
        _libc.mount,
        source.encode(),
        target.encode(),
        kind.encode() or None,
        flags,
        options.encode() or None,
    )


def call(what: str, function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        raise RefusedError(f"no {what}: {os.strerror(ctypes.get_errno())}")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib costs a start time
        file.write(text)


if __name__ == "__main__":
    try:
        sys.exit(main(json.loads(sys.argv[1]), sys.argv[2], sys.argv[3:]))
    except (OSError, RefusedError) as error:
        sys.exit(f"The browser could not be confined: {error}")
