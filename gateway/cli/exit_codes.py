"""Exit codes of every verb, a contract: 0 ok, 2 usage, 3 link, 4 meter refused or silent, 5 partial, 6 upstream."""

from __future__ import annotations

from drivers.errors import AccessDenied, BadFrame, LinkLost, MeterError, NoAnswer, NotSupported, UsageError

OK = 0
USAGE = 2
LINK = 3
METER = 4
PARTIAL = 5
UPSTREAM = 6

#: A damaged frame that stays damaged is the line's fault, not the meter's word.
_BY_ERROR: dict[type[MeterError], int] = {
    UsageError: USAGE,
    LinkLost: LINK,
    BadFrame: LINK,
    NoAnswer: METER,
    AccessDenied: METER,
    NotSupported: METER,
}


def of(error: MeterError) -> int:
    """The exit code that an error ends a command with."""
    kinds = [kind for kind in type(error).__mro__ if issubclass(kind, MeterError)]
    return next((_BY_ERROR[kind] for kind in kinds if kind in _BY_ERROR), METER)
