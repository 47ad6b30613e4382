"""The sections of meters that push: what a map says reaches the driver, and a meter that nobody named is known by its map."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from drivers.d0.quirks import D0Map
from drivers.driver import Context
from drivers.p1.quirks import P1Map
from drivers.p1.quirks import quirks as p1_quirks
from drivers.reading import Reading, Series
from drivers.registry import decoder
from drivers.sml.quirks import ShortPower, SmlMap
from drivers.sml.quirks import quirks as sml_quirks
from gateway.device_map import MapError, all_maps, load_text, meter_map
from hil import catalogue
from hil.push.text import TextMeter

HEAD = """
[meter]
manufacturer = "Maker"
models = ["Model"]
[identification]
{}
[evidence]
level = "decoded"
sources = [{{ name = "a test" }}]
"""
PUSH = ("p1", "d0", "sml")


def one(section: str, identification: str) -> Any:
    text = HEAD.format(identification) + section
    return load_text(text, Path("x.toml"), "maker/model")


def test_at_least_eight_meters_of_these_families_each_with_a_vector() -> None:
    found = [known for known in all_maps() if set(known.parts) & set(PUSH)]
    assert len(found) >= 8
    assert all(known.tests for known in found)


@pytest.mark.parametrize("section", PUSH)
def test_a_map_that_knows_its_meter_by_nothing_is_refused(section: str) -> None:
    with pytest.raises(MapError, match="the meter is known by it"):
        one(f"[{section}]", "")


def test_what_a_map_says_reaches_the_driver() -> None:
    p1 = one('[p1]\ncheck = "x25"\nmonth_columns = ["1-0:1.8.0"]', "identification_message = '^ABC'").part("p1")
    assert isinstance(p1, P1Map)
    assert (p1.quirks.check, len(p1.quirks.month_columns)) == ("x25", 1)
    d0 = one('[d0]\nenergy_unit = "kWh"', "identification_message = '^ABC'").part("d0")
    assert isinstance(d0, D0Map)
    assert d0.quirks.energy_unit == "kWh"
    sml = one('[sml]\nshort_power = "signed is unsigned"', "server_id = '^0A'").part("sml")
    assert isinstance(sml, SmlMap)
    assert sml.quirks.short_power is ShortPower.SIGNED_IS_UNSIGNED


def test_a_meter_that_nobody_named_is_known_by_its_map() -> None:
    library = meter_map("p1")
    assert p1_quirks("HOL5DTSD545-METER", library).check == "x25"
    assert p1_quirks("ISK5\\2M550T-1015", library).check == "arc"
    library = meter_map("sml")
    assert sml_quirks(bytes.fromhex("0A01484C5902000A1144"), library).direction_in_status
    assert sml_quirks(bytes.fromhex("0A01445A470002B3C1D2"), library).short_power is ShortPower.SIGNED_IS_UNSIGNED
    # A newer one of the same maker, and the edges of the ranges.
    assert sml_quirks(bytes.fromhex("0A01445A47000393870B"), library).short_power is ShortPower.AS_SENT
    for number, old in (
        (41_999_999, False),
        (42_000_000, True),
        (48_999_999, True),
        (49_000_000, False),
        (55_000_000, True),
    ):
        server = bytes.fromhex("0A01445A4700") + number.to_bytes(4, "big")
        assert (sml_quirks(server, library).short_power is ShortPower.SIGNED_IS_UNSIGNED) is old


def test_columns_that_a_telegram_does_not_tell_are_named_by_the_map() -> None:
    telegram = TextMeter(tomllib.loads(catalogue.data_file("p1/hu").read_text())).telegram(0)
    names = '["1-0:1.8.0", "1-0:1.8.1", "1-0:1.8.2", "1-0:2.8.0", "1-0:1.6.0", "1-0:2.6.0"]'
    known = one(f'[p1]\ncheck = "x25"\nmonth_columns = {names}', "identification_message = '^HOL5'").part("p1")
    records = list(decoder("p1").decode(telegram, "x", Context(meter_map=known)))
    assert all(record.checked for record in records if isinstance(record, Reading))
    (month,) = (record for record in records if isinstance(record, Series))
    assert [str(column.obis)[:-4] for column in month.columns][-2:] == ["1-0:1.6.0", "1-0:2.6.0"]
