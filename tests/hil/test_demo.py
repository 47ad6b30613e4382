"""The demo does what the README's first screen says, to the letter."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

pytestmark = [pytest.mark.paced, pytest.mark.slow]


def comparable(text: str) -> list[str]:
    """Lines without what differs from run to run: the pty, the seconds, which meter is heard of first."""
    text = re.sub(r"/dev/pts/\d+", "/dev/pts/N", text)
    text = re.sub(r"\d+\.\d s\b", "N s", text)
    lines = [line.rstrip() for line in text.strip().splitlines()]
    heard = [number for number, line in enumerate(lines) if line.startswith("head end: ")]
    for number, line in zip(heard, sorted(lines[number] for number in heard), strict=True):
        lines[number] = line
    return lines


def test_the_demo_prints_what_the_readme_shows_and_writes_a_valid_message(
    repository: Path, oracle: Callable[[str], etree.XMLSchema]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hil.demo"],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=119,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    shown = re.search(
        r"<!-- demo -->\n```\n(.*?)```\n<!-- /demo -->", (repository / "README.md").read_text(), re.DOTALL
    )
    assert shown is not None
    assert comparable(shown[1]) == comparable(done.stdout)
    message = etree.parse(repository / "demo-out" / "MeterReadings.xml")
    oracle("MeterReadings").assertValid(message)
