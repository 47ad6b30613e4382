"""From files to a checked configuration: everything that is wrong at once, each with its file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from drivers.errors import UsageError
from drivers.meter_url import MeterUrl
from drivers.registry import DRIVERS
from gateway.config.model import Config, Devices, MeterTable
from gateway.device_map.catalogue import find
from gateway.device_map.loader import DeviceMap
from gateway.device_map.problems import Problems, TomlError, read
from gateway.device_map.sections import section_of

#: Protocols that one serial meter may speak in turn on one port: both begin with the sign-on of IEC 62056-21.
_TOGETHER = {"iec62056-21", "dlms+optical"}


class ConfigError(TomlError):
    """A configuration that cannot be used."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A configuration that holds together: ``config`` with the meters of all files, ``files`` in the order read."""

    config: Config
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A meter, and where it stands."""

    meter: MeterTable
    problems: Problems
    number: int

    def wrong(self, key: str, what: str) -> None:
        path = ("meter", self.number, key) if key else ("meter", self.number)
        self.problems.add(path, f"meter {self.meter.name}: {what}")


def load(file: Path) -> Configured:
    """Read ``file`` and the ``devices.d/*.toml`` beside it. Raises ConfigError with all that is wrong, UsageError."""
    files = [file, *sorted((file.parent / "devices.d").glob("*.toml"))]
    looked = [Problems(one, read(one, ConfigError), ConfigError) for one in files]
    main, *others = looked
    table = main.table()
    rest = {key: value for key, value in table.items() if key != "meter"}
    config = main.model(Config, rest)
    placed = _meters(main, table)
    for problems in others:
        devices = problems.table()
        problems.model(Devices, {key: value for key, value in devices.items() if key != "meter"})
        placed += _meters(problems, devices)
    _check_meters(placed)
    if config is not None:
        _check_sinks(config, main)
        _check_sources(config, main)
    said = [line for problems in looked for line in problems.said()]
    if said or config is None:
        raise ConfigError(said)
    return Configured(config.model_copy(update={"meter": [one.meter for one in placed]}), tuple(files))


def _meters(problems: Problems, table: Mapping[str, Any]) -> list[_Placed]:
    """The meters of a file, each checked by itself: one that is wrong does not hide what is wrong with the others."""
    given = table.get("meter", [])
    if not isinstance(given, list):
        problems.add(("meter",), "meter: meters are written as [[meter]]")
        return []
    found = []
    for number, one in enumerate(given):
        meter = problems.model(MeterTable, one, ("meter", number))
        if meter is not None:
            found.append(_Placed(meter, problems, number))
    return found


def link_of(url: MeterUrl) -> str:
    """The line a meter is on: the device, or host and port. Meters of one line are read one after the other."""
    return url.path if not url.host else f"{url.host}:{url.port or ''}"


def state_of(configured: Configured) -> Path:
    """The file of the store."""
    return configured.config.gateway.state / "store.sqlite"


def _check_meters(placed: Sequence[_Placed]) -> None:
    for one, same in _repeated(placed):
        one.wrong("name", f"another meter has this name already ({same.problems.file})")
    schemes: dict[str, _Placed] = {}
    map_of = cache(find)
    for one in placed:
        _check_url(one)
        _check_map(one, map_of)
        first = schemes.setdefault(link_of(one.meter.url), one)
        both = {first.meter.url.scheme, one.meter.url.scheme}
        if len(both) > 1 and not both <= _TOGETHER and not one.meter.url.host:
            one.wrong(
                "url",
                f"{link_of(one.meter.url)} is the line of meter {first.meter.name}, which speaks {first.meter.url.scheme}:"
                " one port, one protocol",
            )


def _repeated(placed: Sequence[_Placed]) -> Iterator[tuple[_Placed, _Placed]]:
    seen: dict[str, _Placed] = {}
    for one in placed:
        if one.meter.name in seen:
            yield one, seen[one.meter.name]
        seen.setdefault(one.meter.name, one)


def _check_url(one: _Placed) -> None:
    scheme = one.meter.url.scheme
    if scheme not in DRIVERS:
        near = difflib.get_close_matches(scheme, DRIVERS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(DRIVERS))}"
        one.wrong("url", f"no driver for {scheme!r}; {hint}")


def _check_map(one: _Placed, map_of: Callable[[str], DeviceMap]) -> None:
    if not one.meter.map:
        return
    try:
        found = map_of(one.meter.map)
    except UsageError as error:
        one.wrong("map", str(error))
        return
    wanted = section_of(one.meter.url.scheme)
    if wanted not in found.parts:
        one.wrong("map", f"{found.name} has no [{wanted}] section; it has {', '.join(found.parts)}")


def _check_sinks(config: Config, problems: Problems) -> None:
    seen: set[str] = set()
    for number, sink in enumerate(config.sink):
        if sink.name in seen:
            problems.add(("sink", number, "name"), f"sink {sink.name}: another sink has this name already")
        seen.add(sink.name)


def _check_sources(config: Config, problems: Problems) -> None:
    if config.headend is None:
        return
    sinks = {sink.name for sink in config.sink}
    seen: set[str] = set()
    for number, source in enumerate(config.headend.source):
        place = ("headend", "source", number)
        if source.name in seen:
            problems.add((*place, "name"), f"source {source.name}: another source has this name already")
        seen.add(source.name)
        if source.replies is not None and source.replies not in sinks:
            problems.add((*place, "replies"), f"source {source.name}: there is no sink {source.replies!r}")
