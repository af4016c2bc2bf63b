"""Put the vendored front-end files and libraries into every wheel; see `vendor.py`."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class VendorHook(BuildHookInterface[Any]):
    """Fetch before files are gathered.

    An editable install skips this, since set-up fetches by itself and goes on without a registry.
    `SANDWRIGHT_VENDOR=skip` builds a wheel without: pages then use the system's own fonts, and
    tools have no libraries until they are fetched.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or os.environ.get("SANDWRIGHT_VENDOR") == "skip":
            return
        vendor = _load(Path(self.root) / "scripts" / "vendor.py")
        fetched = vendor.fetch_missing(Path(self.root) / "frontend" / "static" / "vendor")
        fetched += vendor.fetch_libraries()
        # One by one: optional libraries that this machine has too stay out.
        for folder in vendor.library_folders():
            inside = folder.relative_to(self.root).as_posix()
            build_data["force_include"][str(folder)] = inside
        if fetched:
            self.app.display_info(f"fetched {', '.join(fetched)}")


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("sandwright_vendor", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name while they are being made.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
