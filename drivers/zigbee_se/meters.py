"""The meters of a network: every endpoint with a Metering cluster is one, a mirror of a gas meter too.

A second endpoint's meter is ``behind`` that of the first. What a device does not answer in one request is asked for in smaller
ones; the scale is asked for first, because without it nothing is a reading.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from drivers.driver import Context
from drivers.errors import BadFrame, NoAnswer, NotSupported
from drivers.reading import Meter, MeterEvent, Obis, Reading, Record, Series
from drivers.zigbee_se import metering_attributes as at
from drivers.zigbee_se import status, zcl
from drivers.zigbee_se.devices import Device
from drivers.zigbee_se.metering import Form, Said, meter, records
from drivers.zigbee_se.network import Pan
from drivers.zigbee_se.profile import Block, block, series
from drivers.zigbee_se.zcl import Answer
from drivers.zigbee_se.zcl_time import seconds

#: Attributes in one request: the answer of so many fits one frame that is not fragmented, 82 octets less the security.
_AT_ONCE = 5
#: Intervals in one GetProfile: 11 octets of head and 3 each in such a frame.
_INTERVALS = 18
#: Rounds of GetProfile in one call: a year of quarter hours.
_ROUNDS = 2000
_REPORTED = ((at.DELIVERED, 0x25), (at.RECEIVED, 0x25), (at.DEMAND, 0x2A), (at.STATUS, 0x18))
#: ActiveRegisterTierDelivered's neighbours say nothing of how many tiers a meter has: these are asked for, and no more once
#: one is not there.
_TIERS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class At:
    """Where a meter is: a device's endpoint."""

    device: bytes
    endpoint: int


class PanMeter:
    """One meter. ``known`` after the first ``identify``; ``behind`` the key of the device's first meter."""

    def __init__(self, pan: Pan, place: At, context: Context, source: str, behind: str | None = None) -> None:
        self.place = place
        self._pan = pan
        self._context = context
        self._source = f"{source}#{place.device.hex()}/{place.endpoint}"
        self._behind = behind
        self._form: Form | None = None
        self._meter: Meter | None = None
        self._words: dict[int, int] = {}
        self._absent: set[int] = set()

    async def identify(self) -> Meter:
        """Who it is, and with which scale it counts. Raises NoAnswer, LinkLost, NotSupported."""
        await self._known()
        assert self._meter is not None  # noqa: S101 - just found out
        return self._meter

    async def registers(self, wanted: Sequence[Obis] = ()) -> list[Record]:
        """The Meter, its readings and texts, and the events of status bits that changed since the last time."""
        _, who = await self._known()
        answers = await self._read(at.REGISTERS)
        answers |= await self._tiers()
        made = list(self.of(answers, self._context.now()))
        if wanted:
            made = [one for one in made if not isinstance(one, Reading) or one.obis in wanted]
        return [who, *made]

    def of(self, answers: dict[int, Answer], read_at: datetime) -> Iterator[Record]:
        """Records of answers or of a report, once the meter is known."""
        if self._form is None or self._meter is None:
            return
        said = Said(self._meter.key, {**self._formats, **answers}, read_at, self._zone)
        yield from records(said, self._form)
        yield from self._events(said)

    async def profile(self, since: datetime | None, until: datetime | None) -> AsyncIterator[Series]:
        """The intervals of both channels, oldest first. A meter without received energy has one."""
        form, who = await self._known()
        for received in (False, True):
            try:
                blocks = await self._blocks(received, since, until)
                made = series(who.key, form, received, blocks, self._context.now())
            except NotSupported:
                if received:
                    return
                raise
            if made is None:
                continue
            kept = tuple(
                row
                for row in made.rows
                if row.time is None or ((since is None or row.time > since) and (until is None or row.time <= until))
            )
            if kept:
                yield replace(made, rows=kept)

    async def report(self, least_s: int, most_s: int) -> list[int]:
        """Ask for reports; returns the attributes that it will not report and that must be polled."""
        wanted = [zcl.Reporting(number, kind, least_s, most_s, 1) for number, kind in _REPORTED]
        configured = await self._pan.configure_reporting(self.place.device, self.place.endpoint, at.CLUSTER, wanted)
        if len(configured) == 1 and configured[0].attribute is None:
            return [] if configured[0].status == zcl.SUCCESS else [one.attribute for one in wanted]
        return [one.attribute for one in configured if one.attribute is not None and one.status != zcl.SUCCESS]

    @property
    def _zone(self) -> tzinfo | None:
        return self._context.zone

    async def _known(self) -> tuple[Form, Meter]:
        if self._form is None or self._meter is None:
            self._formats = await self._read((*at.FORMAT, *at.IDENTITY))
            for number in at.FORMAT:
                answer = self._formats.get(number)
                if answer is not None and answer.status not in (zcl.SUCCESS, zcl.UNSUPPORTED_ATTRIBUTE):
                    raise NoAnswer(
                        f"the meter does not say how it counts: attribute 0x{number:04x} is"
                        f" {zcl.status_name(answer.status)}",
                        where=self._source,
                        do="read it again later",
                    )
            said = Said("", self._formats, self._context.now(), self._zone)
            self._form = Form.of({number: said.value(number) for number in at.FORMAT})
            self._meter = meter(said, self._form, self._source, self._behind)
        return self._form, self._meter

    async def _read(self, attributes: Sequence[int]) -> dict[int, Answer]:
        """The attributes that the meter has, a few at a time; what it once said it has not is not asked for again."""
        wanted = [one for one in attributes if one not in self._absent]
        found: dict[int, Answer] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            for answer in await self._pan.read(self.place.device, self.place.endpoint, at.CLUSTER, some):
                found[answer.attribute] = answer
                if answer.status == zcl.UNSUPPORTED_ATTRIBUTE:
                    self._absent.add(answer.attribute)
        return found

    async def _tiers(self) -> dict[int, Answer]:
        """Registers of tiers, until the meter has no more."""
        found: dict[int, Answer] = {}
        for start in range(1, at.TIERS + 1, _TIERS_AT_ONCE):
            some = at.tiers(at.TIERS)[2 * (start - 1) : 2 * (start - 1 + _TIERS_AT_ONCE)]
            answers = await self._read(some)
            found |= answers
            if all(answer.status for answer in answers.values()):
                break
        return found

    async def _blocks(self, received: bool, since: datetime | None, until: datetime | None) -> list[Block]:
        blocks: list[Block] = []
        end = 0 if until is None else seconds(until)
        for _ in range(_ROUNDS):
            fields = {"intervalChannel": int(received), "endTime": end, "numberOfPeriods": _INTERVALS}
            said = await self._pan.command(self.place.device, self.place.endpoint, at.CLUSTER, "GetProfile", fields)
            if said is None:
                break
            found = block(said)
            if found is None:
                break
            if blocks and found.end >= blocks[-1].end:
                raise BadFrame("GetProfile gives the same intervals again", where=self._source)
            blocks.append(found)
            if since is None or found.start <= since:
                break
            end = seconds(found.start)
        return blocks

    def _events(self, said: Said) -> Iterator[MeterEvent]:
        """Of status bits that changed, where the meter's medium says what they mean."""
        if self._form is None or self._form.quantity.medium is None:
            return
        for attribute in (at.STATUS, at.EXTENDED_STATUS):
            word = said.number(attribute)
            if word is not None:
                before = self._words.get(attribute)
                extended = attribute == at.EXTENDED_STATUS
                yield from status.edges(
                    said.meter, self._form.quantity.medium, word, before, said.read_at, extended=extended
                )
                self._words[attribute] = word

    _formats: dict[int, Answer]


async def meters(pan: Pan, context: Context, source: str, only: bytes | None = None) -> list[PanMeter]:
    """Every meter of the network, or of one device, the first of each device identified."""
    found: list[PanMeter] = []
    for device in pan.devices():
        if only is None or device.eui64 == only:
            found += await of_device(pan, device, context, source)
    return found


async def of_device(pan: Pan, device: Device, context: Context, source: str) -> list[PanMeter]:
    """The meters of one device; those of further endpoints are behind the first."""
    found: list[PanMeter] = []
    behind: str | None = None
    for endpoint in device.having(at.CLUSTER):
        one = PanMeter(pan, At(device.eui64, endpoint), context, source, behind)
        if behind is None:
            behind = (await one.identify()).key
        found.append(one)
    return found
