"""Bytes that nobody should send: every layer answers with a typed error or a value, at once and in little memory."""

from __future__ import annotations

import contextlib
import json
import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.dlms import (
    acse,
    axdr,
    axdr_rows,
    block_transfer,
    conformance,
    cosem_time,
    ln_apdus,
    notification,
    push_list,
    selection,
    sn_apdus,
    view,
)
from drivers.dlms.bytes_reader import Reader
from drivers.dlms.ciphering import Cipher
from drivers.dlms.decode import decode, recognises
from drivers.dlms.general_ciphering import General
from drivers.dlms.hdlc import Connected, HdlcSession
from drivers.dlms.hdlc_frame import POLL, Control, Frame, FrameReader, address, build
from drivers.dlms.hdlc_parameters import agreed
from drivers.dlms.mbus_frame import MbusReader
from drivers.dlms.profile_rows import Layout, rows
from drivers.dlms.push_framing import PushReader
from drivers.dlms.records import Around
from drivers.dlms.refusals import refused
from drivers.dlms.secret import Secret
from drivers.dlms.selection import CaptureObject
from drivers.dlms.wrapper import WrapperReader
from drivers.driver import Context, utc_now
from drivers.errors import MeterError
from drivers.reading import Doubt, Obis, Reading, Record

FILE = Path(__file__).resolve().parents[4] / "shared" / "captures" / "dlms_frames.jsonl"
FRAMES: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.is_file() else []
KEY = Secret(bytes(range(16)))
CIPHER = Cipher(0, KEY, KEY)
TITLE = b"MGT00001"
AROUND = Around("meter", utc_now(), None)
CLOCK = CaptureObject(8, Obis(0, 0, 1, 0, 0), 2)
LAYOUT = Layout((CLOCK, CaptureObject(3, Obis(1, 0, 1, 8, 0), 2)), (None, None), 900)


def _rows(data: bytes) -> object:
    return rows(axdr_rows.take_rows(Reader(data)), LAYOUT, AROUND)


_CLIENT, _SERVER = address(16), address(1)
_UA = build(Frame(_CLIENT, _SERVER, Control.UA | POLL))


def _session(data: bytes) -> object:
    session = HdlcSession(_CLIENT, _SERVER)
    session.connect()
    assert session.receive(_UA) == [Connected()]
    session.send(b"\xc0\x01")
    return session.receive(data)


def _wire(reader: Any) -> Callable[[bytes], object]:
    def feed(data: bytes) -> object:
        made = reader()
        found = made.feed(data)
        return [*found, *made.gap()] if hasattr(made, "gap") else found

    return feed


def _cut_and_whole(data: bytes) -> object:
    """The frames are the same where the line cuts them, and nothing without end waits for more."""
    cut, whole = FrameReader(), FrameReader()
    in_two = [*cut.feed(data[: len(data) // 2]), *cut.feed(data[len(data) // 2 :])]
    at_once = whole.feed(data)
    assert [event for event in in_two if isinstance(event, Frame)] == [e for e in at_once if isinstance(e, Frame)]
    assert whole.waiting == cut.waiting <= 2050
    return [*at_once, *whole.gap()]


def _both_ways(data: bytes) -> object:
    """A-XDR data: the fast reader of rows gives what the plain one gives."""
    plain = axdr.decode(data)
    if isinstance(plain, list) and data[0] == axdr.ARRAY:
        fast = axdr_rows.take_rows(Reader(data))
        assert fast == [item if type(item) is tuple else (item,) for item in plain]
    return plain


LAYERS: dict[str, Callable[[bytes], object]] = {
    "A-XDR": _both_ways,
    "rows": _rows,
    "HDLC frames": _cut_and_whole,
    "HDLC session": _session,
    "HDLC parameters": agreed,
    "M-Bus": _wire(MbusReader),
    "wrapper": _wire(WrapperReader),
    "push framing": _wire(PushReader),
    "AARE": acse.parse_aare,
    "initiate": conformance.parse_initiate_response,
    "GET": ln_apdus.parse_get,
    "GET list": lambda data: ln_apdus.results(data, 3),
    "SET": ln_apdus.parse_set,
    "ACTION": ln_apdus.parse_action,
    "ACTION in blocks": lambda data: ln_apdus.action_results(data, 2),
    "READ": sn_apdus.parse_read,
    "WRITE": sn_apdus.parse_write,
    "block transfer": block_transfer.parse,
    "refusals": refused,
    "notification": notification.parse,
    "push list": push_list.items,
    "damaged push list": lambda data: push_list.items(data, salvage=True),
    "view": lambda data: view.parse_view(axdr.decode(data)),
    "capture objects": lambda data: selection.parse_capture_objects(axdr.decode(data)),
    "time": lambda data: cosem_time.parse(data[:12], None),
    "protected": lambda data: CIPHER.open(TITLE, data),
    "general ciphering": lambda data: General(0, CIPHER, KEY, None).open(data, TITLE),
    "decode": lambda data: list(decode(data, "fuzz", Context())),
    "recognises": recognises,
}

#: Beginnings that lead deep into a layer, in front of anything.
_HEADS = (
    b"", b"\x01\x02\x02", b"\x02\x03\x09\x06", b"\x13\x02\x02", b"\x61\x29\xa1\x09", b"\x08\x00\x06\x5f\x1f\x04\x00",
     b"\xc4\x01\xc1\x00", b"\xc4\x02\xc1\x01", b"\xc4\x03\xc1\x02", b"\xc5\x01", b"\xc7\x01\xc1\x00\x01\x00", b"\x0c\x02",
     b"\x0d\x01", b"\xe0\x80\x00\x01\x00\x00", b"\x0f\x00\x00\x00\x01\x00", b"\x0f\x00\x00\x00\x01\x0c", b"\xd8", b"\x0e",
     b"\xdb\x08MGT00001", b"\xdd\x08", b"\x7e\xa0", b"\x7e\xa0\x0a\x21\x03", b"\x68\x10\x10\x68", b"\x00\x01\x00\x01",
     b"\xe6\xe7\x00\x0f", b"\x30", b"\x10", b"\x20", b"\x01\x01\x02\x04\x12\x00\x07\x11\x01\x09\x06",
)  # fmt: skip
ANYTHING = st.builds(bytes.__add__, st.sampled_from(_HEADS), st.binary(max_size=120))


def _from_seed(seed: int) -> bytes:
    """Octets that cost little to make: a beginning, noise, and around them now and then a frame that is whole."""
    chance = random.Random(seed)
    data = chance.choice(_HEADS) + chance.randbytes(chance.choice((0, 1, 2, 5, 12, 30, 60, 120)))
    match chance.randrange(8):
        case 0:
            return build(Frame(_CLIENT, _SERVER, chance.choice((0x03, 0x10, 0x30, 0x73)), data))
        case 1:
            return b"\x00\x01\x00\x01\x00\x10" + len(data).to_bytes(2, "big") + data
        case 2:
            return data[: chance.randrange(len(data) + 1)]
        case 3:
            return data * 2
    return data


def _survives(data: bytes) -> None:
    for layer in LAYERS.values():
        with contextlib.suppress(MeterError):
            layer(data)


@given(ANYTHING)
@settings(max_examples=300)
@example(b"\x01\x84\xff\xff\xff\xff")
@example(b"\x13\x01\xff\xff\x00\x82\xff\xff")
@example(b"\x02\x01" * 200)
def test_every_layer_survives_anything(data: bytes) -> None:
    _survives(data)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@given(st.integers(0, 2**64 - 1).map(_from_seed))
@settings(max_examples=100_000)
def test_every_layer_survives_a_hundred_thousand(data: bytes) -> None:
    _survives(data)


class OwnKeys:
    """The keys published with a capture."""

    def __init__(self, frame: dict[str, Any]) -> None:
        self._keys = frame["keys"] or {}

    def get(self, name: str) -> bytes | None:
        text = self._keys.get(name.rpartition("/")[2])
        return bytes.fromhex(text) if text else None


def _values(records: list[Record]) -> set[tuple[Obis, object]]:
    """What is given as good: neither doubted nor unchecked."""
    return {
        (record.obis, record.value)
        for record in records
        if isinstance(record, Reading) and record.checked and Doubt.SUSPECT not in record.doubts
    }


def _tried(data: bytes, context: Context) -> list[Record]:
    start = time.perf_counter()
    try:
        records = list(decode(data, "capture", context))
    except MeterError:
        records = []
    assert time.perf_counter() - start < 1
    return records


@pytest.mark.skipif(not FRAMES, reason="no ../shared/captures beside this checkout")
@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame["id"])
def test_every_truncation_of_a_capture(frame: dict[str, Any]) -> None:
    data = bytes.fromhex(frame["hex"])
    context = Context(keys=OwnKeys(frame))
    good = _values(_tried(data, context))
    for end in range(0, len(data), 1 if len(data) < 120 else 7):
        assert _values(_tried(data[:end], context)) <= good


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.skipif(not FRAMES, reason="no ../shared/captures beside this checkout")
@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame["id"])
def test_every_truncation_and_every_flipped_bit_of_a_capture(frame: dict[str, Any]) -> None:
    data = bytes.fromhex(frame["hex"])
    context = Context(keys=OwnKeys(frame))
    good = _values(_tried(data, context))
    has_check = data[0] in (0x7E, 0x68)
    for end in range(len(data)):
        tracemalloc.start()
        found = _values(_tried(data[:end], context))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 16 << 20
        assert found <= good
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        found = _values(_tried(bytes(flipped), context))
        if has_check and flipped[0] == data[0]:
            assert found <= good, f"bit {bit}"
