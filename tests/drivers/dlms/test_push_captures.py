"""Every push that was recorded from a real meter: framed, decrypted where its key was published, and each value compared
with what two other decoders made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drivers.dlms import notification
from drivers.dlms.decode import decode, recognises
from drivers.dlms.hdlc_frame import Frame, FrameReader
from drivers.dlms.meter_map import DlmsMap
from drivers.dlms.push_framing import Pushed, PushReader
from drivers.dlms.push_list import Item, items
from drivers.dlms.push_records import Listener
from drivers.driver import Context
from drivers.reading import Doubt, Meter, NotUnderstood, Obis, Reading, Text

FILE = Path(__file__).resolve().parents[4] / "shared" / "captures" / "dlms_frames.jsonl"
FRAMES: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.is_file() else []
PUSHES = [frame for frame in FRAMES if frame["kind"] == "push"]
#: Its frame check sequence is wrong: two octets of three structures are swapped.
DAMAGED = "esphome-hdlc_landis_gyr_zmf100"

pytestmark = pytest.mark.skipif(not FRAMES, reason="no ../shared/captures beside this checkout")


class OwnKeys:
    """The keys published with a capture."""

    def __init__(self, frame: dict[str, Any]) -> None:
        self._keys = frame["keys"] or {}

    def get(self, name: str) -> bytes | None:
        text = self._keys.get(name.rpartition("/")[2])
        return bytes.fromhex(text) if text else None


def _context(frame: dict[str, Any]) -> Context:
    return Context(keys=OwnKeys(frame))


def _items(frame: dict[str, Any]) -> Iterator[Item]:
    reader = PushReader()
    listener = Listener(_context(frame), "capture")
    data = bytes.fromhex(frame["hex"])
    for event in [*reader.feed(data), *reader.gap()]:
        assert isinstance(event, Pushed)
        opened, _ = listener.security.open(event.apdu)
        yield from items(notification.parse(opened.apdu).body).found


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        text = bytes(value)
        return text.hex()
    return value


@pytest.mark.parametrize("frame", PUSHES, ids=lambda frame: frame["id"])
def test_it_is_recognised_and_decodes(frame: dict[str, Any]) -> None:
    data = bytes.fromhex(frame["hex"])
    assert recognises(data)
    records = list(decode(data, "capture", _context(frame)))
    assert isinstance(records[0], Meter)
    assert len(records) > 1
    whole = [record for record in records if isinstance(record, NotUnderstood) and len(record.raw) > 80]
    assert bool(whole) == (frame["id"] == DAMAGED)
    assert list(decode(frame["hex"].encode(), "capture", _context(frame)))


@pytest.mark.parametrize("frame", [f for f in PUSHES if f["check"].get("value")], ids=lambda frame: frame["id"])
def test_the_raw_values_are_those_of_the_other_decoder(frame: dict[str, Any]) -> None:
    """Its values are nested as they stood; ours are named. In the order of the wire they are the same."""
    flat: list[object] = []

    def flatten(value: Any) -> None:
        if isinstance(value, list):
            scaler = len(value) == 2 and all(isinstance(part, int) for part in value) and -20 < value[0] < 20
            if not scaler:
                for part in value:
                    flatten(part)
        elif value is not None:
            flat.append(value)

    flatten(frame["check"]["value"])
    if frame["id"] == "esphome-raw_energomera":  # it begins with its own object list: names and values stand apart
        flat = [value for value in flat if value not in ("0000190900ff",)]
    named = 0
    for item in _items(frame):
        if item.obis is None:
            assert _plain(item.value) in flat
            continue
        place = flat.index(bytes(item.obis).hex())
        if isinstance(item.value, int | str | bytes) and not item.class_id:
            assert flat[place + 1] == _plain(item.value)
            named += 1
    integers = [value for value in flat if isinstance(value, int)]
    if "energomera" not in frame["id"]:
        assert len([item for item in _items(frame) if isinstance(item.value, int)]) == len(integers)


@pytest.mark.parametrize("frame", [f for f in PUSHES if f["expected"]], ids=lambda frame: frame["id"])
def test_the_values_are_those_that_were_expected(frame: dict[str, Any]) -> None:
    # A map names the value without a name: the meter's number in Lower Austria.
    context = replace(_context(frame), meter_map=DlmsMap(push_unnamed=(Obis(0, 0, 1, 0, 0), Obis(0, 0, 96, 1, 0))))
    if "kamstrup" in frame["id"]:
        context = replace(_context(frame), meter_map=DlmsMap(push_unnamed=(Obis(0, 0, 0, 0, 0, 0),)))
    records = list(decode(bytes.fromhex(frame["hex"]), "capture", context))
    found: dict[str, object] = {}
    for record in records:
        if isinstance(record, Reading | Text):
            found[".".join(map(str, record.obis))] = record.value
        elif isinstance(record, NotUnderstood) and record.obis is not None:
            found[".".join(map(str, record.obis))] = record.raw  # no scaler in the frame: the raw number
    missing = []
    for name, wanted in frame["expected"].items():
        value = found.get(name)
        if isinstance(wanted, float):
            same = (
                value is not None
                and str(value).lstrip("-").replace(".", "").isdigit()
                and Decimal(str(value)) == Decimal(str(wanted))
            )
        else:
            same = value is not None and (wanted in str(value) or not wanted)
        if not same:
            missing.append((name, wanted, value))
    allowed = {
        # Their parser gives names of its own to a stamp or list version that has none in the frame.
        "0.0.0.0.0.0": PUSHES,
        # Their value of a push object list's texts; ours is the text.
        "0.0.25.9.0.255": None,
    }
    missing = [one for one in missing if one[0] not in allowed]
    if frame["id"] == DAMAGED:
        # The octets 09 06 of these three stand in the wrong order: nothing is guessed.
        assert [one[0] for one in missing] == [f"1.0.{phase}.7.0.255" for phase in (31, 51, 71)]
        assert all(
            Doubt.SUSPECT in record.doubts and not record.checked for record in records if isinstance(record, Reading)
        )
    elif frame["id"] == "esphome-raw_energomera":
        assert all(one[1] == 0.0 for one in missing)  # it takes the object list's descriptors for values
    else:
        assert missing == []


@pytest.mark.parametrize("frame", [f for f in PUSHES if f["keys"]], ids=lambda frame: frame["id"])
def test_a_wrong_key_is_said(frame: dict[str, Any]) -> None:
    class Wrong:
        def get(self, name: str) -> bytes | None:
            return bytes(16) if name.endswith("/ek") else OwnKeys(frame).get(name)

    records = list(decode(bytes.fromhex(frame["hex"]), "capture", Context(keys=Wrong())))
    assert len(records) == 1
    assert isinstance(records[0], NotUnderstood)
    assert "encryption key" in records[0].reason


@pytest.mark.parametrize("frame", [f for f in PUSHES if (f["keys"] or {}).get("ak")], ids=lambda frame: frame["id"])
def test_without_the_authentication_key(frame: dict[str, Any]) -> None:
    class Alone:
        def get(self, name: str) -> bytes | None:
            return OwnKeys(frame).get(name) if name.endswith("/ek") else None

    with_tag = [r for r in decode(bytes.fromhex(frame["hex"]), "x", _context(frame)) if isinstance(r, Reading | Text)]
    without = [
        r for r in decode(bytes.fromhex(frame["hex"]), "x", Context(keys=Alone())) if isinstance(r, Reading | Text)
    ]
    assert [(r.obis, r.value) for r in with_tag] == [(r.obis, r.value) for r in without]


@pytest.mark.parametrize("frame", [f for f in FRAMES if f["kind"] == "framing"], ids=lambda frame: frame["id"])
def test_the_framing_cases_frame(frame: dict[str, Any]) -> None:
    [found] = FrameReader().feed(bytes.fromhex(frame["hex"]))
    assert isinstance(found, Frame)
    if frame["check"]["frames"]:
        destination, _, source = frame["check"]["addr"].partition("<-")
        assert (found.destination.hex(), found.source.hex()) == (destination, source)


def test_what_is_encrypted_under_a_key_that_nobody_has() -> None:
    [frame] = [frame for frame in FRAMES if frame["kind"].startswith("encrypted")]
    [record] = decode(bytes.fromhex(frame["hex"]), "capture", Context())
    assert isinstance(record, NotUnderstood)
    assert "there is no key for it" in record.reason


@pytest.mark.parametrize("frame", PUSHES, ids=lambda frame: frame["id"])
def test_octet_by_octet_it_is_the_same(frame: dict[str, Any]) -> None:
    data = bytes.fromhex(frame["hex"])
    if data[0] not in (0x7E, 0x68):
        pytest.skip("a bare APDU has no end but that of the file")
    at_once, slowly = PushReader(), PushReader()
    events = [event for octet in data for event in slowly.feed(bytes((octet,)))]
    assert [e for e in events if isinstance(e, Pushed)] == [e for e in at_once.feed(data) if isinstance(e, Pushed)]


def test_the_registers_of_austria() -> None:
    [frame] = [frame for frame in PUSHES if frame["id"] == "esphome-mbus_netz_noe_p1"]
    records = list(decode(bytes.fromhex(frame["hex"]), "capture", _context(frame)))
    energy = next(r for r in records if isinstance(r, Reading) and r.obis == Obis(1, 0, 1, 8, 0))
    assert (energy.value, energy.unit) == (Decimal(12937), "Wh")
