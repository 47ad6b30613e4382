"""Associations against what real servers answer, written down octet by octet: the quirks of the facts page."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import pytest

from drivers.dlms import acse, services
from drivers.dlms.acse import Mechanism
from drivers.dlms.association import Association, AssociationRefused, AuthenticationFailed, Credentials
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.conformance import Conformance, Initiated, parse_initiate_response
from drivers.dlms.cosem import Attribute, Method
from drivers.dlms.refusals import CounterRejected, Refusal, ServiceRefused
from drivers.dlms.secret import Secret
from drivers.errors import KeyRejected, NotSupported
from drivers.reading import Obis

T = TypeVar("T")
CLOCK = Attribute(8, Obis(0, 0, 1, 0, 0), 2)
#: result 0, diagnostic 0, initiate response with conformance 00501F, PDU size 1024, vaa-name 7
INITIATE = bytes.fromhex("0800065f1f0400 00501f0400 0007".replace(" ", ""))


def played(steps: Generator[bytes, bytes, T], *answers: bytes) -> tuple[T, list[bytes]]:
    """What a generator returns when it is given ``answers``, and what it sent."""
    sent = [next(steps)]
    for answer in answers:
        try:
            sent.append(steps.send(answer))
        except StopIteration as finished:
            return finished.value, sent
    raise AssertionError(f"it wants more: {sent[-1].hex()}")


def aare(*fields: str, initiate: bytes = INITIATE) -> bytes:
    content = bytes.fromhex("".join(fields)) + b"\xbe" + bytes((len(initiate) + 2, 4, len(initiate))) + initiate
    return b"\x61" + bytes((len(content),)) + content


LN, ACCEPTED, NO_DIAGNOSTIC = "a109060760857405080101", "a203020100", "a305a103020100"


@pytest.mark.parametrize(
    "fields",
    [
        (LN, ACCEPTED, NO_DIAGNOSTIC),
        ("80020780", LN, ACCEPTED, NO_DIAGNOSTIC),  # an explicit protocol version
        ("a109060760857405080103", ACCEPTED, NO_DIAGNOSTIC),  # the ciphered context of an unciphered association
        (ACCEPTED, LN),  # another order, no diagnostic
    ],
)
def test_what_is_accepted(fields: tuple[str, ...]) -> None:
    association = Association()
    _, [request] = played(association.associate(), aare(*fields))
    assert association.agreed == Initiated(Conformance(0x00501F), 1024, 7)
    assert request.hex().startswith("601d" + LN)
    assert request.hex().endswith("ffff")


def test_an_aare_without_user_information() -> None:
    association = Association()
    played(association.associate(), bytes.fromhex("6117" + LN + ACCEPTED + NO_DIAGNOSTIC))
    assert association.open


@pytest.mark.parametrize(
    ("fields", "for_now", "words"),
    [
        (("a203020101", "a305a10302010b"), False, "mechanism is not recognised"),
        (("a203020102", NO_DIAGNOSTIC), True, "for now"),
        (("a203020101", "a305a203020102"), False, "ACSE provider"),
    ],
)
def test_what_is_refused(fields: tuple[str, ...], for_now: bool, words: str) -> None:
    with pytest.raises(AssociationRefused, match=words) as error:
        played(Association().associate(), aare(LN, *fields))
    assert error.value.for_now is for_now
    assert error.value.do


def test_a_wrong_password_is_a_rejected_key() -> None:
    credentials = Credentials(Mechanism.LLS, Secret(b"12345678"))
    with pytest.raises(AuthenticationFailed, match="authentication failed") as error:
        played(Association(credentials=credentials).associate(), aare(LN, "a203020101", "a305a10302010d"))
    assert "12345678" not in str(error.value) + repr(credentials)


def test_hls_whose_aare_names_no_mechanism() -> None:
    """Diagnostic 0 and no mechanism name, but a challenge: passes 3 and 4 follow."""
    association = Association(credentials=Credentials(Mechanism.HLS_MD5, Secret(b"secret")))
    steps = association.associate()
    next(steps)
    third = steps.send(aare(LN, ACCEPTED, NO_DIAGNOSTIC, "aa0a8008", "4142434445464748"))
    assert third[:1] == b"\xc3"
    with pytest.raises(AuthenticationFailed, match="does not know the secret"):
        steps.send(bytes.fromhex("c701") + third[2:3] + bytes.fromhex("000100") + b"\x09\x10" + bytes(16))


def test_hls_without_a_challenge_is_no_authentication() -> None:
    association = Association(credentials=Credentials(Mechanism.HLS_MD5, Secret(b"secret")))
    with pytest.raises(AuthenticationFailed, match="without a challenge"):
        played(association.associate(), aare(LN, ACCEPTED, NO_DIAGNOSTIC))


@pytest.mark.parametrize("rlre", ["6300", "6303800100", "6311", "63"])
def test_a_release_that_is_answered_badly(rlre: str) -> None:
    association = _open()
    played(association.release(), bytes.fromhex(rlre))
    assert not association.open


def test_a_release_of_what_is_not_open_sends_nothing() -> None:
    with pytest.raises(StopIteration):
        next(Association().release())


def _open(**more: int) -> Association:
    return Association(agreed=Initiated(Conformance(0x00FE1F), more.get("pdu", 0), 7), open=True)


def _invoke(request: bytes) -> bytes:
    return request[2:3]


def test_an_answer_to_another_request_is_passed_over() -> None:
    steps = services.get(_open(), CLOCK)
    request = next(steps)
    stale = bytes((0xC4, 1, request[2] - 1, 0, 0x11, 9))
    assert steps.send(stale) == b""
    with pytest.raises(StopIteration) as finished:
        steps.send(b"\xc4\x01" + _invoke(request) + b"\x00\x11\x07")
    assert finished.value.value == b"\x11\x07"


def test_a_notification_in_between_is_kept() -> None:
    association = _open()
    steps = services.get(association, CLOCK)
    request = next(steps)
    notification = bytes.fromhex("0f000000010000")
    assert steps.send(notification) == b""
    with pytest.raises(StopIteration):
        steps.send(b"\xc4\x01" + _invoke(request) + b"\x01\x03")
    assert association.unasked == [notification]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ("d80101", ServiceRefused, "operation not possible"),
        ("d80202", NotSupported, "service unknown"),
        ("d80105", KeyRejected, "cannot decipher"),
        ("d80106000000ff", CounterRejected, "at least 255"),
        ("0e010502", ServiceRefused, "access"),
    ],
)
def test_exception_responses_and_service_errors(answer: str, kind: type[Exception], words: str) -> None:
    steps = services.get(_open(), CLOCK)
    next(steps)
    with pytest.raises(kind, match=words):
        steps.send(bytes.fromhex(answer))


def test_a_refused_object_is_a_value() -> None:
    steps = services.get(_open(), CLOCK)
    request = next(steps)
    with pytest.raises(StopIteration) as finished:
        steps.send(b"\xc4\x01" + _invoke(request) + b"\x01\x03")
    assert finished.value.value == Refusal(3)
    assert finished.value.value.what == "read write denied"
    assert Refusal(77).what == "result 77"


def test_a_list_answered_in_blocks() -> None:
    steps = services.get_many(_open(), [(CLOCK, None), (CLOCK, None)])
    request = next(steps)
    head = b"\xc4\x02" + _invoke(request)
    following = steps.send(head + bytes.fromhex("00 00000001 00 03 020011".replace(" ", "")))
    assert following == b"\xc0\x02" + _invoke(request) + bytes(3) + b"\x01"
    with pytest.raises(StopIteration) as finished:
        steps.send(head + bytes.fromhex("01 00000002 00 03 070104".replace(" ", "")))
    assert finished.value.value == [b"\x11\x07", Refusal(4)]


def test_a_block_out_of_turn_is_damage() -> None:
    steps = services.get(_open(), CLOCK)
    request = next(steps)
    with pytest.raises(Damaged, match="block 2 where 1 was awaited"):
        steps.send(b"\xc4\x02" + _invoke(request) + bytes.fromhex("01 00000002 00 01 11".replace(" ", "")))


def test_a_long_set_goes_in_blocks_that_fit() -> None:
    association = _open(pdu=64)
    steps = services.put(association, Attribute(1, Obis(0, 0, 96, 3, 1), 2), b"\x09\x81\xc8" + bytes(200))
    request = next(steps)
    got, number = b"", 0
    while True:
        assert len(request) <= 64
        number += 1
        last = request[13] if request[1] == 2 else request[3]
        got += request[request.index(number.to_bytes(4, "big")) + 5 :]
        if last:
            break
        request = steps.send(b"\xc5\x02" + _invoke(request) + number.to_bytes(4, "big"))
    assert got == b"\x09\x81\xc8" + bytes(200)
    with pytest.raises(StopIteration) as finished:
        steps.send(b"\xc5\x03" + _invoke(request) + b"\x00" + number.to_bytes(4, "big"))
    assert finished.value.value is None


def test_a_list_is_asked_in_as_few_apdus_as_the_pdu_size_allows() -> None:
    wanted = [(Attribute(3, Obis(1, 0, n, 8, 0), 2), None) for n in range(40)]
    association = _open(pdu=200)
    steps = services.get_many(association, wanted)
    request = next(steps)
    asked = [request]
    found: list[object] = []
    while not found:
        assert len(asked[-1]) <= 200
        head = b"\xc4\x03" + asked[-1][2:4]
        try:
            asked.append(steps.send(head + b"\x00\x11\x01" * asked[-1][3]))
        except StopIteration as finished:
            found = finished.value
    assert found == [b"\x11\x01"] * 40
    assert len(asked) == 3  # 19 descriptors of 10 octets fit 196


def test_an_action_with_and_without_a_return_value() -> None:
    method = Method(70, Obis(0, 0, 96, 3, 10), 1)
    for answer, value in (
        ("00", None),
        ("0000", None),
        ("00010011 05".replace(" ", ""), b"\x11\x05"),
        ("0c00", Refusal(12)),
    ):
        steps = services.act(_open(), method, b"\x0f\x00")
        request = next(steps)
        with pytest.raises(StopIteration) as finished:
            steps.send(b"\xc7\x01" + _invoke(request) + bytes.fromhex(answer))
        assert finished.value.value == value


def test_initiate_responses_of_older_devices() -> None:
    assert parse_initiate_response(bytes.fromhex("0800065f0400007c1f04000007")).conformance == Conformance(0x007C1F)
    assert parse_initiate_response(bytes.fromhex("080100065f1f040000501f0400fa00")).vaa_name == 0xFA00


def test_rlrq_and_aarq_as_the_green_book_has_them() -> None:
    assert acse.rlrq().hex() == "6203800100"
    lls = acse.aarq(
        1, bytes.fromhex("01000000065f1f0400007e1f04b0"), mechanism=Mechanism.LLS, authentication=b"12345678"
    )
    assert lls.hex() == (
        "6036a1090607608574050801018a0207808b0760857405080201ac0a80083132333435363738be10040e01000000065f1f0400007e1f04b0"
    )
