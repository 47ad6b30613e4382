"""URL scheme -> driver. A protocol is imported when a meter of it is asked for, so that nobody pays for the others."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import import_module

from drivers.driver import Context, Driver
from drivers.errors import UsageError
from drivers.meter_url import MeterUrl, parse

#: scheme -> "module:factory"; the factory takes (MeterUrl, Context) and returns a Driver that is not yet open.
DRIVERS: dict[str, str] = {
    "iec62056-21": "drivers.iec62056_21.driver:driver",
}

Factory = Callable[[MeterUrl, Context], Driver]


def factory(scheme: str) -> Factory:
    """The factory of a scheme. Raises UsageError, naming the nearest one, when there is none."""
    try:
        target = DRIVERS[scheme]
    except KeyError:
        near = difflib.get_close_matches(scheme, DRIVERS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(DRIVERS))}"
        raise UsageError(f"no driver for {scheme!r}", do=hint) from None
    module, _, name = target.partition(":")
    made: Factory = getattr(import_module(module), name)
    return made


def open_driver(url: str | MeterUrl, context: Context) -> Driver:
    """A driver for the meter at ``url``, to be used with ``async with``. Raises UsageError for a wrong URL."""
    if isinstance(url, str):
        url = parse(url)
    return factory(url.scheme)(url, context)
