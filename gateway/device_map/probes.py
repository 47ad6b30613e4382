"""Probe profiles: how an optical head or a UART wants to be treated, one TOML file each in ``device_maps/probes``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from gateway.device_map.problems import Problems, read
from gateway.device_map.strict import Strict

FOLDER = Path(__file__).resolve().parent.parent.parent / "device_maps" / "probes"


class Probe(Strict):
    """``usb`` are ``vendor:product`` ids, ``driver`` the names of kernel drivers that it goes by.

    ``dtr`` and ``rts`` feed some heads: None leaves them as the port opens. ``settle_ms`` is how long it needs after
    that, ``latency_ms`` what its USB latency timer should be, ``baud_change_ms`` how long it needs after a change of
    speed. ``parity`` false: the chip has none, so only software parity works. ``source`` says where this is from.
    """

    what: str
    source: str
    usb: list[Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]] = []
    driver: list[str] = []
    dtr: bool | None = None
    rts: bool | None = None
    settle_ms: Annotated[int, Field(ge=0, le=5000)] = 0
    latency_ms: Annotated[int, Field(ge=1, le=255)] | None = None
    baud_change_ms: Annotated[int, Field(ge=0, le=2000)] = 0
    echo: Literal["no", "often", "always"] = "no"
    parity: bool = True
    advice: list[str] = []


def probes(folder: Path = FOLDER) -> Iterator[tuple[str, Probe]]:
    """Every profile with its name. Raises TomlError, naming file and line of all that is wrong in the first wrong one."""
    for file in sorted(folder.glob("*.toml")):
        problems = Problems(file, read(file))
        probe = problems.model(Probe, problems.table())
        problems.done()
        if probe is not None:
            yield file.stem, probe


def matching(usb: str, driver: str, folder: Path = FOLDER) -> tuple[str, Probe] | None:
    """The profile of a USB id, else that of a kernel driver, else None."""
    known = list(probes(folder))
    by_usb = (found for found in known if usb and usb in found[1].usb)
    by_driver = (found for found in known if driver and driver in found[1].driver)
    return next(by_usb, None) or next(by_driver, None)
