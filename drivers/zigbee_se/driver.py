"""The driver of ``zigbee:`` URLs: the meters of the network behind a stick."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

from drivers.driver import Context
from drivers.errors import MeterError, NoAnswer, NotSupported, UsageError
from drivers.meter_url import MeterUrl
from drivers.reading import Meter, NotUnderstood, Obis, Record, Series
from drivers.zigbee_se.install_code import InstallCode, eui64

if TYPE_CHECKING:
    from drivers.zigbee_se.instructions import Instruction
    from drivers.zigbee_se.meters import PanMeter
    from drivers.zigbee_se.network import Pan

#: Seconds for devices that the database does not know yet: they are asked what they are when they are heard.
_SETTLE_S, _QUIET_S = 5.0, 1.0
_PARAMETERS = ("device", "channel", "database", "form", "role")


class Zigbee:
    """One stick, or one device of its network. Made by ``driver``."""

    def __init__(self, url: MeterUrl, context: Context) -> None:
        url.known(_PARAMETERS)
        self._url = url
        self._context = context
        self._only = eui64(url.get("device")) if url.get("device") else None
        #: A network that the caller holds open is used, and neither opened nor closed here.
        self._held = context.link is not None
        self._pan: Pan = cast("Pan", context.link) if self._held else open_pan(url, context)
        self._meters: list[PanMeter] | None = None

    async def __aenter__(self) -> Self:
        if not self._held:
            await self._pan.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if not self._held:
            await self._pan.__aexit__(*exc)

    @property
    def pan(self) -> Pan:
        return self._pan

    async def identify(self) -> Meter:
        """The first meter of the network, or of the device that the URL names."""
        return await (await self._known())[0].identify()

    async def registers(self, wanted: Sequence[Obis] = ()) -> AsyncIterator[Record]:
        """Each meter after the other. One that does not answer is said and does not keep the others back."""
        known = await self._known()
        failed: list[MeterError] = []
        for one in known:
            try:
                for record in await one.registers(wanted):
                    yield record
            except MeterError as error:
                failed.append(error)
                yield NotUnderstood(one.place.device.hex(), "", f"endpoint {one.place.endpoint} was not read: {error}")
        if len(failed) == len(known):
            raise failed[0]

    async def profile(self, profile: Obis, since: datetime | None, until: datetime | None) -> AsyncIterator[Series]:
        """The intervals of each meter (``-:99.1.0``)."""
        if (profile.c, profile.d) != (99, 1):
            raise NotSupported(f"a Zigbee meter has the load profile 99.1, not {profile}", where=str(self._url))
        found = False
        for one in await self._known():
            try:
                async for series in one.profile(since, until):
                    if series.profile == profile:
                        found = True
                        yield series
            except NotSupported:
                continue
        if not found:
            raise NotSupported(f"no meter of this network gave intervals of {profile}", where=str(self._url))

    async def listen(self) -> AsyncIterator[Record]:
        """What meters report and what devices answer, as it comes; what cannot be reported is polled."""
        from drivers.zigbee_se.listening import listen

        async for record in listen(self._pan, await self._known(), self._context):
            yield record

    def next_event_id(self) -> int:
        """An IssuerEventID for what is told next."""
        return self._pan.next_event_id()

    def event_id_of(self, tracking: str) -> int | None:
        """The IssuerEventID of what was told under this tracking, None where nothing was."""
        return self._pan.esi.event_id_of(tracking)

    async def tell_devices(self, instruction: object, tracking: str, devices: Sequence[str] = ()) -> tuple[str, ...]:
        """Tell these devices (EUI64, hex), or all that take such an instruction; those that have it now.

        Every other asks for it when it is back: it is kept. Raises NotSupported for a device that is not here, or CannotSay's
        reason for what Smart Energy cannot say.
        """
        from drivers.zigbee_se.instructions import CannotSay

        said = cast("Instruction", instruction)
        wanted = [self._pan.device(eui64(one)) for one in devices]
        targets = wanted or [one for one in self._pan.devices() if one.asking(said.cluster)]
        try:
            fields = self._pan.remember(said, tracking)
        except CannotSay as error:
            raise NotSupported(str(error), where=str(self._url)) from error
        told = []
        for one in targets:
            with contextlib.suppress(NoAnswer):
                await self._pan.tell(one.eui64, said, fields=fields)
                told.append(one.eui64.hex())
        return tuple(told)

    async def _known(self) -> list[PanMeter]:
        from drivers.zigbee_se.meters import meters

        if self._meters is None:
            await settled(self._pan, self._only)
            self._meters = await meters(self._pan, self._context, str(self._url), self._only)
        if not self._meters:
            what = f"device {self._only.hex()}" if self._only else "network"
            self._meters = None
            raise NotSupported(
                f"no meter in this {what}",
                where=str(self._url),
                do="metergate pan permit lets one in, pan devices lists them",
            )
        return self._meters


def open_pan(url: MeterUrl, context: Context, code: InstallCode | None = None) -> Pan:
    """The network of a URL, not yet open; ``code`` for a stick that is to join a utility's.

    Raises UsageError, also when the extra ``zigbee`` is not installed.
    """
    try:
        from drivers.zigbee_se.network import Pan
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the Zigbee radio needs {error.name}", where=str(url), do="pip install 'metergate[zigbee]'"
        ) from error
    if url.scheme != "zigbee" or not (url.path or url.host):
        raise UsageError("the stick is missing", where=str(url), do="write zigbee:/dev/ttyACM0")
    role = url.get("role", "esi")
    if role not in ("esi", "consumer"):
        raise UsageError(f"role={role} is neither esi nor consumer", where=str(url))
    path = f"socket://{url.host}:{url.port or 6638}" if url.host else url.path
    database = Path(url.get("database")) if url.get("database") else _state_folder() / f"zigbee-{_name(path)}.db"
    database.parent.mkdir(parents=True, exist_ok=True)
    return Pan(
        path,
        context,
        form=url.flag("form"),
        consumer=role == "consumer",
        code=code,
        channel=url.integer("channel", 0, 0, 26) or None,
        database=database,
        memory=database.with_suffix(".esi.json"),
    )


def _state_folder() -> Path:
    """The folder of a systemd unit, else the one of the verbs: ``$METERGATE_STATE``, or the user's state folder (XDG)."""
    given = os.environ.get("STATE_DIRECTORY") or os.environ.get("METERGATE_STATE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "metergate"


def _name(path: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in path).strip("-")


def driver(url: MeterUrl, context: Context) -> Zigbee:
    """The driver of a Zigbee stick.

    Parameters: ``device`` (EUI64: only its meters), ``channel`` (of a network that is formed), ``database`` (file of the
    devices), ``form`` (yes: make a network where there is none), ``role`` (esi, or consumer in a utility's network).
    Raises UsageError.
    """
    return Zigbee(url, context)


async def settled(pan: Pan, wanted: bytes | None = None) -> None:
    """Wait until the device that is wanted, or every one that is known, was asked what it is; 5 s at the most.

    A network whose devices the database does not know is heard one device after the other: it is settled when nobody was new
    for a second.
    """
    loop = asyncio.get_running_loop()
    deadline, still, before = loop.time() + _SETTLE_S, loop.time(), -1
    while loop.time() < deadline:
        found = {one.eui64: one.interviewed for one in pan.devices()}
        if len(found) != before or not all(found.values()):
            still, before = loop.time(), len(found)
        if found.get(wanted) if wanted is not None else (found and loop.time() - still > _QUIET_S):
            return
        await asyncio.sleep(0.05)
