"""The `sandwright` command: reads the command's name, then imports only that command.

Exit codes everywhere: 0 good, 1 the answer is no, 2 could not be done.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
from typing import TYPE_CHECKING

from server.commands.exit_codes import COULD_NOT, INTERRUPTED
from server.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

# The command, its module in server.commands, and what it does.
COMMANDS = {
    "serve": ("serve", "serve the pages and the tools on this machine"),
    "new": ("new", "generate a tool, test it, write it to a file"),
    "test": ("smoke_test", "smoke-test HTML files, folders and pages of the web"),
    "import": ("import_", "make tools of files and folders"),
    "export": ("export", "write a stored tool as one standalone file"),
    "models": ("models", "list the models that are connected"),
    "doctor": ("doctor", "say what works, what does not and what to do"),
    "prove": ("prove", "attack the sandbox in a browser, and say what got out"),
    "libraries": ("libraries", "list, check, fetch and remove the libraries that tools use"),
    "scripted": ("scripted", "run the shipped fake model, speaking the OpenAI format"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(words)
    parsed = parser.parse_args(words)
    if parsed.command is None:
        parser.print_help()
        return COULD_NOT
    try:
        code: int = parsed.run(parsed)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return COULD_NOT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        sys.stderr.close()
        return COULD_NOT
    except Exception as error:
        reason = _reason(error)
        if reason is None:
            raise
        print(reason, file=sys.stderr)
        return COULD_NOT
    return code


def _reason(error: Exception) -> str | None:
    """Say in one line what a person can mend; None for what is a mistake of ours."""
    # Imported here, since a start must be quick; whatever raises these has loaded them.
    from sqlite3 import Error as SQLiteError  # noqa: PLC0415

    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from server.commands.terminal import shown  # noqa: PLC0415
    from server.errors import Problem  # noqa: PLC0415
    from server.store.database import NewerDatabaseError  # noqa: PLC0415

    match error:
        case Problem():
            text = f"{error.detail} {error.action or ''}"
        case NewerDatabaseError():
            text = str(error)
        case SQLAlchemyError() | SQLiteError():
            cause = getattr(error, "orig", None) or error
            text = f"The database cannot be used: {str(cause).partition(chr(10))[0]}."
        case OSError(filename=str() as name):
            text = f"{name} cannot be used: {error.strerror}."
        case OSError():
            text = f"This machine refused: {error.strerror or error}."
        case _:
            return None
    return shown(" ".join(text.split()))


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sandwright", description="Describe a tool in a browser and use it at once."
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, (module, help_text) in COMMANDS.items():
        command = commands.add_parser(name, help=help_text, description=f"{help_text}.")
        if name == chosen:
            # The others stay unloaded: a start must be quick.
            loaded = _load(module)
            loaded.add_arguments(command)
            command.set_defaults(run=loaded.run)
    return parser


def _load(module: str) -> ModuleType:
    """Import a command; what an import makes stays, so looking for garbage only costs time."""
    gc.disable()
    try:
        return importlib.import_module(f"server.commands.{module}")
    finally:
        gc.freeze()
        gc.enable()


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - slow, and rarely asked for

    return f"sandwright {version('sandwright')}"


if __name__ == "__main__":
    sys.exit(main())
