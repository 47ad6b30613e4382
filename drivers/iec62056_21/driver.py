"""The driver: a session run on a link, and the next try at a lower speed when one fails after the baud change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Self

from drivers.driver import Context
from drivers.errors import AccessDenied, MeterError, NoAnswer
from drivers.iec62056_21.data_set import DataSet, parse
from drivers.iec62056_21.exchange import Answer, Exchange
from drivers.iec62056_21.identification import Identification
from drivers.iec62056_21.learned import Learned
from drivers.iec62056_21.line import Line, address_of, open_line
from drivers.iec62056_21.readings import Circumstances, records
from drivers.iec62056_21.sign_on import SignOn
from drivers.iec62056_21.tries import signed_on
from drivers.meter_url import MeterUrl
from drivers.reading import Meter, Obis, Reading, Record, Text


@dataclass(frozen=True, slots=True)
class Readout:
    """A data block and who sent it."""

    identification: Identification
    answer: Answer


class Iec62056_21:
    """A meter of IEC 62056-21 on one link. Made by ``driver``."""

    def __init__(self, url: MeterUrl, context: Context, learned: Learned | None = None) -> None:
        url.known(("address", "baud", "7e1"))
        self._url = url
        self._context = context
        self._address = address_of(url)
        self.learned = learned or Learned()
        self._most_baud = url.integer("baud", 115200, 300, 115200)
        self._hardware_parity = url.flag("7e1")
        self._line: Line | None = None

    async def __aenter__(self) -> Self:
        self._line = await open_line(self._url, self._context, hardware_parity=self._hardware_parity)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._line is not None:
            await self._line.link.close()
            self._line = None

    async def identify(self) -> Meter:
        """Who is there, from its readout: the identification message alone names no serial number."""
        async for record in self.registers():
            if isinstance(record, Meter):
                return record
        raise NoAnswer("the meter gave nothing", where=str(self._url))

    async def registers(self, wanted: Sequence[Obis] = ()) -> AsyncIterator[Record]:
        """The data block: every register the meter lists, or of those the wanted ones."""
        readout = await self._bounded()
        parts = list(parse(readout.answer.text))
        _refused(parts, self._url)
        around = Circumstances(str(self._url), self._context.now(), self._context.zone, readout.answer.checked)
        for record in records(parts, readout.identification, around):
            if wanted and isinstance(record, Reading | Text) and record.obis not in wanted:
                continue
            yield record

    async def _bounded(self) -> Readout:
        try:
            async with asyncio.timeout(self._context.timeout):
                return await signed_on(
                    self._opened(),
                    self._most_baud,
                    self.learned,
                    lambda attempt: SignOn(self._address, attempt.most_baud, reaction_s=attempt.reaction_s),
                    self._readout,
                )
        except TimeoutError:
            raise NoAnswer(
                f"no whole answer within {self._context.timeout:g} s",
                where=str(self._url),
                do="give it more with --timeout",
            ) from None
        except MeterError as error:
            raise error.at(str(self._url)) from error.__cause__

    async def _readout(self, sign_on: SignOn) -> Readout:
        line = self._opened()
        identification = sign_on.who
        block = Exchange(
            readout=True,
            reaction_s=identification.reaction_s,
            baud=sign_on.baud,
            now=line.now(),
            left=sign_on.left,
        )
        await line.converse(block)
        assert block.answer is not None  # noqa: S101 - an exchange that finished has one
        return Readout(identification, block.answer)

    def _opened(self) -> Line:
        if self._line is None:
            raise RuntimeError("use the driver with `async with`")
        return self._line


def driver(url: MeterUrl, context: Context) -> Iec62056_21:
    """The driver of ``iec62056-21:`` URLs. Parameters: ``address`` (of the meter, at most 32 characters), ``baud`` (the
    highest speed to agree to), ``7e1`` (let the UART do parity). Raises UsageError."""
    return Iec62056_21(url, context)


def _refused(parts: Sequence[object], url: MeterUrl) -> None:
    """A block that holds an error and nothing else is the meter's refusal."""
    sets = [part for part in parts if isinstance(part, DataSet)]
    if len(sets) == 1 and not sets[0].address and sets[0].values[0].text.upper().startswith("ER"):
        raise AccessDenied(
            f"the meter answers ({sets[0].values[0].text})",
            where=str(url),
            do="it may not give this readout; see its manual",
        )
