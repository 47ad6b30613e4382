"""A configuration is checked as a whole: every error at once, with its file, line, key and the nearest right name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config.load import ConfigError, load

GOOD = """
[gateway]
name = "station-7"
state = "state"
zone = "Europe/Berlin"

[[meter]]
name = "main"
url = "iec62056-21:/dev/ttyUSB0?address=1"
serial = "40817733"

[[meter.read]]
every = "15min"

[[meter.read]]
what = "profile"
profile = "1-0:99.1.0"
every = "1d"
offset = "10min"

[[sink]]
type = "directory"
name = "files"
path = "out"
"""


def written(folder: Path, text: str, **devices: str) -> Path:
    file = folder / "metergate.toml"
    file.write_text(text)
    for name, content in devices.items():
        (folder / "devices.d").mkdir(exist_ok=True)
        (folder / "devices.d" / f"{name}.toml").write_text(content)
    return file


def problems(file: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(file)
    return [line.removeprefix(f"{file.parent}/") for line in caught.value.problems]


def test_a_good_one(tmp_path: Path) -> None:
    configured = load(written(tmp_path, GOOD))
    (meter,) = configured.config.meter
    assert [read.every for read in meter.read] == [timedelta(minutes=15), timedelta(days=1)]
    assert str(meter.url) == "iec62056-21:/dev/ttyUSB0?address=1"
    assert configured.files == (tmp_path / "metergate.toml",)


def test_meters_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    more = '[[meter]]\nname = "second"\nurl = "iec62056-21:/dev/ttyUSB1"\n'
    configured = load(written(tmp_path, GOOD, second=more))
    assert [meter.name for meter in configured.config.meter] == ["main", "second"]


def test_everything_that_is_wrong_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace('zone = "Europe/Berlin"', 'zone = "Europe/Berlinn"\njiter = "5s"')
    text = text.replace('every = "15min"', 'every = "7min"').replace("iec62056-21:/dev", "iec62056-12:/dev")
    said = problems(written(tmp_path, text))
    assert any(line.startswith("metergate.toml:5: gateway.zone: 'Europe/Berlinn' is no time zone") for line in said)
    assert any(line.startswith("metergate.toml:6: gateway.jiter: no such key; did you mean 'jitter'?") for line in said)
    assert any("neither divides a day" in line for line in said)


def test_a_wrong_head_does_not_hide_wrong_meters_nor_one_meter_another(tmp_path: Path) -> None:
    text = GOOD.replace("[gateway]", '[gateway]\njiter = "5s"') + '\n[[meter]]\nname = "main"\nurl = "dlms:/dev/x"\n'
    text += (
        '[[meter]]\nname = "third"\nurl = "x"\n[[meter]]\nname = "fourth"\nurl = "dlms:/dev/y"\nmap = "eastron/sdm12"\n'
    )
    said = "\n".join(problems(written(tmp_path, text)))
    for words in ("'jitter'", "another meter has this name", "'x' is no meter URL", "no device map 'eastron/sdm12'"):
        assert words in said


@pytest.mark.parametrize(
    ("wrong", "right", "line", "words"),
    [
        ("iec62056-21:/dev", "iec62056-12:/dev", 9, "did you mean 'iec62056-21'?"),
        ("iec62056-21:/dev/ttyUSB0?address=1", "/dev/ttyUSB0", 9, "say what speaks there"),
        ("iec62056-21:/dev/ttyUSB0?address=1", "iec62056-21:/dev/x?password=1", 9, "secret"),
        ('serial = "40817733"', 'map = "emh/lzqq"', 10, "there is no device map"),
        ('what = "profile"\nprofile = "1-0:99.1.0"', 'what = "profile"', 15, "which load profile"),
        ('type = "directory"', 'type = "kafka"', 21, "http"),
        ('every = "15min"', 'every = "15 minutes"', 13, "no duration"),
        ('name = "main"', 'name = "ma in"', 8, "pattern"),
    ],
)
def test_what_each_mistake_is_told(tmp_path: Path, wrong: str, right: str, line: int, words: str) -> None:
    (said, *more) = problems(written(tmp_path, GOOD.replace(wrong, right)))
    assert not more
    assert said.startswith(f"metergate.toml:{line}: ")
    assert words in said


def test_one_port_has_one_protocol_and_names_are_unique(tmp_path: Path) -> None:
    more = '[[meter]]\nname = "main"\nurl = "modbus:/dev/ttyUSB0?unit=1"\n'
    said = problems(written(tmp_path, GOOD, second=more))
    assert any("devices.d/second.toml:2: meter main: another meter has this name" in line for line in said)
    assert any("devices.d/second.toml:3: meter main: /dev/ttyUSB0 is the line of" in line for line in said)


def test_what_is_no_toml_is_said_with_its_line(tmp_path: Path) -> None:
    (said,) = problems(written(tmp_path, "[gateway\n"))
    assert said.startswith("metergate.toml:1: is no TOML")
