"""Mode E: from a meter's optical port to an open 8N1 line on which HDLC is spoken (IEC 62056-21, 6.4.5; IEC 62056-46).

For the DLMS driver of ``dlms+optical:`` URLs::

    line = await open_mode_e(url, context, learned)     # signs on, agrees on the speed, says 2 Z 2
    line.link                                           # open, 8N1, at line.baud: send SNRM at once; yours to close
    line.identification                                 # who answered: manufacturer, model

The meter has had its say when this returns: either it confirmed, or it was given the time to.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.driver import Context
from drivers.errors import MeterError
from drivers.iec62056_21.identification import REACTION_S, Identification
from drivers.iec62056_21.learned import Learned
from drivers.iec62056_21.line import Line, address_of, open_line
from drivers.iec62056_21.sign_on import SignOn, Want
from drivers.iec62056_21.timing import FIRST_BYTE_S
from drivers.iec62056_21.tries import Try, signed_on
from drivers.link.link import Link
from drivers.meter_url import MeterUrl


@dataclass(frozen=True, slots=True)
class ModeELine:
    """``link`` is open, 8N1, at ``baud``; whoever has it closes it. ``confirmed`` is False where the meter said nothing
    to the option select message: it may be there all the same, and only an answer to SNRM tells."""

    link: Link
    identification: Identification
    baud: int
    confirmed: bool


#: URL parameters that ``open_mode_e`` reads, for the caller's ``url.known``.
PARAMETERS = ("address", "baud")


async def open_mode_e(url: MeterUrl, context: Context, learned: Learned | None = None) -> ModeELine:
    """Open the link of ``url``, sign on, agree on binary mode, and hand the line over.

    ``url`` may say ``address`` (of the meter) and ``baud`` (the highest speed to agree to). ``learned`` is filled with
    what worked. After a failed hand-over the caller closes the link and calls again: lower ``learned.most_baud`` first
    where the line was garbled. Raises LinkLost, NoAnswer, BadFrame, UsageError, and NotSupported when the meter does not
    offer mode E; the link is closed then. The caller bounds the whole by ``asyncio.timeout`` where it has a deadline.
    """
    line = await open_line(url, context)
    try:
        return await hand_over(
            line,
            address=address_of(url),
            most_baud=url.integer("baud", 115200, 300, 115200),
            learned=learned or Learned(),
        )
    except MeterError as error:
        await line.link.close()
        raise error.at(str(url)) from error.__cause__
    except BaseException:
        await line.link.close()
        raise


async def hand_over(line: Line, *, address: str, most_baud: int, learned: Learned) -> ModeELine:
    """As ``open_mode_e``, on a line that is open; a try that fails after the change of speed is followed by a slower one."""
    # A meter that never confirms is waited for no longer than the slower class takes to react.
    patience = REACTION_S if learned.confirms_mode_e is False else FIRST_BYTE_S

    def make(attempt: Try) -> SignOn:
        return SignOn(
            address, attempt.most_baud, want=Want.BINARY, reaction_s=attempt.reaction_s, confirmation_s=patience
        )

    async def handed(sign_on: SignOn) -> ModeELine:
        learned.confirms_mode_e = sign_on.confirmed
        return ModeELine(line.link, sign_on.who, sign_on.baud, sign_on.confirmed)

    return await signed_on(line, most_baud, learned, make, handed)
