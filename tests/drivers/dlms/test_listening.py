"""A meter that pushes on a line: every notification, with pauses inside, garbage around, and silence at the end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from drivers.dlms import axdr_encode as write
from drivers.dlms import block_transfer, cosem_time
from drivers.dlms.block_transfer import Piece
from drivers.dlms.ciphering import AUTHENTICATED, ENCRYPTED, Cipher
from drivers.dlms.driver import Dlms
from drivers.dlms.hdlc_frame import Control, Frame, build
from drivers.dlms.secret import Secret
from drivers.driver import Context, Listens
from drivers.errors import NoAnswer
from drivers.meter_url import parse
from drivers.reading import Meter, NotUnderstood, Obis, Reading, Record

STAMP = cosem_time.build(datetime(2026, 3, 1, 12, tzinfo=UTC))
KEY, TITLE = bytes(range(16)), b"MGT00001"


def _item(obis: Obis, value: bytes, scaler: int = 0, unit: int = 30) -> bytes:
    return write.structure(
        write.octet_string(bytes(obis)), value, write.structure(write.integer(scaler), write.enum(unit))
    )


def _notification(value: int) -> bytes:
    serial = write.structure(write.octet_string(bytes(Obis(0, 0, 96, 1, 0))), write.visible_string("12345678"))
    body = write.array(serial, _item(Obis(1, 0, 1, 8, 0), write.double_long_unsigned(value), -1))
    return b"\x0f\x00\x00\x00\x01\x0c" + STAMP + body


def _hdlc(apdu: bytes, size: int = 2000) -> list[bytes]:
    whole = b"\xe6\xe7\x00" + apdu
    parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    return [
        build(Frame(b"\x03", b"\xce\xff", Control.UI, part, number < len(parts)))
        for number, part in enumerate(parts, 1)
    ]


def _mbus(apdu: bytes, size: int = 40) -> list[bytes]:
    parts = [apdu[at : at + size] for at in range(0, len(apdu), size)]
    made = []
    for number, part in enumerate(parts):
        body = bytes((0x53, 0xFF, number | (0x10 if number == len(parts) - 1 else 0), 1, 0x67)) + part
        made.append(bytes((0x68, len(body), len(body), 0x68)) + body + bytes((sum(body) & 0xFF, 0x16)))
    return made


async def _collect(meter: Listens, found: list[Record]) -> None:
    async for record in meter.listen():
        found.append(record)


async def _heard(chunks: list[bytes], context: Context | None = None, url: str = "dlms+hdlc") -> list[Record]:
    """What a listener makes of the chunks, which come a moment apart."""

    async def push(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0.02)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(push, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    found: list[Record] = []
    try:
        async with Dlms(parse(f"{url}://{host}:{port}"), context or Context(timeout=1.5)) as meter:
            assert isinstance(meter, Listens)
            with pytest.raises(NoAnswer, match="no notification"):
                await _collect(meter, found)
    finally:
        server.close()
        await server.wait_closed()
    return found


def _energies(records: list[Record]) -> list[Decimal]:
    return [record.value for record in records if isinstance(record, Reading)]


@pytest.mark.parametrize("framed", [_hdlc, _mbus, lambda apdu: _hdlc(apdu, 30)])
async def test_notifications_in_frames_and_segments(framed: object) -> None:
    assert callable(framed)
    chunks = [chunk for value in (1000, 1001) for chunk in framed(_notification(value))]
    found = await _heard(chunks)
    assert _energies(found) == [Decimal("100.0"), Decimal("100.1")]
    [reading, _] = [record for record in found if isinstance(record, Reading)]
    assert (reading.unit, reading.meter, reading.checked) == ("Wh", "12345678", True)
    assert reading.time == datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_the_wrapper() -> None:
    apdu = _notification(7)
    chunk = b"\x00\x01\x00\x01\x00\x67" + len(apdu).to_bytes(2, "big") + apdu
    assert _energies(await _heard([chunk[:9], chunk[9:] + chunk])) == [Decimal("0.7")] * 2


async def test_encrypted_in_blocks_with_a_counter() -> None:
    cipher = Cipher(0, Secret(KEY), Secret(KEY))

    def sealed(counter: int, value: int) -> list[bytes]:
        content = cipher.protect(AUTHENTICATED | ENCRYPTED, TITLE, counter, _notification(value))
        apdu = b"\xdb\x08" + TITLE + bytes((0x81, len(content))) + content
        pieces = [apdu[at : at + 50] for at in range(0, len(apdu), 50)]
        blocks = [
            block_transfer.build(Piece(number == len(pieces), number < len(pieces), 0, number, 0, piece))
            for number, piece in enumerate(pieces, 1)
        ]
        return [frame for block in blocks for frame in _hdlc(block)]

    class Keys:
        def get(self, name: str) -> bytes | None:
            assert name.startswith(TITLE.hex())
            return KEY

    chunks = sealed(5, 10) + sealed(6, 11) + sealed(6, 99) + sealed(7, 12)
    found = await _heard(chunks, Context(timeout=1.5, keys=Keys()))
    assert _energies(found) == [Decimal("1.0"), Decimal("1.1"), Decimal("1.2")]
    [replayed] = [record for record in found if isinstance(record, NotUnderstood)]
    assert "counter went from 6 to 6" in replayed.reason


async def test_garbage_and_a_damaged_frame_in_between() -> None:
    [good] = _hdlc(_notification(5))
    damaged = bytearray(good)
    damaged[40] ^= 1
    found = await _heard([good[20:] + good, bytes(damaged), b"\x00\xff\x7e\x7e", good])
    assert _energies(found) == [Decimal("0.5")] * 2
    assert [record.reason for record in found if isinstance(record, NotUnderstood)] == ["wrong frame check sequence"]


async def test_one_reading_of_what_is_pushed() -> None:
    async def push(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(_hdlc(_notification(1)) + _hdlc(_notification(2))))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(push, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    async with Dlms(parse(f"dlms+hdlc://{host}:{port}?push=yes"), Context(timeout=5)) as meter:
        found = [record async for record in meter.registers()]
    server.close()
    await server.wait_closed()
    assert isinstance(found[0], Meter)
    assert _energies(found) == [Decimal("0.1")]
