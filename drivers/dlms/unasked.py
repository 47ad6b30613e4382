"""What a meter says while something else is asked of it: event and data notifications, kept until the registers are wanted.

Nothing else that is read has a place for records of every kind.
"""

from __future__ import annotations

from drivers.dlms.association import Association
from drivers.dlms.meter_reading import Learned, MeterReading
from drivers.dlms.push_framing import Framing, Pushed
from drivers.dlms.push_records import Listener
from drivers.driver import Context
from drivers.reading import Record

#: So many are kept until somebody wants them; of more the newest.
_MOST = 100


def keep(learned: Learned, association: Association) -> None:
    """At the end of an association: take over what came in it."""
    learned.unasked += association.unasked
    association.unasked.clear()
    del learned.unasked[:-_MOST]


def records(learned: Learned, reading: MeterReading, context: Context) -> list[Record]:
    """What came in this association and in those before, once."""
    keep(learned, reading.client.association)
    listener = Listener(context, reading.meter.source, meter=reading.meter)
    checked = reading.around().checked
    pushed = [Pushed(apdu, Framing.BARE, checked) for apdu in learned.unasked]
    learned.unasked.clear()
    return [record for one in pushed for record in listener.records(one) if record != reading.meter]
