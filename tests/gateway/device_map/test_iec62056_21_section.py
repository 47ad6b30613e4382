"""The maps of IEC 62056-21: enough of them, each known by its own identification, and what contradicts itself refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.iec62056_21.meter_map import Library, MeterMap
from gateway.device_map import MapError, find, load_text, meter_map, names
from gateway.device_map.iec62056_21 import Test

OURS = [name for name in names() if "iec62056_21" in find(name).parts]


def test_there_are_maps_of_real_meters() -> None:
    assert len(OURS) >= 8


@pytest.mark.parametrize("name", OURS)
def test_a_meter_is_known_by_its_identification_and_by_no_other_map(name: str) -> None:
    library = meter_map("iec62056-21")
    assert isinstance(library, Library)
    for vector in find(name).tests:
        assert isinstance(vector.table, Test)
        assert library.of(vector.table.identification).name == name
        assert [known.name for known in library.maps if known.knows(vector.table.identification)] == [name]


def test_a_meter_without_a_map_is_taken_as_the_standard_has_it() -> None:
    library = meter_map("iec62056-21")
    assert isinstance(library, Library)
    assert library.of("/XYZ5unheard-of") == MeterMap()


SOUND = """
[meter]
manufacturer = "m"
models = ["x"]
[identification]
identification_message = "^XYZ"
[evidence]
level = "decoded"
sources = [{ name = "s" }]
[iec62056_21]
modes = ["C"]
"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('profiles = ["power"]', "'power' is no address of a load profile"),
        ('logs = [{ address = "P.98", table = "iec62056-21.p99" }]', "events.toml has no table"),
        ("wake_up = true", "say battery = true as well"),
        ('stamp = "hhmm"', "stamp"),
        ('read = "W1"', "read"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_line(line: str, said: str) -> None:
    with pytest.raises(MapError, match=said):
        load_text(f"{SOUND}{line}\n", Path("x.toml"), "m/x")
    assert load_text(SOUND, Path("x.toml"), "m/x").part("iec62056_21") is not None


def test_without_an_identification_it_could_never_be_known() -> None:
    with pytest.raises(MapError, match="identification_message"):
        load_text(SOUND.replace('identification_message = "^XYZ"', ""), Path("x.toml"), "m/x")


def test_a_vector_that_does_not_hold_says_what_is_wrong() -> None:
    vector = """
[[test]]
name = "wrong"
identification = "/XYZ5"
serial = "1"
block = "1.8.0(1.5*kWh)"
[test.expect]
"1-0:1.8.0" = 1.6
"1-0:2.8.0" = 1
"""
    from gateway.device_map.check import run_vectors

    told = "\n".join(run_vectors(load_text(SOUND + vector, Path("x.toml"), "m/x")))
    assert "1-0:1.8.0 should be 1.6 and is 1.5" in told
    assert "1-0:2.8.0 should be 1 and is not there" in told
    assert "the serial number should be 1 and is none" in told
