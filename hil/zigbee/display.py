"""What an in-home display understands: prices, and messages that its owner confirms."""

from __future__ import annotations

from dataclasses import dataclass

from hil.zigbee.device import MESSAGING, PRICE, Endpoint
from hil.zigbee.fields import Reader, u8, u32
from hil.zigbee.zcl import SUCCESS, UNSUPPORTED_CLUSTER_COMMAND, Attributes, Frame

_PUBLISH_PRICE, _GET_CURRENT_PRICE, _PRICE_ACKNOWLEDGEMENT = 0x00, 0x00, 0x02
_DISPLAY, _CANCEL, _GET_LAST, _CONFIRM = 0x00, 0x01, 0x00, 0x01
_ACKNOWLEDGEMENT_WANTED = 0x01
_CONFIRMATION_WANTED = 0x80
_RECEIVER_ON = 0x01


@dataclass(frozen=True, slots=True)
class Price:
    """What a PublishPrice said, as raw numbers; ``start`` is UTCTime, 0 for now."""

    provider: int
    label: str
    event: int
    unit: int
    currency: int
    trailing_digits: int
    tier: int
    start: int
    minutes: int
    price: int


class PriceDisplay:
    """The client of the price cluster. ``prices`` are those it was told, oldest first."""

    def __init__(self) -> None:
        self.number = PRICE
        self.server = False
        self.attributes = Attributes()
        self.prices: list[Price] = []

    def entered(self, endpoint: Endpoint) -> None:
        """It has just started and asks what the price is."""
        endpoint.request(PRICE, _GET_CURRENT_PRICE, u8(_RECEIVER_ON))

    def command(self, endpoint: Endpoint, frame: Frame) -> int | None:
        if frame.command != _PUBLISH_PRICE:
            return UNSUPPORTED_CLUSTER_COMMAND
        reader = Reader(frame.body)
        provider, label, event = reader.u32(), reader.counted().decode(errors="replace"), reader.u32()
        reader.u32()  # the time at the sender
        unit, currency, digits_and_tier = reader.u8(), reader.u16(), reader.u8()
        reader.u8()
        start, minutes, price = reader.u32(), reader.u16(), reader.u32()
        self.prices.append(
            Price(
                provider,
                label,
                event,
                unit,
                currency,
                digits_and_tier >> 4,
                digits_and_tier & 15,
                start,
                minutes,
                price,
            )
        )
        if self._control(reader.data) & _ACKNOWLEDGEMENT_WANTED:
            body = u32(provider) + u32(event) + u32(endpoint.device.utc()) + u8(0)
            endpoint.request(PRICE, _PRICE_ACKNOWLEDGEMENT, body)
            return None
        return SUCCESS

    @staticmethod
    def _control(rest: bytes) -> int:
        """PriceControl of the optional fields: ratio, generation price and ratio, alternate cost, unit, digits, blocks."""
        before = 1 + 4 + 1 + 4 + 1 + 1 + 1
        return rest[before] if len(rest) > before else 0


@dataclass(slots=True)
class Text:
    """A message on the display."""

    number: int
    control: int
    start: int
    minutes: int
    text: str
    cancelled: bool = False
    confirmed: bool = False

    @property
    def wants_confirmation(self) -> bool:
        return bool(self.control & _CONFIRMATION_WANTED)


class MessageDisplay:
    """The client of the messaging cluster; ``messages`` are those it was sent, oldest first.

    ``confirms_after`` are the seconds after which its owner presses the button, None when nobody is at home.
    """

    def __init__(self, confirms_after: float | None) -> None:
        self.number = MESSAGING
        self.server = False
        self.attributes = Attributes()
        self.messages: list[Text] = []
        self.confirms_after = confirms_after

    def entered(self, endpoint: Endpoint) -> None:
        endpoint.request(MESSAGING, _GET_LAST, b"")

    def command(self, endpoint: Endpoint, frame: Frame) -> int | None:
        reader = Reader(frame.body)
        if frame.command == _DISPLAY:
            number, control = reader.u32(), reader.u8()
            start, minutes = reader.u32(), reader.u16()
            text = Text(number, control, start, minutes, reader.counted().decode(errors="replace"))
            known = any(each.number == number for each in self.messages)
            self.messages.append(text)
            if text.wants_confirmation and self.confirms_after is not None and not known:
                endpoint.device.after(self.confirms_after, lambda: self.confirm(endpoint, text))
            return SUCCESS
        if frame.command == _CANCEL:
            number = reader.u32()
            for text in self.messages:
                text.cancelled |= text.number == number
            return SUCCESS
        return UNSUPPORTED_CLUSTER_COMMAND

    def confirm(self, endpoint: Endpoint, text: Text | None = None) -> None:
        """The owner confirms a message, or the one that stands on the display."""
        text = text or self.messages[-1]
        if not text.cancelled and not text.confirmed:
            text.confirmed = True
            endpoint.request(MESSAGING, _CONFIRM, u32(text.number) + u32(endpoint.device.utc()))
