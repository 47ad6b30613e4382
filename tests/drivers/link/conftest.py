"""A pty with a master that a test drives by hand."""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import Iterator

import pytest


class Pty:
    """Master and slave of a pseudo terminal; ``path`` is what a driver opens."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)

    def baud(self) -> int:
        """The speed code that the client has set, as the master sees it."""
        return termios.tcgetattr(self.master)[5]

    def unplug(self) -> None:
        os.close(self.master)
        self.master = -1


@pytest.fixture
def pty() -> Iterator[Pty]:
    made = Pty()
    yield made
    if made.master >= 0:
        os.close(made.master)
