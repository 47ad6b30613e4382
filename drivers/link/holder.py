"""Who holds a device open: read from /proc, so that an error can name the process."""

from __future__ import annotations

import os
from pathlib import Path


def holders(path: str) -> str:
    """The processes that have the device open, as ``name (pid N), ...``; this one left out, empty where none is seen.

    Other users' processes are seen only by root; Linux only.
    """
    try:
        device = os.stat(path).st_rdev
    except OSError:
        return ""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            if any(os.stat(fd).st_rdev == device for fd in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (pid {process.name})")
        except OSError:  # it ended while we looked, or is another user's
            continue
    return ", ".join(found)
