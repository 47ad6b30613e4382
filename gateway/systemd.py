"""What the service manager is told: ready, alive, stopping (sd_notify(3)). Without a manager nothing is said."""

from __future__ import annotations

import os
import socket


def notify(message: str) -> bool:
    """Send ``READY=1`` and the like; False when nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        # A manager that does not listen must not stop the loop: its queue is short, and a full one would block.
        connection.setblocking(False)
        try:
            connection.sendto(message.encode(), address)
        except OSError:
            return False
    return True


def watchdog_s() -> float | None:
    """How often the manager wants to hear of us: half of WATCHDOG_USEC; None when it does not."""
    try:
        return int(os.environ["WATCHDOG_USEC"]) / 2_000_000
    except (KeyError, ValueError):
        return None
