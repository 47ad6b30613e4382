"""Every capture of a readout: decoded whole, no value lost, what each gives in a list."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.driver import Context
from drivers.iec62056_21.decode import decode, recognises
from drivers.reading import Doubt, Meter, NotUnderstood, Reading, Record, Text

AT = datetime(2026, 11, 24, tzinfo=UTC)
CONTEXT = Context(now=lambda: AT)

#: file -> readings, texts, things not understood, and whether the values are checked.
GIVEN = {
    "els_as_meter_live_block_bcc3d.txt": (14, 0, 0, True),
    "elster_as1440_ack.txt": (2, 3, 0, False),
    "heat_lguht550_dummy_utf8.txt": (20, 46, 0, False),
    "heat_lugcuh50_dummy_utf8.txt": (20, 46, 1, False),
    "heat_lugcuh50_dummy_utf8_kwh.txt": (20, 46, 2, False),
    "iskra_mt174_modeC_full_history.txt": (225, 118, 0, True),
    "itron_ace3000_260.txt": (2, 3, 0, False),
    "itron_ace3000_garbled_unit.txt": (1, 3, 2, False),
    "landis_e350_zmf100_m27.txt": (17, 6, 0, False),
}


def read(file: Path) -> list[Record]:
    return list(decode(file.read_bytes(), file.name, CONTEXT))


@pytest.mark.parametrize("name", GIVEN)
def test_what_a_capture_gives(captures: Path, name: str) -> None:
    records = read(captures / "iec62056_21" / name)
    kinds = Counter(type(record) for record in records)
    checked = all(record.checked for record in records if isinstance(record, Reading | Text))
    assert (kinds[Reading], kinds[Text], kinds[NotUnderstood], checked) == GIVEN[name]
    assert kinds[Meter] == 1


def test_the_list_has_every_capture(captures: Path) -> None:
    assert {file.name for file in (captures / "iec62056_21").iterdir()} == set(GIVEN)


@pytest.mark.parametrize("name", GIVEN)
def test_no_bracketed_value_is_lost(captures: Path, name: str) -> None:
    """Each value is a reading's number or time, a text, or said not to be understood: all are in some raw text."""
    data = (captures / "iec62056_21" / name).read_bytes()
    assert recognises(data)
    wanted = Counter(re.findall(r"\(([^()]*)\)", data.decode("ascii", "replace")))
    records = read(captures / "iec62056_21" / name)
    raws = [record.raw for record in records if isinstance(record, Reading | Text)]
    raws += [record.raw for record in records if isinstance(record, NotUnderstood) and "[" not in record.raw]
    found = Counter(value for raw in raws for value in re.findall(r"\(([^()]*)\)", raw))
    assert found == wanted


def test_values_that_peers_assert(captures: Path) -> None:
    """What the projects that published these captures expect of them (INDEX.csv, column expected)."""

    def values(name: str) -> dict[str, str]:
        records = read(captures / "iec62056_21" / name)
        return {str(record.obis): f"{record.value} {record.unit}" for record in records if isinstance(record, Reading)}

    heat = values("heat_lguht550_dummy_utf8.txt")
    assert (heat["6-0:1.0.0*255"], heat["6-0:2.0.0*255"]) == ("326.062 MWh", "7939.56 m3")
    assert (heat["6-0:1.0.0*1"], heat["6-0:2.0.0*1"]) == ("323.272 MWh", "7843.48 m3")
    assert heat["6-0:6.6.0*255"] == "28.0 kW"
    assert heat["6-0:6.33.0*255"] == "0.840 m3/h"
    assert values("elster_as1440_ack.txt")["1-0:1.8.0*255"] == "285.4 kWh"
    (meter, *_) = read(captures / "iec62056_21" / "heat_lguht550_dummy_utf8.txt")
    assert isinstance(meter, Meter)
    assert meter.serial == "66935074"


def test_a_wrong_check_character_makes_everything_suspect(captures: Path) -> None:
    records = read(captures / "iec62056_21" / "itron_ace3000_garbled_unit.txt")
    doubted = [record for record in records if isinstance(record, Reading | Text)]
    assert doubted
    assert all(record.doubts == (Doubt.SUSPECT,) and not record.checked for record in doubted)
    assert any(
        isinstance(record, NotUnderstood) and "4d calculated, 46 received" in record.reason for record in records
    )
