"""OBIS codes are read and written without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.reading import Obis

groups = st.integers(0, 255)


@given(st.tuples(groups, groups, groups, groups, groups, groups))
def test_text_and_bytes_round_trip(code: tuple[int, int, int, int, int, int]) -> None:
    obis = Obis(*code)
    assert Obis.parse(str(obis)) == obis == Obis.from_bytes(bytes(obis))


def test_spellings() -> None:
    expected = Obis(1, 0, 1, 8, 0, 255)
    assert {Obis.parse(text) for text in ("1-0:1.8.0*255", "1-0:1.8.0", "1.0.1.8.0.255", "1-0:1.8.0.255")} == {expected}
    assert Obis.parse("1-0:1.8.0&04").f == 4


@pytest.mark.parametrize("text", ["", "1.8.0", "1-0:1.8", "1-0:1.8.0*256", "300-0:1.8.0", "1-0:1.8.0*255x"])
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match="OBIS|value group"):
        Obis.parse(text)
