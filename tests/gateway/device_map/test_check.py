"""What `metergate map check` finds: faults of the file, vectors that do not hold, sections that nothing shows to decode."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.device_map.check import check, check_all


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "example").mkdir()
    (tmp_path / "probes").mkdir()
    return tmp_path


def test_a_vector_that_does_not_hold_is_told_with_its_line(example: str, good: str, folder: Path) -> None:
    file = folder / "example" / "e1.toml"
    file.write_text(good)
    assert check("example/e1", folder).problems == ()
    assert check("example/e1", folder).vectors == 1
    file.write_text(good.replace('sent = "00"', 'sent = "01"'))
    assert check("e1", folder).problems == (f"{file}:16: test 'one': sent 01, expected 00",)


def test_a_section_without_a_vector_is_a_fault(example: str, good: str, folder: Path) -> None:
    file = folder / "example" / "e1.toml"
    file.write_text(good.partition("[[test]]")[0])
    (problem,) = check(str(file)).problems
    assert "has no [[test]]" in problem


def test_a_name_that_is_none_says_which_is_nearest(example: str, good: str, folder: Path) -> None:
    (folder / "example" / "e1.toml").write_text(good)
    (problem,) = check("example/e2", folder).problems
    assert "did you mean example/e1?" in problem


def test_all_is_maps_probes_and_rules(example: str, good: str, folder: Path) -> None:
    (folder / "example" / "e1.toml").write_text(good)
    (folder / "probes" / "bad.toml").write_text("what = 1\n")
    found = {checked.name: checked.problems for checked in check_all(folder)}
    assert [*found] == ["example/e1", "probes", "obis.toml", "events.toml"]
    missing, wrong = found["probes"]
    assert "bad.toml:1: source: is missing" in missing
    assert "bad.toml:1: what: input should be a valid string" in wrong
    assert not any(found[name] for name in ("example/e1", "obis.toml", "events.toml"))
