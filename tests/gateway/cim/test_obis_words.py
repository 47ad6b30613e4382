"""An OBIS code in a few words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.reading import Obis
from gateway.cim.obis_words import describe


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1-0:1.8.0", "active energy import"),
        ("1-0:2.8.2", "active energy export, rate 2"),
        ("1-0:21.7.0", "active power import, L1, instantaneous"),
        ("1-0:40.8.0", "active energy quadrant IV, L1"),
        ("1-0:41.7.0", "active power import, L2, instantaneous"),
        ("1-0:80.8.0", "active energy quadrant IV, L3"),
        ("1-0:72.7.0", "voltage, L3, instantaneous"),
        ("1-0:32.7.5", "voltage, L1, instantaneous, harmonic 5"),
        ("1-0:1.6.0*3", "active power import, maximum, stored value 3"),
        ("1-0:1.29.0", "active energy import, in the capture period"),
        ("1-0:125.7.0", "voltage L2-L3, instantaneous"),
        ("1-0:32.32.0", "voltage, L1, number of sags"),
        ("1-0:96.1.0", "device identifier"),
        ("0-0:1.0.0", "clock"),
        ("0-0:97.98.11", "alarm filter"),
        ("0-2:24.2.1", "M-Bus device value, channel 2"),
        ("7-0:3.0.0", "gas volume"),
        ("8-0:1.0.0", "cold water volume"),
        ("1-0:200.8.0", "electricity, not named in the tables"),
        ("99-0:1.0.0", "unknown medium"),
    ],
)
def test_words(code: str, words: str) -> None:
    assert describe(Obis.parse(code)) == words


@given(st.tuples(*[st.integers(0, 255)] * 6))
def test_every_code_has_words(groups: tuple[int, ...]) -> None:
    words = describe(Obis(*groups))
    assert words
    assert "{}" not in words
