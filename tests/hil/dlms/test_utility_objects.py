"""Logs, relay, limiter, M-Bus devices, image transfer, alarms, scripts: what the emulated meter does when told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hil import catalogue
from hil.dlms.axdr import (
    ARRAY,
    ENUM,
    INT8,
    NULL,
    OCTETS,
    UINT16,
    UINT32,
    Data,
    Reader,
    array,
    encode,
    octets,
    structure,
)
from hil.dlms.cosem_object import CosemObject, Refused, Selection
from hil.dlms.meter import Meter
from hil.dlms.obis import logical_name
from hil.dlms.profile import build, load
from hil.dlms.relay import Relay


def meter(profile: str = "dlms/idis") -> Meter:
    return build(load(catalogue.data_file(profile)))


def found(of: Meter, obis: str) -> CosemObject:
    return next(each for each in of.objects if each.name == logical_name(obis))


def value(each: CosemObject, attribute: int, selection: Selection | None = None) -> Data:
    get = each.attributes[attribute].get
    assert get is not None
    return get(selection)


def codes(of: Meter, obis: str) -> list[int]:
    return [row.value[1].value for row in value(found(of, obis), 2).value]


def test_event_logs_by_range_and_last_code() -> None:
    of = meter()
    log = found(of, "0-0:99.98.0*255")
    assert codes(of, "0-0:99.98.0*255") == [1, 2, 17, 18, 3, 8, 47]
    assert value(found(of, "0-0:96.11.0*255"), 2).value == 47
    now = of.clock.now()
    low, high = (octets(of.clock.stamp(now - timedelta(minutes=minutes))) for minutes in (7500, 3500))
    clock = structure(Data(UINT16, 8), octets(logical_name("0-0:1.0.0*255")), Data(INT8, 2), Data(UINT16, 0))
    part = value(log, 2, Selection(1, structure(clock, low, high, array(()))))
    assert [row.value[1].value for row in part.value] == [17, 18, 3]
    log.methods[1](Data(INT8, 0))
    assert codes(of, "0-0:99.98.0*255") == [255]


def test_indian_logs_keep_the_values_of_the_moment() -> None:
    rows = value(found(meter("dlms/is15959"), "0-0:99.98.0*255"), 2).value
    assert [row.value[1].value for row in rows] == [1, 2, 7, 8]
    assert all(len(row.value) == 5 for row in rows)
    # Its clock leaves the deviation unspecified.
    assert rows[0].value[0].value[9:11] == b"\x80\x00"


def test_a_clock_set_is_in_the_log_with_old_and_new_time() -> None:
    of = meter()
    new = datetime(2026, 3, 29, 2, 0, tzinfo=UTC)
    found(of, "0-0:1.0.0*255").attributes[2].put(octets(of.clock.stamp(new)))  # type: ignore[misc]
    assert codes(of, "0-0:99.98.0*255")[-2:] == [4, 5]
    assert abs(of.clock.now() - new) < timedelta(seconds=5)


@pytest.mark.parametrize(("mode", "after_reconnection"), [(1, 2), (2, 1), (3, 2), (4, 1), (5, 2), (6, 2)])
def test_relay_modes(mode: int, after_reconnection: int) -> None:
    events: list[int] = []
    relay = Relay(mode, events.append)
    each = relay.object()
    each.methods[1](Data(INT8, 0))
    assert (value(each, 2).value, value(each, 3).value, value(each, 4).value) == (False, 0, mode)
    each.methods[2](Data(INT8, 0))
    assert value(each, 3).value == after_reconnection
    assert value(each, 2).value == (after_reconnection == 1)
    assert events == [62, 63]


def test_a_relay_of_mode_0_is_not_switched() -> None:
    each = Relay(0, lambda code: None).object()
    with pytest.raises(Refused):
        each.methods[1](Data(INT8, 0))
    assert value(each, 3).value == 1


def test_a_switched_relay_is_in_the_log() -> None:
    of = meter()
    found(of, "0-0:96.3.10*255").methods[1](Data(INT8, 0))
    assert codes(of, "0-0:99.98.2*255") == [62, 63, 62]


def test_alarms_are_latched_until_cleared() -> None:
    alarm = found(meter(), "0-0:97.98.0*255")
    put = alarm.attributes[2].put
    assert put is not None
    put(Data(UINT32, 0xFFFFFFFB))
    assert value(alarm, 2) == Data(UINT32, 2)
    put(Data(UINT32, 0xFFFFFFFF))
    assert value(alarm, 2) == Data(UINT32, 2)


def test_demand_reset_counts() -> None:
    of = meter()
    script = found(of, "0-0:10.0.1*255")
    script.methods[1](Data(UINT16, 1))
    assert value(found(of, "1-0:0.1.0*255"), 2).value == 13
    with pytest.raises(Refused):
        script.methods[1](Data(UINT16, 2))


def test_the_gas_meter_behind() -> None:
    client = found(meter(), "0-1:24.1.0*255")
    assert value(client, 6).value == 0x00987654
    maker = value(client, 7).value
    assert "".join(chr(64 + (maker >> shift & 31)) for shift in (10, 5, 0)) == "MGT"
    assert value(client, 9).value == 3
    assert value(found(meter(), "0-1:24.2.1*255"), 3).value[1] == Data(ENUM, 13)


def test_an_image_is_sent_verified_and_activated() -> None:
    each = found(meter(), "0-0:44.0.0*255")
    image = bytes(range(200)) * 2
    each.methods[1](structure(octets(b"MGF02"), Data(UINT32, len(image))))
    pieces = [image[at : at + 128] for at in range(0, len(image), 128)]
    for number, piece in reversed(list(enumerate(pieces))):
        if number != 1:
            each.methods[2](structure(Data(UINT32, number), octets(piece)))
    assert (value(each, 3).value, value(each, 4).value) == ("1011", 1)
    with pytest.raises(Refused):
        each.methods[3](Data(INT8, 0))
    each.methods[2](structure(Data(UINT32, 1), octets(pieces[1])))
    each.methods[3](Data(INT8, 0))
    assert value(each, 6).value == 3
    assert value(each, 7).value[0].value[1] == octets(b"MGF02")
    each.methods[4](Data(INT8, 0))
    assert value(each, 6).value == 6


def test_profiles_written_three_ways_hold_the_same() -> None:
    columns = ["1-0:1.8.0*255", "1-0:2.8.0*255", "1-0:1.8.1*255", "1-0:1.8.2*255"]
    data = load(catalogue.data_file("dlms/household"))
    data["clock"] = {"frozen": datetime(2026, 10, 26, 12, 3, tzinfo=UTC)}
    profile = {"obis": "1-0:99.1.0*255", "period_s": 900, "days": 31, "status": "0-0:96.10.1*255", "columns": columns}
    buffers = {}
    for written in ("plain", "null", "compact"):
        data["profile"] = [{**profile, "written": written}]
        buffers[written] = value(found(build(data), "1-0:99.1.0*255"), 2)
    plain = [row.value for row in buffers["plain"].value]
    assert len(plain) == 2976

    rebuilt: list[tuple[Data, ...]] = []
    for row in buffers["null"].value:
        cells = tuple(rebuilt[-1][place] if cell.tag == NULL else cell for place, cell in enumerate(row.value))
        rebuilt.append(cells)
    assert [row[1:] for row in rebuilt] == [row[1:] for row in plain]
    assert rebuilt[0] == plain[0]
    assert all(row.value[0].tag == NULL for row in buffers["null"].value[1:])
    assert len(encode(buffers["null"])) < 0.6 * len(encode(buffers["plain"]))

    reader = Reader(encode(buffers["compact"]))
    assert reader.take(3) == bytes([19, 2, 6])
    tags = reader.take(6)
    assert tags[0] == OCTETS
    contents = Reader(reader.octets())
    assert [tuple(contents.content(tag) for tag in tags) for _ in plain] == plain
    assert contents.left == reader.left == 0
    assert buffers["plain"].tag == ARRAY
