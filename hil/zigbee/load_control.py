"""The client of demand response and load control: a switch or a thermostat that does what an event asks, or opts out."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hil.zigbee.device import LOAD_CONTROL, Endpoint
from hil.zigbee.fields import Reader, u8, u16, u32
from hil.zigbee.zcl import SUCCESS, UNSUPPORTED_CLUSTER_COMMAND, Attribute, Attributes, Frame

EVENT, CANCEL, CANCEL_ALL = 0x00, 0x01, 0x02
_REPORT_STATUS, _GET_SCHEDULED = 0x00, 0x01
#: Status of ReportEventStatus (ZSE, table D-7 and following).
RECEIVED, STARTED, COMPLETED, OPTED_OUT, OPTED_IN, CANCELLED, SUPERSEDED = range(1, 8)
PARTLY_OPTED_OUT, NOT_IN_IT = 0x08, 0x0A
_INVALID_CANCEL_TIME, _EXPIRED, _NO_SUCH_EVENT = 0xF9, 0xFB, 0xFD
_RANDOM_START, _RANDOM_END = 0x01, 0x02
_RANDOM_START_MINUTES, _RANDOM_DURATION_MINUTES = 0x0001, 0x0002
_NO_SIGNATURE = u8(0) + b"\xff" * 42
_EVERY_GROUP = 0


@dataclass(slots=True)
class Event:
    """One load control event. ``start`` is UTCTime; the rest as in LoadControlEvent."""

    number: int
    classes: int
    start: int
    minutes: int
    criticality: int
    cooling: int
    heating: int
    adjustment: int
    duty_cycle: int
    control: int
    state: int = 0
    opted_out: bool = False

    @property
    def over(self) -> bool:
        return self.state in (COMPLETED, CANCELLED, SUPERSEDED, PARTLY_OPTED_OUT, NOT_IN_IT) or self.state >= 0xF0


class LoadControl:
    """One client. ``classes`` are the bits of the device classes it is of; ``opts_out`` says that its owner always does.

    A minute of an event lasts ``minute_s`` seconds. Randomisation draws from 0 to the minutes of its attributes.
    """

    def __init__(self, classes: int, *, group: int = 0, opts_out: bool = False, minute_s: float = 60.0) -> None:
        self.number = LOAD_CONTROL
        self.server = False
        self.attributes = Attributes(
            {
                0x0000: Attribute("u8", group, writable=True),
                _RANDOM_START_MINUTES: Attribute("u8", 30, writable=True),
                _RANDOM_DURATION_MINUTES: Attribute("u8", 0, writable=True),
                0x0003: Attribute("u16", classes, writable=True),
            }
        )
        self.opts_out = opts_out
        self.minute_s = minute_s
        self.events: dict[int, Event] = {}
        self.reported: list[tuple[int, int]] = []
        self._random = random.Random(classes)

    def _setting(self, name: int) -> int:
        return int(self.attributes.values[name].value)

    def entered(self, endpoint: Endpoint) -> None:
        """It has just started and asks what was decided while it was away."""
        endpoint.request(LOAD_CONTROL, _GET_SCHEDULED, u32(endpoint.device.utc()) + u8(0))

    def command(self, endpoint: Endpoint, frame: Frame) -> int | None:
        reader = Reader(frame.body)
        if frame.command == EVENT:
            self._event(endpoint, reader)
        elif frame.command == CANCEL:
            self._cancel(endpoint, reader)
        elif frame.command == CANCEL_ALL:
            control = reader.u8()
            for event in list(self.events.values()):
                self._end(endpoint, event, control)
        else:
            return UNSUPPORTED_CLUSTER_COMMAND
        return SUCCESS

    def _event(self, endpoint: Endpoint, reader: Reader) -> None:
        number, classes, group = reader.u32(), reader.u16(), reader.u8()
        now = endpoint.device.utc()
        event = Event(
            number,
            classes,
            reader.u32() or now,
            reader.u16(),
            reader.u8(),
            *self._applied(reader),
        )
        if number in self.events or not classes & self._setting(0x0003):
            return  # known, or for others
        if group not in (_EVERY_GROUP, self._setting(0x0000)):
            return
        if now >= event.start + event.minutes * 60:
            self._report(endpoint, event, _EXPIRED)
            return
        for other in self.events.values():
            overlap = event.start < other.start + other.minutes * 60 and other.start < event.start + event.minutes * 60
            if not other.over and overlap:
                self._report(endpoint, other, SUPERSEDED)
        self.events[number] = event
        self._report(endpoint, event, RECEIVED)
        if self.opts_out:
            self.opt_out(endpoint, event)
        delay = self._drawn(_RANDOM_START_MINUTES) if event.control & _RANDOM_START else 0.0
        wait = max(0.0, (event.start - now) / 60 + delay) * self.minute_s
        endpoint.device.after(wait, lambda: self._start(endpoint, event))

    @staticmethod
    def _applied(reader: Reader) -> tuple[int, int, int, int, int]:
        reader.u8(), reader.u8()  # the offsets: a set point is what counts here
        return reader.u16(), reader.u16(), reader.u8(), reader.u8(), reader.u8()

    def _drawn(self, name: int) -> float:
        return self._random.uniform(0, self._setting(name))

    def _start(self, endpoint: Endpoint, event: Event) -> None:
        if event.over:
            return
        if event.opted_out:
            self._report(endpoint, event, NOT_IN_IT)
            return
        self._report(endpoint, event, STARTED)
        longer = self._drawn(_RANDOM_DURATION_MINUTES) if event.control & _RANDOM_END else 0.0
        endpoint.device.after((event.minutes + longer) * self.minute_s, lambda: self._complete(endpoint, event))

    def _complete(self, endpoint: Endpoint, event: Event) -> None:
        if not event.over:
            self._report(endpoint, event, PARTLY_OPTED_OUT if event.opted_out else COMPLETED)

    def _cancel(self, endpoint: Endpoint, reader: Reader) -> None:
        number = reader.u32()
        reader.u16(), reader.u8()
        control, effective = reader.u8(), reader.u32()
        event = self.events.get(number)
        if event is None:
            self._report(endpoint, Event(number, 0, 0, 0, 0, 0x8000, 0x8000, 0x80, 0xFF, 0), _NO_SUCH_EVENT)
        elif effective > event.start + event.minutes * 60:
            self._report(endpoint, event, _INVALID_CANCEL_TIME, keep=True)
        else:
            wait = max(0.0, (effective - endpoint.device.utc()) / 60 * self.minute_s) if effective else 0.0
            endpoint.device.after(wait, lambda: self._end(endpoint, event, control))

    def _end(self, endpoint: Endpoint, event: Event, control: int) -> None:
        """End an event early; with randomisation after what is drawn for its end."""
        if event.over:
            return
        wait = self._drawn(_RANDOM_DURATION_MINUTES) * self.minute_s if control & 1 else 0.0
        if wait:
            endpoint.device.after(wait, lambda: self._end(endpoint, event, 0))
        else:
            self._report(endpoint, event, CANCELLED)

    # The owner's button.

    def opt_out(self, endpoint: Endpoint, event: Event) -> None:
        if not event.over and not event.opted_out:
            event.opted_out = True
            self._report(endpoint, event, OPTED_OUT, keep=event.state == STARTED)

    def opt_in(self, endpoint: Endpoint, event: Event) -> None:
        if not event.over and event.opted_out:
            event.opted_out = False
            self._report(endpoint, event, OPTED_IN, keep=event.state == STARTED)

    def _report(self, endpoint: Endpoint, event: Event, status: int, *, keep: bool = False) -> None:
        if not keep:
            event.state = status
        self.reported.append((event.number, status))
        body = u32(event.number) + u8(status) + u32(endpoint.device.utc()) + u8(event.criticality)
        body += u16(event.cooling) + u16(event.heating) + u8(event.adjustment) + u8(event.duty_cycle)
        endpoint.request(LOAD_CONTROL, _REPORT_STATUS, body + u8(event.control) + _NO_SIGNATURE)
