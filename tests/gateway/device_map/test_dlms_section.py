"""The maps of COSEM meters: enough of them, each found by what its vectors say, and what contradicts itself refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.dlms.meter_map import GENERAL, DlmsLibrary, DlmsMap
from gateway.device_map import MapError, find, load_text, meter_map, names
from gateway.device_map.dlms import Test, check
from gateway.device_map.sections import section_of

OURS = [name for name in names() if "dlms" in find(name).parts]


def test_there_are_maps_of_real_meters() -> None:
    assert len(OURS) >= 12
    assert {name.partition("/")[0] for name in OURS} >= {
        "kaifa",
        "kamstrup",
        "aidon",
        "landis-gyr",
        "iskraemeco",
        "sagemcom",
    }


@pytest.mark.parametrize("name", OURS)
def test_a_name_leads_to_one_map(name: str) -> None:
    library = meter_map("dlms+hdlc")
    assert isinstance(library, DlmsLibrary)
    for vector in find(name).tests:
        assert isinstance(vector.table, Test)
        if vector.table.logical_device_name:
            assert library.of(vector.table.logical_device_name).name == name


def test_a_meter_without_a_map_is_taken_as_it_says_itself() -> None:
    library = meter_map("dlms")
    assert isinstance(library, DlmsLibrary)
    assert library.of("XYZ0000000000000") == GENERAL
    assert section_of("dlms+udp") == "dlms"


SOUND = """
[meter]
manufacturer = "m"
models = ["x"]
[identification]
logical_device_name = "^XYZ"
[clock]
interval_stamp = "start"
[evidence]
level = "decoded"
sources = [{ name = "s" }]
[dlms]
events = "dlms.idis"
"""


def test_what_a_map_says_reaches_the_driver() -> None:
    more = 'logs = [{ obis = "0-0:99.98.0" }, { obis = "0-0:99.98.4", table = "dlms.dsmr4" }]\nnull_repeats = false\nwindow = 1\n'
    part = load_text(SOUND + more, Path("x.toml"), "m/x").part("dlms")
    assert isinstance(part, DlmsMap)
    assert part.stamp_is_start
    assert not part.null_repeats
    assert part.window == 1
    assert [log.table for log in part.logs] == ["dlms.idis", "dlms.dsmr4"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('logs = [{ obis = "0-0:99.98.0", table = "dlms.idas" }]', "events.toml has no table 'dlms.idas'"),
        ("window = 8", "window"),
        ('units = [{ obis = "1.8.0", unit = 30 }]', "units"),
        ('units = [{ obis = "1-0:1.8.0", unit = 300 }]', "unit"),
        ('profiles = [{ obis = "1-0:99.1.0", written = "zip" }]', "written"),
        (
            '[[dlms.push]]\nname = "a"\nelements = [{}]\n[[dlms.push]]\nname = "b"\nelements = [{}]',
            "another list has as many elements",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_line(line: str, said: str) -> None:
    with pytest.raises(MapError) as caught:
        load_text(SOUND + line, Path("x.toml"), "m/x")
    assert said in str(caught.value)
    assert "x.toml:" in str(caught.value)


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        ({"logical_device_name": "ABC"}, "does not know 'ABC'"),
        ({"push": "0F"}, "no value comes of the push"),
        ({"buffer": "0102"}, "no A-XDR"),
        ({"buffer": "0600000001"}, "no array of structures"),
        ({"buffer": "0100", "rows": [{"time": "2026-01-01T00:00:00+00:00", "values": []}]}, "1 rows should come of it"),
        ({}, "nothing to decode"),
    ],
)
def test_what_a_vector_does_not_hold_is_said(vector: dict[str, object], said: str) -> None:
    part = load_text(SOUND, Path("x.toml"), "m/x").part("dlms")
    (wrong,) = check(part, Test.model_validate({"name": "t", **vector}))
    assert said in wrong
