"""general-ciphering under a key that both sides agree on, against the emulated meter's own arithmetic: both schemes, both
suites, both ways, and in a push."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from drivers.dlms.ciphering import Cipher
from drivers.dlms.general_ciphering import ONE_PASS, STATIC, Agreement, General
from drivers.dlms.push_framing import Framing, Pushed
from drivers.dlms.push_records import Listener
from drivers.dlms.secret import Secret
from drivers.driver import Context
from drivers.reading import Meter, NotUnderstood, Reading
from hil.dlms.curves import Suite
from hil.dlms.security import Keys, Protection

METER, OURS = b"MGT01234", b"MGW56789"
TRANSACTION = bytes.fromhex("0123456789012345")
PLAIN = b"\xc4\x01\xc1\x00\x11\x07"
#: A data notification: no time; an array of one name, value and scaler with unit: 1-0:1.8.0, 123456, Wh.
NOTIFICATION = bytes.fromhex("0F00000001000101020309060100010800FF060001E24002020F00161E")


@dataclass(frozen=True)
class Pair:
    """Private keys of the meter (1 sign, 2 agree) and of us (3 sign, 4 agree); the symmetric ones are of the suite's size."""

    suite: int

    @property
    def size(self) -> int:
        return 16 * self.suite

    def private(self, digit: int) -> bytes:
        return bytes((digit,)) * Suite(self.suite).size

    def public(self, digit: int) -> bytes:
        return Suite(self.suite).coordinates(self.private(digit))

    def meter(self) -> Protection:
        keys = Keys(
            suite=self.suite,
            ek=bytes(self.size),
            ak=b"\x0a" * self.size,
            signing_private=self.private(1),
            agreement_private=self.private(2),
            client_signing=self.public(3),
            client_agreement=self.public(4),
        )
        return Protection(keys, METER)

    def ours(self, scheme: int) -> General:
        authentication = Secret(b"\x0a" * self.size)
        agreement = Agreement(
            self.suite,
            scheme,
            private=Secret(self.private(4)),
            signing=Secret(self.private(3)),
            meter_agreement=self.public(2),
            meter_signing=self.public(1),
        )
        return General(
            self.suite, Cipher(self.suite, Secret(bytes(self.size)), authentication), authentication, agreement
        )

    def listening(self, **others: bytes) -> Listener:
        keys = {
            "ak": b"\x0a" * self.size,
            "agree": self.private(4),
            "agree_meter": self.public(2),
            "verify": self.public(1),
        }
        return Listener(Context(keys=_Keys({**keys, **others})), "line")


class _Keys:
    def __init__(self, keys: dict[str, bytes]) -> None:
        self.keys = keys

    def get(self, name: str) -> bytes | None:
        return self.keys.get(name.rpartition("/")[2])


each = pytest.mark.parametrize(("suite", "scheme"), [(1, ONE_PASS), (1, STATIC), (2, ONE_PASS), (2, STATIC)])


@each
def test_a_request_and_its_answer(suite: int, scheme: int) -> None:
    pair = Pair(suite)
    general, meter = pair.ours(scheme), pair.meter()
    heard = meter.open(general.protect(0x30, OURS, METER, 7, PLAIN))
    assert heard.plain == PLAIN
    opened = general.open(heard.seal(PLAIN), OURS)
    assert (opened.apdu, opened.verified) == (PLAIN, True)


@each
def test_a_push(suite: int, scheme: int) -> None:
    pair = Pair(suite)
    apdu = pair.meter()._general_ciphering(0x30 | suite, NOTIFICATION, scheme, TRANSACTION, OURS)
    who, reading = pair.listening().records(Pushed(apdu, Framing.BARE, checked=False))
    assert isinstance(who, Meter)
    assert isinstance(reading, Reading)
    assert (str(reading.value), reading.checked) == ("123456", True)


def test_a_fresh_key_that_another_signed_is_refused() -> None:
    pair = Pair(1)
    apdu = pair.meter()._general_ciphering(0x31, NOTIFICATION, ONE_PASS, TRANSACTION, OURS)
    (record,) = pair.listening(verify=pair.public(3)).records(Pushed(apdu, Framing.BARE, checked=False))
    assert isinstance(record, NotUnderstood)
    assert "signature of the meter's fresh key is wrong" in record.reason


def test_the_transaction_id_makes_the_static_key_another() -> None:
    """Its length stands before it in what the key is derived from."""
    pair = Pair(1)
    apdus = [
        pair.meter()._general_ciphering(0x31, NOTIFICATION, STATIC, transaction, OURS)
        for transaction in (TRANSACTION, bytes(8))
    ]
    assert apdus[0][-40:] != apdus[1][-40:]
    # The same octets behind another transaction-id do not open.
    moved = apdus[0].replace(TRANSACTION, bytes(8))
    (record,) = pair.listening().records(Pushed(moved, Framing.BARE, checked=False))
    assert isinstance(record, NotUnderstood)
