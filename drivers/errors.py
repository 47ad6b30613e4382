"""What can go wrong at a meter, named by what the caller does next.

Each error says what happened, where (port and meter) and what to do about it; ``str()`` is the one line a person reads.
"""

from __future__ import annotations


class MeterError(Exception):
    """Something about a meter or its line failed.

    ``what`` happened, ``where`` (a port, a meter's address, a file and line), ``do``: the advice to the one who reads it.
    """

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.do = do

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        return f"{line}; {self.do}" if self.do else line

    def at(self, where: str) -> MeterError:
        """The same error with its place filled in where it had none. Returns self, for ``raise error.at(port)``."""
        self.where = self.where or where
        return self


class UsageError(MeterError):
    """The caller asked for something that cannot be: a wrong URL, parameter or combination. Correct the request."""


class LinkLost(MeterError):
    """The port or connection is not there, is held by another, or went away. Wait and open it again."""


class NoAnswer(MeterError):
    """The line is there and the meter is silent. Try again later, slower, or with another address."""


class BadFrame(MeterError):
    """Bytes came and are damaged, or are no frame of this protocol, and stayed so. Repeat; then look at the line."""


class AccessDenied(MeterError):
    """The meter answered and refuses. Do not repeat unchanged: some meters lock after a few tries."""


class KeyRejected(AccessDenied):
    """The meter, or the arithmetic, says that a password, key or counter is wrong. Correct it before the next try."""


class NotSupported(MeterError):
    """This meter, or this driver, cannot do what was asked. Ask for something else."""
