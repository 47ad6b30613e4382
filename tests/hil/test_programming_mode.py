"""Programming mode of the emulated meters: password and lock, reads, writes, partial blocks, profiles and logs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

BREAK = b"\x01B0\x03q"
HEADER = re.compile(rb"P\.01\((\d{13})\)\((\w+)\)\((\d+)\)\((\d+)\)")


@pytest.fixture
def session(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> Callable[..., Any]:
    """A client in programming mode, without real time."""

    def start(profile: str, baud: int, *faults: str, option: str = "051") -> Any:
        emulated = emulator(profile, "--speed", "max", *(word for fault in faults for word in ("--fault", fault)))
        client = connect(emulated.path)
        programming(client, baud, option)
        return client

    return start


def programming(client: Any, baud: int, option: str) -> None:
    assert client.sign_on().startswith(b"/")
    client.select(option, baud)
    operand = client.message()
    assert operand.startswith(b"\x01P0\x02(")


def test_the_right_password_opens_the_registers_for_writing(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/load-profile", 9600)
    client.command("W5", "0.9.2(1260413)(00000000)")
    assert client.message() == b"\x02(ERROR)\x03Z"
    client.command("P1", "(00000000)")
    assert client.text(1, bool) == b"\x06"
    client.command("W5", "0.9.2(1260413)")
    assert client.text(1, bool) == b"\x06"
    client.command("R5", "0.9.2()")
    assert client.message()[1:-2] == b"0.9.2(1260413)"


def test_wrong_passwords_lock_it_beyond_the_session(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/load-profile", 9600)
    for _ in range(3):
        client.command("P1", "(11111111)")
        assert b"(ERROR)" in client.message()
    client.command("P1", "(00000000)")
    assert client.message(1) == BREAK
    client.line(300)
    programming(client, 9600, "051")
    client.command("P1", "(00000000)")
    assert client.message(1) == BREAK


def test_makers_refuse_in_their_own_ways(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/load-profile-season", 9600)
    client.command("P1", "(1)")
    assert client.message(1) == BREAK
    client = session("iec62056-21/load-profile-rows", 4800, option="041")
    client.command("P1", "(1)")
    assert client.text(1, bool) == b"\x15"
    client = session("iec62056-21/load-profile", 9600, "b0-on-password")
    client.command("P1", "(00000000)")
    assert client.message(1) == BREAK


def test_a_nak_brings_the_last_message_again_and_a_damaged_command_a_nak(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/load-profile", 9600)
    client.command("R5", "1.8.0()")
    first = client.message()
    assert first[1:-2] == b"1.8.0(0088120.407*kWh)"
    client.send(b"\x15")
    assert client.message() == first
    client.send(b"\x01R5\x021.8.0()\x03\x00")
    assert client.text(1, bool) == b"\x15"


def test_what_a_maker_does_not_know(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/load-profile", 9600)
    client.command("R1", "1.8.0()")
    assert client.text(1, bool) == b"\x06"
    client.command("R5", "99.99()")
    assert client.message() == b"\x02(ERROR)\x03Z"


def test_a_day_of_load_profile_with_a_gap_and_changing_status(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/load-profile", 9600)
    client.command("R5", "P.01(0260318001500;0260319000000)")
    message = client.message()
    lines = message[1:-2].split(b"\r\n")[:-1]
    headers = [HEADER.match(line) for line in lines if line.startswith(b"P.01")]
    rows = [line for line in lines if line.startswith(b"(")]
    assert len(rows) == 96 - 5
    assert all(row.count(b"(") == 6 for row in rows)
    assert [(header[1], header[2]) for header in headers if header] == [
        (b"0260318001500", b"00000000"),
        (b"0260318143000", b"00000080"),
        (b"0260318160000", b"00000040"),
        (b"0260318161500", b"00000000"),
    ]


def test_the_night_the_clocks_change_has_23_hours(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/load-profile-season", 9600)
    client.command("R5", "P.01(0260329001500;1260330000000)")
    message = client.message()
    headers = [HEADER.match(line) for line in message[1:].split(b"\r\n") if line.startswith(b"P.01")]
    assert [(header[1], header[2]) for header in headers if header] == [
        (b"0260329001500", b"00"),
        (b"1260329030000", b"08"),
    ]
    assert message.count(b"\r\n(") == 92


def test_the_same_in_partial_blocks(session: Callable[..., Any], check: Callable[[bytes], bool]) -> None:
    client = session("iec62056-21/load-profile", 9600)
    client.command("R5", "P.01(0260314001500;0260314030000)")
    whole = client.message()
    client.command("R6", "P.01(0260314001500;0260314030000)")
    pieces = []
    while True:
        piece = client.message()
        assert check(piece)
        if len(pieces) == 1:
            client.send(b"\x15")
            assert client.message() == piece
        pieces.append(piece)
        if piece[-2:-1] == b"\x03":
            break
        client.send(b"\x06")
    assert len(pieces) > 2
    assert b"".join(piece[1:-2] for piece in pieces) == whole[1:-2]


def test_no_rows_is_said_as_an_error_and_logs_are_cut_to_the_range(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/load-profile", 9600)
    client.command("R5", "P.01(0250314001500;0250314030000)")
    assert client.message()[1:-2] == b"P.01(ERROR)"
    client.command("R5", "P.98(1260401000000;)")
    assert client.message()[1:-2].split(b"\r\n") == [
        b"P.98(1260401000000)(00000010)()(0)",
        b"P.98(1260406220931)(00000100)()(0)",
        b"",
    ]


def test_faults_of_a_profile(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/load-profile-season", 9600, "second-header", "half-row")
    client.command("R5", "P.01(0260314001500;0260314030000)")
    message = client.message()
    assert message.count(b"P.01(") == 3
    assert message.split(b"\r\n")[-2].count(b")") < 6


def test_a_gas_archive_has_no_password_dialogue(session: Callable[..., Any]) -> None:
    client = session("iec62056-21/gas-archive", 19200, option="061")
    client.command("R3", "3:V.0(3;2026-04-12,06:00:00;2026-04-12,08:00:00;10)")
    content = b""
    while True:
        piece = client.message()
        content += piece[1:-2]
        if piece[-2:-1] == b"\x03":
            break
        client.send(b"\x06")
    assert [line[1:5] for line in content.split(b"\r\n")[:-1]] == [b"4102", b"4103", b"4104"]
