"""general-ciphering under a key that comes with the APDU, wrapped in the master key: in an association and in a push.

The APDUs are made here, from the Green Book's 9.2.7.2.4.7 and RFC 3394.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from drivers.dlms.ciphering import Cipher
from drivers.dlms.general_ciphering import General
from drivers.dlms.push_framing import Framing, Pushed
from drivers.dlms.push_records import Listener
from drivers.dlms.secret import Secret
from drivers.driver import Context
from drivers.errors import KeyRejected, UsageError
from drivers.reading import Meter, NotUnderstood, Reading

TITLE, OURS = b"MGT01234", b"MGW56789"
MASTER, FRESH, AK = bytes(range(0x40, 0x50)), bytes(range(0x50, 0x60)), bytes(range(0x60, 0x70))
#: A data notification: no time; an array of one name, value and scaler with unit: 1-0:1.8.0, 123456, Wh.
NOTIFICATION = bytes.fromhex("0F00000001000101020309060100010800FF060001E24002020F00161E")


def sealed(plain: bytes, counter: int, *, wrapped: bytes | None = None) -> bytes:
    header = b"".join(bytes((len(part),)) + part for part in (b"\x00" * 8, TITLE, OURS, b"", b""))
    control, count = b"\x30", counter.to_bytes(4, "big")
    ciphered = AESGCM(FRESH).encrypt(TITLE + count, plain, control + AK + header)
    # AES-GCM's tag of 16 octets is cut to 12 (Green Book 9.2.3.3.7.3).
    content = control + count + ciphered[:-4]
    key = aes_key_wrap(MASTER, FRESH) if wrapped is None else wrapped
    return b"\xdd" + header + b"\x01\x01\x00" + bytes((len(key),)) + key + bytes((len(content),)) + content


def general(master: bytes | None) -> General:
    mine = Cipher(0, Secret(bytes(16)), Secret(AK))
    return General(0, mine, Secret(AK), None, Secret(master) if master is not None else None)


def test_in_an_association() -> None:
    opened = general(MASTER).open(sealed(b"\xc4\x01\xc1\x00\x11\x07", 5), OURS)
    assert (opened.apdu, opened.counter, opened.verified) == (b"\xc4\x01\xc1\x00\x11\x07", 5, True)
    with pytest.raises(UsageError, match="wrapped in the master key"):
        general(None).open(sealed(b"\xc4\x01\xc1\x00\x11\x07", 5), OURS)
    with pytest.raises(KeyRejected, match="master key is wrong"):
        general(bytes(16)).open(sealed(b"\xc4\x01\xc1\x00\x11\x07", 5), OURS)


class Keys:
    def __init__(self, **keys: bytes) -> None:
        self.keys = {f"{TITLE.hex()}/{name}": value for name, value in keys.items()}

    def get(self, name: str) -> bytes | None:
        return self.keys.get(name)


def heard(listener: Listener, apdu: bytes) -> list[object]:
    return list(listener.records(Pushed(apdu, Framing.BARE, checked=False)))


def listening(**keys: bytes) -> Listener:
    return Listener(Context(keys=Keys(**keys), now=lambda: datetime(2026, 6, 1, tzinfo=UTC)), "line")


def test_in_a_push() -> None:
    listener = listening(master=MASTER, ak=AK)
    meter, reading = heard(listener, sealed(NOTIFICATION, 7))
    assert isinstance(meter, Meter)
    assert isinstance(reading, Reading)
    assert (str(reading.obis), str(reading.value), reading.unit, reading.checked) == (
        "1-0:1.8.0*255",
        "123456",
        "Wh",
        True,
    )
    (again,) = heard(listener, sealed(NOTIFICATION, 7))
    assert isinstance(again, NotUnderstood)
    assert "an old one was repeated" in again.reason


@pytest.mark.parametrize(
    ("keys", "wrapped", "reason"),
    [
        ({"ak": AK}, None, "there is no key for it"),
        ({"ek": bytes(16), "ak": AK}, None, "wrapped in the master key"),
        ({"master": bytes(16), "ak": AK}, None, "master key is wrong"),
        ({"master": MASTER, "ak": bytes(16)}, None, "authentication key"),
        ({"master": MASTER, "ak": AK}, bytes(24), "master key is wrong"),
        ({"master": MASTER, "ak": AK}, b"", "master key is wrong"),
    ],
)
def test_what_cannot_be_opened_says_which_key(keys: dict[str, bytes], wrapped: bytes | None, reason: str) -> None:
    (record,) = heard(listening(**keys), sealed(NOTIFICATION, 7, wrapped=wrapped))
    assert isinstance(record, NotUnderstood)
    assert reason in record.reason
    for secret in (MASTER, FRESH, AK):
        assert secret.hex() not in record.reason
