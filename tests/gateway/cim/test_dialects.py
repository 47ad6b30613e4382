"""Dialects are overrides on the same rules, by name or from a file of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import UsageError
from drivers.reading import Obis
from gateway.cim.obis_rules import Rules


@pytest.mark.parametrize(
    ("dialect", "obis", "unit", "name"),
    [
        ("rates-as-summation", "1-0:1.8.2", "kWh", "0.0.0.9.1.1.12.0.0.0.0.2.0.0.0.3.72.0"),
        ("rates-as-summation", "1-0:1.8.0", "kWh", "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        ("indicating", "1-0:1.7.0", "kW", "0.0.0.6.1.1.37.0.0.0.0.0.0.0.0.3.38.0"),
        ("indicating", "1-0:32.7.0", "V", "0.0.0.6.0.1.158.0.0.0.0.0.0.0.129.0.29.0"),
        ("indicating", "1-0:3.8.0", "kvarh", "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.73.0"),
        ("indicating", "1-0:64.8.0", "kvarh", "0.0.0.1.19.1.12.0.0.0.0.0.0.0.32.3.73.0"),
        ("sum-of-phases", "1-0:1.8.0", "kWh", "0.26.0.1.1.1.12.0.0.0.0.0.0.0.224.3.72.0"),
        ("sum-of-phases", "1-0:1.8.2", "kWh", "0.26.0.1.1.1.12.0.0.0.0.2.0.1.224.3.72.0"),
        ("sum-of-phases", "1-0:1.9.0", "kWh", "32.0.0.9.1.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        ("sum-of-phases", "1-0:21.8.0", "kWh", "0.0.0.1.1.1.12.0.0.0.0.0.0.0.128.3.72.0"),
    ],
)
def test_named_dialects(dialect: str, obis: str, unit: str, name: str) -> None:
    assert str(Rules.load(dialect).reading_type(Obis.parse(obis), unit)) == name


def test_rates_as_summation_leaves_time_integral_2_unmapped() -> None:
    result = Rules.load("rates-as-summation").reading_type(Obis.parse("1-0:1.9.0"), "kWh")
    assert "rates-as-summation" in getattr(result, "reason", "")


def test_a_file_of_ones_own_builds_on_a_named_dialect(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(
        '[dialect.ours]\nbased_on = "indicating"\n'
        '[[dialect.ours.override]]\nid = "import is total"\nwhen = { c = [1, "21-21"], d = 8 }\nset = { flowDirection = 20 }\n'
    )
    rules = Rules.load(str(file))
    assert rules.dialect == "ours"
    assert str(rules.reading_type(Obis.parse("1-0:1.8.0"), "kWh")).startswith("0.0.0.1.20.1.12.")
    assert str(rules.reading_type(Obis.parse("1-0:1.7.0"), "kW")).startswith("0.0.0.6.1.1.37.")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[dialect.x]\n[[dialect.x.override]]\nid = 'a'\nset = { flow = 1 }\n", "'flow' is no field"),
        ("[dialect.x]\n[[dialect.x.override]]\nid = 'a'\nset = { unit = true }\n", "no integer"),
        ("[dialect.x]\n[[dialect.x.override]]\nid = 'a'\nwhen = { g = 1 }\nset = {}\n", "cannot ask for g"),
        ("[dialect.x]\n[[dialect.x.override]]\nid = 'a'\nwhen = { a = '1..2' }\nset = {}\n", "no number, range"),
        ("[dialect.x]\n[[dialect.x.override]]\nid = 'a'\nwhen = {}\n", "either set or unmapped"),
        ("[dialect.x]\nbased_on = 'nobody'\n", "no dialect 'nobody'"),
        ("[dialect.x]\nbased_on = 'own.toml'\n", "based_on"),
        ("[units]\n", "holds one"),
        ("[", "no TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=what):
        Rules.load(str(file))


def test_a_dialect_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UsageError, match="rates-as-summation"):
        Rules.load("nobody")
    with pytest.raises(UsageError, match="cannot read"):
        Rules.load("/nowhere/own.toml")
