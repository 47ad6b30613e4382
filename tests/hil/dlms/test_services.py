"""Services of the emulated meter, APDU by APDU: lists and blocks both ways, short names, general block transfer, rights."""

from __future__ import annotations

import hashlib

import pytest

from hil import catalogue
from hil.dlms.axdr import Reader, decode, encode, length, octets
from hil.dlms.faults import FAULTS, DlmsFaults
from hil.dlms.profile import build, load
from hil.dlms.session import Session


def associated(profile: str, client: int, max_pdu: int = 0xFFFF, context: int = 1, more: bytes = b"") -> Session:
    session = Session(build(load(catalogue.data_file(profile))), client, DlmsFaults({}, FAULTS))
    initiate = bytes.fromhex("01000000065F1F0400FFFFFF") + max_pdu.to_bytes(2, "big")
    body = bytes.fromhex("A1090607608574050801") + bytes([context]) + more
    body += bytes([0xBE, len(initiate) + 2, 4, len(initiate)]) + initiate
    aare = session.answer(b"\x60" + length(len(body)) + body)[0]
    assert bytes.fromhex("A203020100") in aare, aare.hex()
    return session


LLS = bytes.fromhex("8A0207808B0760857405080201AC0A8008") + b"00000000"
TEXT = bytes.fromhex("00010000600101FF02")  # 0-0:96.1.1*255, writable


def test_what_is_not_there_is_said() -> None:
    session = associated("dlms/household", 16)
    for request, result in (
        ("C001C10001000063 63FFFF0200", 4),
        ("C001C1000800000100 00FF6300", 4),
        ("C001C1000F0000280000FF0700", 3),
        ("C001C1000300000100 00FF0200", 4),
    ):
        assert session.answer(bytes.fromhex(request.replace(" ", "")))[0] == bytes.fromhex("C401C101") + bytes([result])
    assert session.answer(bytes.fromhex("D9010203")) == [bytes.fromhex("D80202")]
    assert session.answer(bytes.fromhex("C001C10001")) == [bytes.fromhex("D80202")]


def test_a_public_client_may_not_write() -> None:
    session = associated("dlms/household", 16)
    assert session.answer(bytes.fromhex("C101C1") + TEXT + b"\0" + encode(octets(b"x")))[0] == bytes.fromhex("C501C103")


def test_set_in_blocks_and_read_back() -> None:
    session = associated("dlms/household", 32, more=LLS)
    text = bytes(range(256)) * 3
    data = encode(octets(text))
    pieces = [data[at : at + 300] for at in range(0, len(data), 300)]
    for number, piece in enumerate(pieces, 1):
        last = bytes([number == len(pieces)])
        block = last + number.to_bytes(4, "big") + length(len(piece)) + piece
        head = bytes.fromhex("C102C1") + TEXT + b"\0" if number == 1 else bytes.fromhex("C103C1")
        answer = session.answer(head + block)[0]
        expected = bytes.fromhex("C503C100" if number == len(pieces) else "C502C1") + number.to_bytes(4, "big")
        assert answer == expected
    read = session.answer(bytes.fromhex("C001C1") + TEXT + b"\0")[0]
    assert decode(read[4:]).value == text


def test_a_set_block_out_of_order_is_refused() -> None:
    session = associated("dlms/household", 32, more=LLS)
    session.answer(bytes.fromhex("C102C1") + TEXT + bytes.fromhex("000000000001020905"))
    assert session.answer(bytes.fromhex("C103C10000000003020101"))[0] == bytes.fromhex("C503C11300000001")


@pytest.mark.parametrize("max_pdu", [0xFFFF, 256, 48])
def test_a_list_of_registers(max_pdu: int) -> None:
    session = associated("dlms/household", 16, max_pdu)
    names = [each.name for each in session.meter.objects if each.class_id == 3]
    request = bytes.fromhex("C003C1") + bytes([len(names)])
    request += b"".join(bytes([0, 3]) + name + b"\x02\x00" for name in names)
    answer = session.answer(request)[0]
    raw, blocks = answer[3:], 0
    if max_pdu < 0xFFFF and answer[1] == 2:
        raw = b""
        while True:
            assert len(answer) <= max_pdu
            reader = Reader(answer[3:])
            last, number, choice = reader.byte(), reader.number(4), reader.byte()
            assert choice == 0
            raw += reader.octets()
            blocks += 1
            if last:
                break
            answer = session.answer(bytes.fromhex("C002C1") + number.to_bytes(4, "big"))[0]
    reader = Reader(raw)
    assert reader.length() == len(names)
    for _ in names:
        assert reader.byte() == 0
        reader.data()
    assert reader.left == 0
    assert (blocks > 1) == (max_pdu == 48)


def test_a_wrong_block_number_ends_the_transfer() -> None:
    session = associated("dlms/household", 16, 256)
    session.answer(bytes.fromhex("C001C100070100630100FF0200"))
    assert session.answer(bytes.fromhex("C002C100000005"))[0] == bytes.fromhex("C402C101000000050113")
    assert session.answer(bytes.fromhex("C002C100000001"))[0] == bytes.fromhex("C402C10100000001010F")


def test_the_clock_is_shifted_by_action() -> None:
    session = associated("dlms/household", 32, more=LLS)
    before = session.meter.clock.now()
    answer = session.answer(bytes.fromhex("C301C100080000010000FF0601100384"))[0]
    assert answer == bytes.fromhex("C701C10000")
    assert 899 < (session.meter.clock.now() - before).total_seconds() < 902


# Short names


def test_short_names_read_list_parameter_and_blocks() -> None:
    session = associated("dlms/short-names", 16, 300, context=2)
    view = session.answer(bytes.fromhex("050102FA08"))[0]
    raw = b""
    while True:
        assert view[:3] == bytes.fromhex("0C0102")
        reader = Reader(view[3:])
        last, number = reader.byte(), reader.number(2)
        raw += reader.octets()
        if last:
            break
        view = session.answer(bytes.fromhex("050105") + number.to_bytes(2, "big"))[0]
    bases = {element.value[3].value: element.value[0].value & 0xFFFF for element in decode(raw).value}
    clock, voltage = bases[bytes([0, 0, 1, 0, 0, 255])], bases[bytes([1, 0, 32, 7, 0, 255])]
    answer = session.answer(
        b"\x05\x03" + b"".join(b"\x02" + each.to_bytes(2, "big") for each in (clock + 8, voltage + 8, 9))
    )[0]
    assert answer[:2] == b"\x0c\x03"
    reader = Reader(answer[2:])
    assert (reader.byte(), len(reader.data().value)) == (0, 12)
    assert (reader.byte(), reader.data().value) == (0, 2312)
    assert reader.rest() == b"\x01\x04"
    profile = bases[bytes([1, 0, 99, 1, 0, 255])]
    entries = bytes.fromhex("020406000000010600000002120001120000")
    answer = session.answer(b"\x05\x01\x04" + (profile + 8).to_bytes(2, "big") + b"\x02" + entries)[0]
    assert answer[:3] == b"\x0c\x01\x00"
    assert len(decode(answer[3:]).value) == 2


def test_short_names_write_and_hls() -> None:
    session = associated("dlms/short-names", 32, context=2, more=LLS)
    name = next(each for each in session.meter.objects if each.name == bytes([0, 0, 96, 1, 1, 255])).base_name + 8
    assert (
        session.answer(b"\x06\x01\x02" + name.to_bytes(2, "big") + b"\x01" + encode(octets(b"new")))[0]
        == b"\x0d\x01\x00"
    )
    assert session.answer(b"\x05\x01\x02" + name.to_bytes(2, "big"))[0] == b"\x0c\x01\x00" + encode(octets(b"new"))

    challenge = b"0123456789ABCDEF"
    md5 = bytes.fromhex("8A0207808B0760857405080203AC128010") + challenge
    session = Session(session.meter, 48, DlmsFaults({}, FAULTS))
    initiate = bytes.fromhex("01000000065F1F0400FFFFFFFFFF")
    body = bytes.fromhex("A109060760857405080102") + md5 + bytes.fromhex("BE10040E") + initiate
    aare = session.answer(b"\x60" + length(len(body)) + body)[0]
    stoc = aare[aare.index(bytes.fromhex("AA128010")) + 4 :][:16]
    assert session.answer(b"\x05\x01\x02" + name.to_bytes(2, "big"))[0] == b"\x0c\x01\x01\x04"
    secret = b"0000000000000000"
    proof = hashlib.md5(stoc + secret).digest()
    answer = session.answer(b"\x05\x01\x04\xfa\x58\x01" + encode(octets(proof)))[0]
    assert answer == b"\x0c\x01\x00" + encode(octets(hashlib.md5(challenge + secret).digest()))
    assert session.answer(b"\x05\x01\x02" + name.to_bytes(2, "big"))[0] == b"\x0c\x01\x00" + encode(octets(b"new"))


# General block transfer


def blocks_of(answers: list[bytes]) -> list[tuple[int, int, int, bytes]]:
    found = []
    for each in answers:
        reader = Reader(each)
        assert reader.byte() == 0xE0
        found.append((reader.byte(), reader.number(2), reader.number(2), reader.octets()))
    return found


def ask(window: int, number: int, acknowledged: int, content: bytes = b"", last: bool = False) -> bytes:
    head = bytes([0xE0, (0x80 if last else 0) | window]) + number.to_bytes(2, "big") + acknowledged.to_bytes(2, "big")
    return head + length(len(content)) + content


@pytest.mark.parametrize("lose", [0, 3])
def test_general_block_transfer_in_windows_with_a_lost_block(lose: int) -> None:
    session = associated("dlms/block-transfer", 17, 512, more=LLS)
    answers = session.answer(bytes.fromhex("C001C100070100630200FF0200"))
    received: dict[int, bytes] = {}
    lost = False
    for number in range(2, 40):
        for control, at, _, content in blocks_of(answers):
            assert len(content) <= 512
            if at == lose and not lost:
                lost = True
                continue
            if at == len(received) + 1:
                received[at] = content
            end = bool(control & 0x80)
        if end and len(received) == at:
            break
        answers = session.answer(ask(4, number, len(received)))
        assert 1 <= len(answers) <= 4
        assert all(bool(control & 0x40) for control, *_ in blocks_of(answers)[:-1])
    whole = b"".join(received.values())
    assert whole[:4] == bytes.fromhex("C401C100")
    assert len(decode(whole[4:]).value) == 62
    assert bool(lose) == lost


def test_a_request_in_general_blocks() -> None:
    session = associated("dlms/block-transfer", 17, 512, more=LLS)
    request = bytes.fromhex("C101C1") + TEXT + b"\0" + encode(octets(b"a long text" * 20))
    (acknowledged,) = blocks_of(session.answer(ask(1, 1, 0, request[:100])))
    assert acknowledged[2:] == (1, b"")
    assert session.answer(ask(1, 2, 1, request[100:], last=True)) == [bytes.fromhex("C501C100")]
