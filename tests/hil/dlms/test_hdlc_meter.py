"""The emulated meter over HDLC: known frames, negotiation, windows, segments, repeats; on TCP and on a paced pty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hil.dlms import hdlc_frame as hdlc
from hil.dlms.axdr import Reader, decode
from hil.dlms.hdlc_frame import Frame, Splitter

#: From the DLMS UA's public examples and meters' own frames: SNRM, and an AARQ without authentication.
SNRM = bytes.fromhex("7EA0070321930F017E")
AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF")
GET_CLOCK = bytes.fromhex("C001C100080000010000FF0200")
GET_PROFILE = bytes.fromhex("C001C100070100630100FF0200")


@pytest.fixture
def meter(emulator: Callable[..., Any]) -> str:
    path: str = emulator("dlms/hdlc-tcp").path
    return path


def test_a_known_frame() -> None:
    (frame,) = Splitter().feed(SNRM)
    assert frame.unnumbered == hdlc.SNRM
    assert (frame.destination, frame.source) == (b"\x03", b"\x21")
    assert frame.encode() == SNRM


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        (b"\x03", (1, None)),
        (b"\x02\x23", (1, 17)),
        (b"\x00\x02\x00\x23", (1, 17)),
        (bytes.fromhex("00024E2B"), (1, 0x1395)),
    ],
)
def test_addresses(raw: bytes, parts: tuple[int, int | None]) -> None:
    assert hdlc.logical_physical(raw) == parts
    assert hdlc.address(*parts, len(raw)) == raw


def test_frames_are_bounded_by_their_length_not_by_flags() -> None:
    inner = Frame(b"\x03", b"\x21", 0x10, bytes.fromhex("7EA0077E7E"))
    stream = b"\x00\x55" + inner.encode() + inner.encode()[1:] + b"\x7e\x7e" + inner.encode()
    for step in (1, 3, len(stream)):
        splitter = Splitter()
        found = [frame for at in range(0, len(stream), step) for frame in splitter.feed(stream[at : at + step])]
        assert found == [inner] * 3


def test_read_with_the_least_a_station_can(meter: str, hdlc_client: Any) -> None:
    client = hdlc_client(meter)
    client.write(SNRM)
    assert client.receive()[-1].unnumbered == hdlc.UA
    aare = client.request(AARQ)
    assert aare[0] == 0x61
    assert bytes.fromhex("A203020100") in aare
    clock = client.request(GET_CLOCK)
    assert clock[:4] == bytes.fromhex("C401C100")
    assert len(decode(clock[4:]).value) == 12
    client.send(hdlc.DISC | hdlc.POLL_FINAL)
    assert client.receive()[-1].unnumbered == hdlc.UA
    client.send(hdlc.DISC | hdlc.POLL_FINAL)
    assert client.receive()[-1].unnumbered == hdlc.DM


def test_negotiation_never_goes_above_either_side(meter: str, hdlc_client: Any, emulator: Any) -> None:
    client = hdlc_client(meter)
    client.snrm(2030, 7)
    assert client.parameters == {5: 128, 6: 128, 7: 1, 8: 1}
    client.snrm(64, 1)
    assert client.parameters == {5: 64, 6: 64, 7: 1, 8: 1}


def test_a_lost_answer_costs_a_repeat(meter: str, hdlc_client: Any) -> None:
    client = hdlc_client(meter)
    client.snrm()
    client.request(AARQ)
    control, information = hdlc.information(client.ns, client.nr, final=True), bytes.fromhex("E6E600") + GET_CLOCK
    client.send(control, information)
    first = client.receive()
    client.send(control, information)
    again = client.receive()
    assert [frame.information[:7] for frame in again] == [frame.information[:7] for frame in first]
    # The poll for what was lost gives it once more.
    client.send(hdlc.receive_ready(client.nr))
    assert client.receive()[-1].information == again[-1].information


def test_a_segmented_request(meter: str, hdlc_client: Any) -> None:
    client = hdlc_client(meter)
    client.snrm()
    whole = bytes.fromhex("E6E600") + AARQ
    client.send(hdlc.information(0, 0, final=True), whole[:20], segmented=True)
    assert client.receive()[-1].control == hdlc.receive_ready(1)
    client.send(hdlc.information(1, 0, final=True), whole[20:])
    client.ns = 2
    assert client.gather()[0] == 0x61


def test_wrong_checks_and_other_addresses_are_not_answered(meter: str, hdlc_client: Any) -> None:
    client = hdlc_client(meter)
    client.write(SNRM[:-2] + b"\x00" + SNRM[-1:])
    client.write(Frame(b"\x05", b"\x21", hdlc.SNRM | hdlc.POLL_FINAL).encode())
    assert client.receive(0.5) == []
    client.send(hdlc.information(0, 0, final=True), bytes.fromhex("E6E600") + GET_CLOCK)
    assert client.receive()[-1].unnumbered == hdlc.DM


@pytest.mark.paced
def test_a_pty_takes_the_time_of_its_line(emulator: Any, hdlc_client: Any) -> None:
    client = hdlc_client(emulator("dlms/hdlc-serial").path, server=b"\x02\x23")
    assert client.snrm(128).unnumbered == hdlc.UA
    assert client.request(AARQ)[0] == 0x61
    clock = client.request(GET_CLOCK)
    assert len(decode(clock[4:]).value) == 12


def test_windows_and_long_fields_carry_a_profile(emulator: Any, hdlc_client: Any) -> None:
    client = hdlc_client(emulator("dlms/hdlc-serial-fast", "--speed", "max").path, server=b"\x02\x23", baud=115200)
    client.snrm(2030, 7)
    assert client.parameters == {5: 2030, 6: 2030, 7: 7, 8: 7}
    client.request(AARQ)
    raw, number = b"", 0
    answer = client.request(GET_PROFILE)
    while True:
        reader = Reader(answer)
        assert reader.take(3) == bytes.fromhex("C402C1")
        last, number = reader.byte(), reader.number(4)
        assert reader.byte() == 0
        raw += reader.octets()
        if last:
            break
        answer = client.request(bytes.fromhex("C002C1") + number.to_bytes(4, "big"))
    assert len(decode(raw).value) == 2976
    # Blocks of nearly 64 kB in frames of 2030 bytes.
    assert number == 2
    assert max(len(frame.information) for frame in client.frames) == 2030
