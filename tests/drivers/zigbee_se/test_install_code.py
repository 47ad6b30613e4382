"""Install codes of every length, with their check and in QR texts; and the link key that they make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import UsageError
from drivers.zigbee_se.install_code import LENGTHS, InstallCode, crc, eui64

#: Base Device Behavior specification, 10.1.
CODE, CHECK = "83FED3407A939723A5C639B26916D505", "C3B5"
KEY = "66b6900981e1ee3ca4206b6b861c02bb"


def test_the_example_of_the_specification() -> None:
    assert InstallCode.parse(CODE + CHECK).link_key.hex() == KEY


@pytest.mark.parametrize(
    "text",
    [
        "83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5",
        "83-fe-d3-40-7a-93-97-23-a5-c6-39-b2-69-16-d5-05-c3-b5",
        f"G$M:MAKER$S:1234$D:00$Z:0022080000000001$I:{CODE}{CHECK}%G",
        f"Z:0022080000000001$I:{CODE}{CHECK}",
        f"0022080000000001|{CODE}{CHECK}",
    ],
)
def test_printed_and_scanned_texts(text: str) -> None:
    found = InstallCode.parse(text)
    assert found.link_key.hex() == KEY
    assert found.eui64 == (bytes.fromhex("0022080000000001") if "0022" in text else None)


@given(st.sampled_from(LENGTHS).flatmap(lambda size: st.binary(min_size=size, max_size=size)), st.data())
def test_every_length_is_read_and_no_wrong_digit_is(code: bytes, data: st.DataObject) -> None:
    whole = code + crc(code)
    assert InstallCode.parse(whole.hex()).code == code
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    wrong = bytearray(whole)
    wrong[bit // 8] ^= 1 << bit % 8
    with pytest.raises(UsageError, match="a digit is wrong"):
        InstallCode.parse(bytes(wrong).hex())


@pytest.mark.parametrize("text", ["", "83FE", "no code", CODE, CODE + CHECK + "00"])
def test_what_is_no_code_is_said_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        InstallCode.parse(text)
    assert not text or text not in str(refused.value)


def test_a_code_is_not_shown() -> None:
    code = InstallCode.parse(CODE + CHECK)
    assert CODE.lower() not in repr(code).lower()
    assert repr(bytes.fromhex(CODE)) not in repr(code)


def test_an_eui64_is_read_as_printed() -> None:
    assert eui64("00:22:08:00:00:00:00:01") == bytes.fromhex("0022080000000001")
    with pytest.raises(UsageError):
        eui64("00:22")
