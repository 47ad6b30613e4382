"""A counter that may fall is not doubted for falling; every other is. What may fall is known by its code."""

from __future__ import annotations

import pytest

from drivers.reading import Obis
from gateway.acquisition.validation import counts_up
from gateway.cim.obis_words import describe
from gateway.device_map import find, names


@pytest.mark.parametrize("name", names())
def test_a_net_counter_of_a_map_may_fall_and_any_other_may_not(name: str) -> None:
    codes = [Obis.parse(row["obis"]) for table in find(name).sections.values() for row in table.rows() if row["obis"]]
    for obis in codes:
        if obis.d == 8:
            assert counts_up(obis) is ("net" not in describe(obis)), describe(obis)
