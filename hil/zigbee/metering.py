"""The metering cluster of a meter or a mirror: registers that count, a load profile, status bits.

Interval values are made by a rule, so that the same interval always has the same value: ``interval_value``.
"""

from __future__ import annotations

from hil.zigbee.device import METERING, Endpoint
from hil.zigbee.fields import Reader, u8, u24, u32
from hil.zigbee.zcl import UNSUPPORTED_CLUSTER_COMMAND, Attribute, Attributes, Frame

DELIVERED, RECEIVED, SNAPSHOT_TIME, INTERVAL_PERIOD, DEMAND = 0x0000, 0x0001, 0x0007, 0x000F, 0x0400
STATUS, EXTENDED_STATUS, MOST_PERIODS = 0x0200, 0x0204, 0x0500
GET_PROFILE = GET_PROFILE_RESPONSE = 0x00
#: ProfileIntervalPeriod -> seconds.
PERIODS = {0: 86400, 1: 3600, 2: 1800, 3: 900, 4: 600, 5: 450, 6: 300, 7: 150, 8: 60}
#: Status of GetProfileResponse.
_OK, _UNDEFINED_CHANNEL, _NOT_SUPPORTED, _INVALID_END, _MORE_THAN_FIT, _NONE = range(6)
#: 18 periods of three octets fit an encrypted frame without fragments.
_FIT = 18


def interval_value(channel: int, end: int, period: int) -> int:
    """The raw value of the interval that ends at ``end`` (ZigBee's UTCTime)."""
    number = end // period
    return (100 if channel == 0 else 10) + number * 37 % 61


class Metering:
    """A metering server. ``counts`` makes the registers grow with the demand; ``since`` is where the profile begins."""

    def __init__(self, values: dict[int, Attribute], *, counts: bool = False, days: int = 30) -> None:
        self.number = METERING
        self.server = True
        self.attributes = Attributes(values)
        self._counts = counts
        self._days = days

    def entered(self, endpoint: Endpoint) -> None:
        values, device = self.attributes.values, endpoint.device
        if SNAPSHOT_TIME in values:
            values[SNAPSHOT_TIME].live = device.utc
        if self._counts and DEMAND in values:
            began = device.utc()
            for name, sign in ((DELIVERED, 1), (RECEIVED, -1)):
                if name in values:
                    values[name].live = lambda name=name, sign=sign: self._register(name, sign, device.utc() - began)  # type: ignore[misc]

    def _register(self, name: int, sign: int, seconds: int) -> int:
        """A register after so many seconds of the demand as it is now; demand is per hour."""
        return int(self.attributes.values[name].value) + max(0, sign * self._demand()) * seconds // 3600

    def _demand(self) -> int:
        return int(self.attributes.values[DEMAND].value)

    def command(self, endpoint: Endpoint, frame: Frame) -> int | None:
        if frame.command != GET_PROFILE:
            return UNSUPPORTED_CLUSTER_COMMAND
        reader = Reader(frame.body)
        channel, end, wanted = reader.u8(), reader.u32(), reader.u8()
        endpoint.send(
            METERING, frame.response(GET_PROFILE_RESPONSE, self._profile(endpoint.device.utc(), channel, end, wanted))
        )
        return None

    def _profile(self, now: int, channel: int, end: int, wanted: int) -> bytes:
        kind = self.attributes.values.get(INTERVAL_PERIOD)
        code = int(kind.value) if kind else 0
        if kind is None:
            return u32(0) + u8(_NOT_SUPPORTED) + u8(0) + u8(0)
        period = PERIODS[code]
        newest = now // period * period
        if channel > 1 or (channel == 1 and RECEIVED not in self.attributes.values):
            return u32(newest) + u8(_UNDEFINED_CHANNEL) + u8(code) + u8(0)
        if end > now + period:
            return u32(newest) + u8(_INVALID_END) + u8(code) + u8(0)
        last = min(end or newest, newest) // period * period
        oldest = (now // 86400 - self._days) * 86400
        most = self.attributes.values.get(MOST_PERIODS)
        limit = min(int(most.value), _FIT) if most else _FIT
        count = min(wanted, limit, max(0, (last - oldest) // period))
        status = _NONE if not count else _MORE_THAN_FIT if wanted > limit else _OK
        values = (interval_value(channel, last - step * period, period) for step in range(count))
        return u32(last) + u8(status) + u8(code) + u8(count) + b"".join(map(u24, values))
