"""docs/operating.md: its reference is that of the models, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import command
from gateway.cli.verbs import VERBS
from gateway.config import page


def test_the_reference_is_that_of_the_models() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.page(text) == text, "run make pages"


def test_a_page_without_the_marks_is_told() -> None:
    with pytest.raises(ValueError, match="there is no"):
        page.page("# a page\n")


def test_every_verb_it_names_is_there() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"metergate ([a-z]+)\b(?!\.)", "\n".join(re.findall(r"`[^`]+`|^    .*", text, re.M))))
    assert {"status", "outbox", "replay", "check"} <= named
    assert named <= set(VERBS), named - set(VERBS)
    for verb in named:
        assert CliRunner().invoke(command, [verb, "--help"]).exit_code == 0


def test_every_metric_is_in_it(repository: Path) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    source = (repository / "gateway/metrics.py").read_text()
    for kind, name in re.findall(r'(Counter|Gauge)MetricFamily\(\s*"(\w+)"', source):
        assert f"`{name}{'_total' if kind == 'Counter' else ''}`" in text


def test_the_tests_it_points_to_are_there(repository: Path) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"`(tests/[\w/]+\.py)`", text):
        assert (repository / name).is_file(), name
