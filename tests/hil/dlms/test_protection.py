"""How the emulated meter protects APDUs: the standard's own example, counters, wrong keys, agreed keys, ECDSA."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from hil import catalogue
from hil.dlms import gcm
from hil.dlms.axdr import Reader, length
from hil.dlms.faults import FAULTS, DlmsFaults
from hil.dlms.meter import Meter
from hil.dlms.profile import build, load
from hil.dlms.session import Session

EK, AK = bytes(range(16)), bytes(range(0xD0, 0xE0))
#: The example of the DLMS UA's Green Book: title, counter, GET of the clock.
TITLE = bytes.fromhex("4D4D4D0000BC614E")
GET_CLOCK = bytes.fromhex("C0010000080000010000FF0200")
COUNTER = 0x01234567
CLIENT = bytes.fromhex("4D4754434C490001")
INITIATE = bytes.fromhex("01000000065F1F0400FFFFFFFFFF")
LDN = bytes.fromhex("C001C1000100002A0000FF0200")


def meter(profile: str = "dlms/secured") -> Meter:
    return build(load(catalogue.data_file(profile)))


def session(of: Meter, client: int) -> Session:
    return Session(of, client, DlmsFaults({}, FAULTS))


def aarq(initiate: bytes, context: int = 3, mechanism: int = 0, value: bytes = b"") -> bytes:
    body = bytes.fromhex("A1090607608574050801") + bytes([context]) + b"\xa6\x0a\x04\x08" + CLIENT
    if mechanism:
        body += bytes.fromhex("8A0207808B07608574050802") + bytes([mechanism])
        body += bytes([0xAC, len(value) + 2, 0x80, len(value)]) + value
    body += bytes([0xBE, len(initiate) + 2, 4, len(initiate)]) + initiate
    return b"\x60" + length(len(body)) + body


def sealed(tag: int, counter: int, plain: bytes, control: int = 0x30, key: bytes = EK, ak: bytes = AK) -> bytes:
    """By AESGCM, which is not what the emulator uses."""
    made = AESGCM(key).encrypt(CLIENT + counter.to_bytes(4, "big"), plain, bytes([control]) + ak)
    content = bytes([control]) + counter.to_bytes(4, "big") + made[:-4]
    return bytes([tag]) + length(len(content)) + content


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (0x10, "C0010000080000010000FF020006725D910F9221D263877516"),
        (0x20, "411312FF935A47566827C467BC"),
        (0x30, "411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"),
    ],
)
def test_the_standards_example(control: int, expected: str) -> None:
    made = gcm.seal(EK, AK, TITLE, control, COUNTER, GET_CLOCK)
    assert made.hex().upper() == f"{control:02X}01234567{expected}"
    assert gcm.unseal(EK, AK, TITLE, made) == (control, COUNTER, GET_CLOCK)


@pytest.mark.parametrize("place", range(5, 30))
def test_a_changed_bit_is_not_deciphered(place: int) -> None:
    made = bytearray(gcm.seal(EK, AK, TITLE, 0x30, COUNTER, GET_CLOCK))
    made[min(place, len(made) - 1)] ^= 1
    with pytest.raises(gcm.NotDeciphered):
        gcm.unseal(EK, AK, TITLE, bytes(made))


def test_counters_only_go_up_and_wrong_keys_are_said() -> None:
    one = session(meter(), 24)
    assert one.answer(aarq(sealed(0x21, 10, INITIATE)))[0][0] == 0x61
    assert one.answer(sealed(0xC8, 11, LDN))[0][0] == 0xCC
    # The same counter again: service error 6, with the least that is taken.
    assert one.answer(sealed(0xC8, 11, LDN)) == [bytes.fromhex("D802060000000C")]
    assert one.answer(sealed(0xC8, 12, LDN, key=AK)) == [bytes.fromhex("D80205")]
    assert one.answer(sealed(0xC8, 13, LDN, ak=EK)) == [bytes.fromhex("D80205")]
    # The wrong ones were not taken for counters.
    assert one.answer(sealed(0xC8, 12, LDN))[0][0] == 0xCC
    # Less protection than asked for, and none.
    assert one.answer(LDN) == [bytes.fromhex("D80101")]
    public = session(one.meter, 16)
    public.answer(aarq(INITIATE, context=1))
    counter = public.answer(bytes.fromhex("C001C1000100002B0100FF0200"))
    assert counter == [bytes.fromhex("C401C100060000000C")]


def test_an_open_association_does_not_serve_where_protection_is_asked_for() -> None:
    refused = session(meter(), 24).answer(aarq(INITIATE))[0]
    assert bytes.fromhex("A203020101") in refused
    assert session(meter(), 24).answer(LDN) == [bytes.fromhex("D80101")]


def test_general_glo_names_the_meter() -> None:
    one = session(meter(), 24)
    one.answer(aarq(sealed(0x21, 1, INITIATE)))
    request = sealed(0xDB, 2, LDN)
    answer = one.answer(b"\xdb\x08" + CLIENT + request[1:])[0]
    assert answer[:10] == b"\xdb\x08" + one.meter.system_title
    plain = gcm.unseal(EK, AK, one.meter.system_title, Reader(answer[10:]).octets())[2]
    assert plain.endswith(b"MGT0000012345678")


def test_keys_are_replaced_wrapped() -> None:
    of = meter()
    one = session(of, 24)
    one.answer(aarq(sealed(0x21, 1, INITIATE)))
    wrapped = aes_key_wrap(bytes.fromhex("00112233445566778899AABBCCDDEEFF"), bytes(16))
    parameter = bytes.fromhex("01010202160009") + bytes([len(wrapped)]) + wrapped
    action = bytes.fromhex("C301C1004000002B0000FF0201") + parameter
    answer = one.answer(sealed(0xCB, 2, action))[0]
    assert gcm.unseal(bytes(16), AK, of.system_title, Reader(answer[1:]).octets())[2] == bytes.fromhex("C701C10000")
    assert of.keys.ek == bytes(16)


# Suites 1 and 2: the client's side by hand.


class Curve:
    def __init__(self, suite: int) -> None:
        self.suite = suite
        self.size = 32 if suite == 1 else 48
        self.curve: ec.EllipticCurve = ec.SECP256R1() if suite == 1 else ec.SECP384R1()
        self.hash: hashes.HashAlgorithm = hashes.SHA256() if suite == 1 else hashes.SHA384()
        self.ek, self.ak = (EK, AK) if suite == 1 else (EK * 2, AK * 2)

    def private(self, byte: int) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(bytes([byte]) * self.size, "big"), self.curve)

    def raw(self, key: ec.EllipticCurvePublicKey) -> bytes:
        numbers = key.public_numbers()
        return numbers.x.to_bytes(self.size, "big") + numbers.y.to_bytes(self.size, "big")

    def sign(self, byte: int, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.private(byte).sign(message, ec.ECDSA(self.hash)))
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")

    def verify(self, byte: int, message: bytes, signature: bytes) -> None:
        r, s = (int.from_bytes(part, "big") for part in (signature[: self.size], signature[self.size :]))
        self.private(byte).public_key().verify(encode_dss_signature(r, s), message, ec.ECDSA(self.hash))

    def kdf(self, shared: bytes, information: bytes) -> bytes:
        oid = bytes.fromhex("60857405080300" if self.suite == 1 else "60857405080301")
        digest = hashlib.sha256 if self.suite == 1 else hashlib.sha384
        return digest(b"\0\0\0\1" + shared + oid + information).digest()[: 16 if self.suite == 1 else 32]


@pytest.mark.parametrize("suite", [1, 2])
def test_ecdsa_proves_both_sides(suite: int) -> None:
    curve, of = Curve(suite), meter(f"dlms/secured-suite-{suite}")
    one = session(of, 23)
    ctos = bytes(range(32))
    aare = one.answer(aarq(INITIATE, context=1, mechanism=7, value=ctos))[0]
    stoc = aare[aare.index(bytes.fromhex("AA128010")) + 4 :][:16]
    signature = curve.sign(3, CLIENT + of.system_title + stoc + ctos)
    action = bytes.fromhex("C301C1000F0000280000FF010109") + length(len(signature)) + signature
    answer = one.answer(action)[0]
    assert answer[:6] == bytes.fromhex("C701C1000100")
    curve.verify(1, of.system_title + CLIENT + ctos + stoc, Reader(answer[7:]).octets())
    assert one.answer(LDN)[0].endswith(b"MGT0000012345678")


@pytest.mark.parametrize("suite", [1, 2])
@pytest.mark.parametrize("scheme", [1, 2])
def test_general_ciphering_with_an_agreed_key(suite: int, scheme: int) -> None:
    curve, of = Curve(suite), meter(f"dlms/secured-suite-{suite}")
    one, control = session(of, 24), 0x30 | suite
    first = sealed(0x21, 1, INITIATE, control=control, key=curve.ek, ak=curve.ak)
    assert one.answer(aarq(first))[0][0] == 0x61

    transaction = b"\x08" + bytes.fromhex("0123456789012345")
    header = transaction + b"\x08" + CLIENT + b"\x08" + of.system_title + b"\0\0"
    meter_agreement = curve.private(2).public_key()
    if scheme == 1:
        ephemeral = ec.generate_private_key(curve.curve)
        public = curve.raw(ephemeral.public_key())
        data = public + curve.sign(3, public)
        key = curve.kdf(ephemeral.exchange(ec.ECDH(), meter_agreement), CLIENT + of.system_title)
    else:
        data = b""
        key = curve.kdf(curve.private(4).exchange(ec.ECDH(), meter_agreement), CLIENT + transaction + of.system_title)
    info = bytes([1, 2, 1, scheme]) + length(len(data)) + data
    content = gcm.seal(key, curve.ak, CLIENT, control, 2, LDN, header)
    answer = one.answer(b"\xdd" + header + info + length(len(content)) + content)[0]

    reader = Reader(answer[1:])
    fields = [reader.octets() for _ in range(5)]
    assert fields[0] == transaction[1:]
    assert fields[1:3] == [of.system_title, CLIENT]
    assert reader.take(3) == bytes([1, 2, 1])
    assert reader.byte() == scheme
    data = reader.octets()
    back = b"".join(length(len(each)) + each for each in fields)
    if scheme == 1:
        public, signature = data[: 2 * curve.size], data[2 * curve.size :]
        curve.verify(1, public, signature)
        point = ec.EllipticCurvePublicKey.from_encoded_point(curve.curve, b"\x04" + public)
        key = curve.kdf(curve.private(4).exchange(ec.ECDH(), point), of.system_title + CLIENT)
    else:
        key = curve.kdf(curve.private(4).exchange(ec.ECDH(), meter_agreement), of.system_title + transaction + CLIENT)
    assert gcm.unseal(key, curve.ak, of.system_title, reader.octets(), back)[2].endswith(b"MGT0000012345678")
