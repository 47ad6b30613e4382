"""Encrypted telegrams open with their key, and say what is wrong with any other."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import pytest

from drivers.driver import Context
from drivers.errors import BadFrame, KeyRejected
from drivers.p1.decode import decode, recognises
from drivers.p1.encryption import FrameFinder
from drivers.reading import NotUnderstood, Reading, Record
from gateway.keys import Keys
from hil import catalogue
from hil.push.text import TextMeter

PROFILE = tomllib.loads(catalogue.data_file("p1/lu-smarty").read_text())
METER = TextMeter(PROFILE)
TITLE = PROFILE["encrypted"]["system_title"]
KEY = bytes.fromhex(PROFILE["encrypted"]["key"])


def read(data: bytes, keys: Mapping[str, bytes]) -> list[Record]:
    return list(decode(data, "capture", Context(keys=Keys(keys))))


def values(records: list[Record]) -> list[Reading]:
    return [record for record in records if isinstance(record, Reading)]


@pytest.mark.parametrize("name", [f"{TITLE}/ek", "default/ek"])
def test_it_opens_with_the_meters_key_or_the_default_one(name: str) -> None:
    assert recognises(METER.telegram(0))
    records = read(METER.telegram(0) + METER.telegram(1), {name: KEY})
    assert len(values(records)) == 2 * PROFILE["telegram"].count("1-0:") + 2 * 2
    assert all(reading.checked for reading in values(records))
    assert not [record for record in records if isinstance(record, NotUnderstood)]


def test_without_a_key_it_says_which_one_is_wanted() -> None:
    with pytest.raises(KeyRejected, match=f'put "{TITLE}/ek" into the key file'):
        read(METER.telegram(0), {})


@pytest.mark.parametrize(
    "keys", [{"default/ek": bytes(16)}, {"default/ek": b"short"}, {"default/ek": KEY, "default/ak": bytes(16)}]
)
def test_a_wrong_key_is_rejected_and_not_shown(keys: dict[str, bytes]) -> None:
    with pytest.raises(KeyRejected) as error:
        read(METER.telegram(0), keys)
    assert KEY.hex() not in str(error.value)


def test_a_tag_that_fits_no_known_key_is_said_and_the_check_of_the_telegram_holds() -> None:
    other = TextMeter({**PROFILE, "encrypted": {**PROFILE["encrypted"], "authentication_key": "AB" * 16}})
    records = read(other.telegram(0), {"default/ek": KEY})
    assert all(reading.checked for reading in values(records))
    assert any(isinstance(record, NotUnderstood) and "not authenticated" in record.reason for record in records)


def test_every_flipped_bit_is_refused_when_the_authentication_key_is_known() -> None:
    frame = METER.telegram(0)
    keys = {"default/ek": KEY, "default/ak": bytes.fromhex(PROFILE["encrypted"]["authentication_key"])}
    for place in range(len(frame)):
        damaged = bytearray(frame)
        damaged[place] ^= 1 << place % 8
        try:
            records = read(bytes(damaged), keys)
        except (KeyRejected, BadFrame):
            continue
        assert not values(records)


def test_pieces_of_any_size_give_the_same_frames() -> None:
    stream = METER.telegram(0)[77:] + METER.telegram(1) + b"\xdb\x08noise" + METER.telegram(2)
    whole = FrameFinder().feed(stream)
    finder = FrameFinder()
    assert [frame for byte in stream for frame in finder.feed(bytes([byte]))] == whole
    assert [frame.counter for frame in whole] == [1202, 1203]
