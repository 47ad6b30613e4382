"""Bad input in every format of programming mode: load profiles, archives, logs, clocks and the messages themselves.

A typed error, what is right, or what is said not to be understood; never a crash, a hang or a row that was not sent. Every
parser gets 50 000 examples in the slow run, and every truncation and single-bit flip of a sound answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import BadFrame, MeterError
from drivers.iec62056_21 import archive, clock, echo, load_profile, log, parity
from drivers.iec62056_21.actions import Finished, Send
from drivers.iec62056_21.block import frame
from drivers.iec62056_21.exchange import Exchange
from drivers.iec62056_21.meter_map import Archive, ArchiveColumn
from drivers.reading import MeterEvent, NotUnderstood, Obis, Row

AT = datetime(2026, 11, 25, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
P01, P98 = Obis.parse("1-0:99.1.0"), Obis.parse("1-0:99.98.0")
KNOWN = Archive(
    "3:V.0", (ArchiveColumn(2, Obis.parse("7-0:13.0.0"), "m3"), ArchiveColumn(3, Obis.parse("0-0:96.5.0"))), 1, 3
)

PROFILE = (
    "P.01(0260318140000)(00000080)(15)(2)(1.5)(kW)(2.5)(kW)\r\n(16.260)(0.154)\r\n(09.630)(0.011)\r\n"
    "P.01(0260318151500)(00000000)(15)(2)(1.5)(kW)(2.5)(kW)\r\n(1.0)(2.0)\r\n"
)
ARCHIVE = "(2026-04-12,05:00:00)(131401.11)(0)\r\n(2026-04-12,06:00:00)(131414.87)(5)\r\n"
LOG = "P.98(0260318142207)(00000080)()(0)\r\nP.98(0260322115958)(00008020)()(2)(0.9.1)()(0.9.2)()(0120004)(0260322)\r\n"

PIECES = [
    "P.01", "P.98", "(0260318140000)", "(1260329030000)", "(2026-04-12,05:00:00)", "(00000080)", "(00)", "(15)", "(1440)", "(0)",
    "(1)", "(2)", "(99)", "(1.5)(kW)", "(kW)", "(16.260)", "()", "(ERROR)", "((ER11))", "(#0004)", "\r\n", "\n", "(", ")", "!",
    "(9999999999999)", "(-1)", "(1e9)", "(nan)", "(²)", "0.9.1", "C.11.0", "*", "&", "\x00", "\x7f", ";",
]  # fmt: skip
#: One draw for a whole text: a byte is a piece, or a character of its own.
TEXTS = st.binary(max_size=60).map(
    lambda drawn: "".join(PIECES[value] if value < len(PIECES) else chr(value & 0x7F) for value in drawn)
)


def rows_of(found: load_profile.Found) -> list[Row]:
    return [row for series in found.series for row in series.rows]


def sound(found: load_profile.Found) -> None:
    for series in found.series:
        assert series.rows
        for row in series.rows:
            assert len(row.values) == len(series.columns)
            assert row.time is None or row.time.tzinfo is UTC
            assert all(value is None or isinstance(value, str) or value.is_finite() for value in row.values)


def profile(text: str) -> load_profile.Found:
    found = load_profile.parse(text, profile=P01, meter="m", zone=BERLIN, read_at=AT)
    sound(found)
    return found


def archived(text: str) -> load_profile.Found:
    found = archive.parse(text, KNOWN, profile=P01, meter="m", zone=BERLIN, read_at=AT)
    sound(found)
    return found


def logged(text: str) -> list[MeterEvent | NotUnderstood]:
    return list(log.parse(text, log=P98, meter="m", zone=BERLIN, read_at=AT))


def ends_well(parse: Callable[[str], object], text: str) -> None:
    with contextlib.suppress(MeterError):
        parse(text)


def clocks(text: str) -> object:
    return clock.parse(text[:20], text[20:], BERLIN)


PARSERS = {"profile": profile, "archive": archived, "log": logged, "clock": clocks}


@pytest.mark.parametrize("name", PARSERS)
def test_any_text(name: str) -> None:
    @given(TEXTS)
    @settings(max_examples=100)
    def hold(text: str) -> None:
        ends_well(PARSERS[name], text)

    hold()


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSERS)
def test_fifty_thousand_texts(name: str) -> None:
    @given(TEXTS)
    @settings(max_examples=50_000)
    def hold(text: str) -> None:
        ends_well(PARSERS[name], text)

    hold()


def test_every_truncation_of_a_profile_gives_its_first_rows_and_nothing_else() -> None:
    whole = rows_of(profile(PROFILE))
    for cut in range(len(PROFILE)):
        try:
            found = rows_of(profile(PROFILE[:cut]))
        except BadFrame:
            continue
        assert found == whole[: len(found)]


def test_every_truncation_of_an_archive_and_a_log() -> None:
    whole = rows_of(archived(ARCHIVE))
    for cut in range(len(ARCHIVE)):
        found = rows_of(archived(ARCHIVE[:cut]))
        assert found == whole[: len(found)]
    events = [(event.at, event.code) for event in logged(LOG) if isinstance(event, MeterEvent)]
    for cut in range(len(LOG)):
        given_ = [(event.at, event.code) for event in logged(LOG[:cut]) if isinstance(event, MeterEvent)]
        assert given_ == events[: len(given_)]


@pytest.mark.parametrize(("name", "text"), [("profile", PROFILE), ("archive", ARCHIVE), ("log", LOG)])
def test_every_bit_flip_ends_well(name: str, text: str) -> None:
    for at in range(len(text)):
        for bit in range(7):
            ends_well(PARSERS[name], text[:at] + chr(ord(text[at]) ^ 1 << bit) + text[at + 1 :])


MESSAGE_PIECES = [
    b"\x01P0\x02(123)\x03", b"\x01B0\x03q", b"\x06", b"\x15", b"\x95", b"\x02", b"\x82", b"\x03", b"\x04", b"\x84", b"(ERROR)",
    b"!\r\n", frame(b"0.9.1(101502)"), parity.add(frame(b"(ER23)")), parity.add(frame(PROFILE.encode(), end=b"\x04")),
]  # fmt: skip
WIRE = st.binary(max_size=40).map(
    lambda drawn: b"".join(MESSAGE_PIECES[value] if value < len(MESSAGE_PIECES) else bytes([value]) for value in drawn)
)


def conversation(wire: bytes, step: int, message: bytes, parity_bits: bool) -> None:
    """An exchange that hears these bytes piece by piece, and again after each of its own messages, ends."""
    exchange = Exchange(message, reaction_s=0.02, baud=9600, now=0.0, parity_bits=parity_bits)
    now, rest = 0.0, wire
    for _ in range(400):
        now += 0.02
        action = exchange.next_action(now)
        if isinstance(action, Finished):
            assert exchange.result is not None
            return
        if isinstance(action, Send):
            exchange.sent(now)
            rest = wire
            continue
        piece, rest = rest[:step], rest[step:]
        if not piece:
            now = max(now, action.until)  # type: ignore[union-attr]
        try:
            exchange.received(piece, now)
        except MeterError:
            return
    # Only a meter that says "more to come" for ever may still be going on, and it is bounded by the number of blocks.
    assert b"\x04" in wire or b"\x84" in wire


MESSAGES = st.sampled_from([b"", b"\x01R5\x020.9.1()\x03z", b"\x01P1\x02(0)\x03a"])


@given(WIRE, st.integers(1, 40), MESSAGES, st.booleans())
@settings(max_examples=200)
def test_any_bytes_end_an_exchange(wire: bytes, step: int, message: bytes, parity_bits: bool) -> None:
    conversation(wire, step, message, parity_bits)


@pytest.mark.slow
@given(WIRE, st.integers(1, 40), MESSAGES, st.booleans())
@settings(max_examples=50_000)
def test_fifty_thousand_conversations(wire: bytes, step: int, message: bytes, parity_bits: bool) -> None:
    conversation(wire, step, message, parity_bits)


@given(st.binary(min_size=6, max_size=40), st.binary(max_size=20), st.integers(0, 39))
def test_an_echo_is_taken_off_with_or_without_a_missing_character(sent: bytes, answer: bytes, missing: int) -> None:
    sent = bytes([1]) + sent.replace(b"\x01", b"2").replace(b"\x02", b"3") + bytes([3])
    answer = b"\x02" + answer
    assert echo.without(sent + answer, sent) == answer
    assert echo.without(answer, sent) == answer or answer[1:2] in sent[:3]


def test_a_number_keeps_every_digit() -> None:
    (row,) = rows_of(profile("P.01(0260318140000)(00)(15)(1)(1.5)(kW)\r\n(000123456789.123456789)\r\n"))
    assert row.values == (Decimal("000123456789.123456789"),)
