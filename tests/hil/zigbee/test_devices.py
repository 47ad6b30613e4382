"""What the emulated Smart Energy devices do, once they are in the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hil.zigbee.fields import counted, u8, u16, u24, u32
from hil.zigbee.load_control import CANCELLED, COMPLETED, NOT_IN_IT, OPTED_OUT, RECEIVED, STARTED, SUPERSEDED
from hil.zigbee.metering import interval_value
from hil.zigbee.zcl import Frame

UTC = 1_800_000_000 - 946_684_800
METERING, PRICE, LOAD_CONTROL, MESSAGING = 0x0702, 0x0700, 0x0701, 0x0703


def own(command: int, body: bytes, *, from_server: bool = False) -> Frame:
    return Frame(9, command, body, True, from_server, wants_default_response=True)


def test_a_register_counts_with_the_demand(house: Any) -> None:
    read = Frame(1, 0x00, u16(0x0001) + u16(0x0000), False, False)
    house.run(3600)
    body = house.ask("meter", METERING, read).frame.body
    received, delivered = (int.from_bytes(body[at : at + 6], "little") for at in (4, 14))
    # 1.234 kW go out: an hour later 1.234 kWh more were received, and none delivered.
    assert 1204500 + 1234 <= received <= 1204500 + 1236
    assert delivered == 25873421


def test_the_load_profile_comes_newest_first_in_pieces(house: Any) -> None:
    body = house.ask("meter", METERING, own(0x00, u8(0) + u32(0) + u8(4))).frame.body
    end = int.from_bytes(body[:4], "little")
    assert end % 900 == 0
    assert UTC - 900 < end <= UTC + 60
    assert body[4:7] == bytes((0, 3, 4))
    assert body[7:] == b"".join(u24(interval_value(0, end - step * 900, 900)) for step in range(4))
    assert house.ask("meter", METERING, own(0x00, u8(0) + u32(0) + u8(200))).frame.body[4:7] == bytes((4, 3, 18))
    assert house.ask("meter", METERING, own(0x00, u8(2) + u32(0) + u8(4))).frame.body[4] == 1
    assert house.ask("water", METERING, own(0x00, u8(0) + u32(0) + u8(4))).frame.body[4] == 2
    assert house.ask("meter", METERING, own(0x00, u8(0) + u32(UTC + 9999) + u8(4))).frame.body[4] == 3
    assert house.ask("meter", METERING, own(0x00, u8(0) + u32(86400) + u8(4))).frame.body[4] == 5


def test_a_mirror_is_a_meter_of_its_own(house: Any) -> None:
    read = Frame(1, 0x00, u16(0x0306) + u16(0x0300), False, False)
    assert house.ask("meter", METERING, read, endpoint=2).frame.body == bytes.fromhex("06030018800003003001")


def test_status_bits_are_reported_when_they_change(house: Any) -> None:
    configure = u8(0) + u16(0x0200) + u8(0x18) + u16(0) + u16(600)
    answer = house.ask("meter", METERING, Frame(2, 0x06, configure, False, False)).frame
    assert answer.body == b"\x00"
    house.house.devices["meter"].endpoints[1].set(METERING, 0x0200, 0x04)
    house.run(0.1)
    report = house.heard[-1]
    assert (report.frame.command, report.frame.body, report.encrypted) == (0x0A, bytes.fromhex("00021804"), True)
    before = len(house.heard)
    house.run(601)
    assert [each.frame.command for each in house.heard[before:]] == [0x0A]


def test_a_meter_that_cannot_report_says_so(house: Any) -> None:
    configure = u8(0) + u16(0x0000) + u8(0x25) + u16(1) + u16(600) + bytes(6)
    answer = house.ask("water", METERING, Frame(2, 0x06, configure, False, False)).frame
    assert answer.body == bytes.fromhex("8c000000")


def price(control: int) -> bytes:
    head = u32(1) + counted(b"PEAK") + u32(77) + u32(UTC) + u8(0) + u16(978) + u8(0x42) + u8(0x31)
    return head + u32(0) + u16(60) + u32(3125) + b"\xff" * 13 + u8(control)


def test_the_display_shows_a_price_and_acknowledges_it(house: Any) -> None:
    answer = house.ask("display", PRICE, own(0x00, price(1), from_server=True)).frame
    assert (answer.command, answer.body[:8]) == (0x02, u32(1) + u32(77))
    shown = house.house.devices["display"].endpoints[1].clusters[PRICE, False].prices[-1]
    assert (shown.label, shown.price, shown.trailing_digits, shown.currency, shown.minutes) == (
        "PEAK",
        3125,
        4,
        978,
        60,
    )
    assert house.ask("display", PRICE, own(0x00, price(0), from_server=True)).frame.command == 0x0B


def test_the_owner_confirms_a_message_once(house: Any) -> None:
    message = u32(5) + u8(0x80) + u32(0) + u16(30) + counted("Spitze um 18 Uhr – bitte sparen".encode())
    house.send("display", MESSAGING, own(0x00, message, from_server=True))
    house.run(2)
    house.send("display", MESSAGING, own(0x00, message, from_server=True))
    house.run(2)
    confirmations = [each for each in house.heard if each.cluster == MESSAGING and each.frame.command == 0x01]
    assert [each.frame.body[:4] for each in confirmations if each.frame.cluster_specific] == [u32(5)]


def test_a_display_asks_for_what_it_missed(house: Any) -> None:
    before = len(house.heard)
    house.house.devices["display"].entered(house.house.pan)
    house.run(1)
    asked = {(each.cluster, each.frame.command) for each in house.heard[before:]}
    assert {(PRICE, 0x00), (MESSAGING, 0x00)} <= asked


def event(number: int, *, classes: int = 0x0FFF, minutes: int = 10, control: int = 0, start: int = 0) -> Frame:
    body = u32(number) + u16(classes) + u8(0) + u32(start) + u16(minutes) + u8(3)
    return own(0x00, body + bytes.fromhex("ffff008000808064") + u8(control), from_server=True)


def statuses(house: Any, number: int) -> list[int]:
    return [
        each.frame.body[4]
        for each in house.heard
        if each.cluster == LOAD_CONTROL and each.frame.cluster_specific and each.frame.body[:4] == u32(number)
    ]


def test_the_switch_does_an_event_and_tells(house: Any) -> None:
    house.send("switch", LOAD_CONTROL, event(1))
    house.run(601)
    assert statuses(house, 1) == [RECEIVED, STARTED, COMPLETED]


def test_an_event_for_other_appliances_is_none_of_its_business(house: Any) -> None:
    house.send("switch", LOAD_CONTROL, event(2, classes=0x0001))
    house.run(601)
    assert statuses(house, 2) == []


def test_an_event_is_cancelled_or_superseded(house: Any) -> None:
    house.send("switch", LOAD_CONTROL, event(3))
    house.run(5)
    house.send("switch", LOAD_CONTROL, event(4))
    house.run(5)
    cancel = u32(4) + u16(0x0FFF) + u8(0) + u8(0) + u32(0)
    house.send("switch", LOAD_CONTROL, own(0x01, cancel, from_server=True))
    house.run(700)
    assert statuses(house, 3) == [RECEIVED, STARTED, SUPERSEDED]
    assert statuses(house, 4) == [RECEIVED, STARTED, CANCELLED]
    house.send("switch", LOAD_CONTROL, own(0x01, u32(99) + u16(0x0FFF) + u8(0) + u8(0) + u32(0), from_server=True))
    house.run(1)
    assert statuses(house, 99) == [0xFD]


def test_randomisation_delays_the_start(house: Any) -> None:
    house.send("switch", LOAD_CONTROL, event(6, control=1))
    house.run(5)
    assert statuses(house, 6) == [RECEIVED]
    house.run(30 * 60)
    assert statuses(house, 6)[1] == STARTED


def test_the_thermostat_opts_out(house: Any) -> None:
    house.send("thermostat", LOAD_CONTROL, event(7))
    house.run(601)
    assert statuses(house, 7) == [RECEIVED, OPTED_OUT, NOT_IN_IT]


def test_an_event_that_is_over_is_not_done(house: Any) -> None:
    house.send("switch", LOAD_CONTROL, event(8, start=UTC - 3600))
    house.run(10)
    assert statuses(house, 8) == [0xFB]


def test_a_house_that_was_formed_before_answers_under_its_link_keys_only(gateway: Callable[..., Any]) -> None:
    bench = gateway("house", formed=True)
    read = Frame(1, 0x00, u16(0x0000), False, False)
    assert bench.ask("meter", METERING, read).encrypted
    assert bench.ask("meter", METERING, read, encrypted=False).frame.command == 0x0B


def test_a_read_that_asks_for_too_much_ends_with_what_fits(house: Any) -> None:
    names = (0x0000, 0x0001, 0x0002, 0x0100, 0x0102, 0x0204, 0x0307, 0x0308)
    body = house.ask("meter", METERING, Frame(1, 0x00, b"".join(map(u16, names)), False, False)).frame.body
    # Five registers of ten octets and the status word of twelve; the site's name would be one too many.
    assert len(body) == 5 * 10 + 12
