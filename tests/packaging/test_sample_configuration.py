"""The configuration that ships is good, as it is and with everything in it switched on."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from gateway.cli import command
from gateway.config.load import load

SAMPLE = "packaging/metergate.toml"


def test_as_it_ships(repository: Path) -> None:
    done = CliRunner().invoke(command, ["check", "-c", str(repository / SAMPLE)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.output.endswith("good; 0 meters on 0 links, 1 sinks\n")


def test_with_everything_switched_on(repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "metergate.toml"
    file.write_text(re.sub(r"(?m)^#(?=[\w\[])", "", (repository / SAMPLE).read_text()))
    config = load(file).config
    assert len(config.meter) == 3
    assert {sink.type for sink in config.sink} == {"directory", "http", "mqtt"}
    assert config.gateway.metrics is not None
