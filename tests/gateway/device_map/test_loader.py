"""A good map becomes its driver's part; of a bad one every fault is told, each with file and line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.device_map import MapError, load, load_text
from gateway.device_map.head import Level

FILE = Path("maps/example/e1.toml")


def problems(text: str) -> list[str]:
    with pytest.raises(MapError) as caught:
        load_text(text, FILE, "example/e1")
    return list(caught.value.problems)


def test_a_good_map_gives_the_part_its_driver_declares(example: str, good: str) -> None:
    found = load_text(good, FILE, "example/e1")
    assert found.part("example") == ("example/e1", "Example", 9600, [Decimal("0.1"), Decimal(10)])
    assert found.head.evidence.level is Level.DECODED
    assert [(vector.section, vector.table.name, vector.number) for vector in found.tests] == [("example", "one", 0)]
    assert found.line("test", 0) == 16
    assert len(found.digest) == 64


def test_every_fault_is_told_at_once_with_its_line(example: str, good: str) -> None:
    bad = (
        good.replace("baud = 9600", 'baud = "9600"').replace("1-0:2.8.0*255", "2.8.0").replace('sent = "00"', "sen = 1")
    )
    found = problems(bad.replace('level = "decoded"', 'level = "perfect"'))
    assert [text.partition(" ")[0] for text in found] == [f"{FILE}:{line}:" for line in (6, 10, 13, 16, 18)]
    assert "evidence.level: 'perfect' is not a valid Level" in found[0]
    assert "example.baud" in found[1]
    assert "'2.8.0' is no OBIS code" in found[2]
    assert "test.0.sent: is missing" in found[3]
    assert "test.0.sen: no such key" in found[4]


def test_a_fault_that_only_the_section_sees_has_its_line(example: str, good: str) -> None:
    assert problems(good.replace("1-0:2.8.0*255", "1-0:1.8.0*255")) == [
        f"{FILE}:13: example.registers.1.obis: stands twice"
    ]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("[meter]\nx = = 2\n", 2, "is no TOML"),
        ("[meter]\nx = 'open", 2, "is no TOML"),
        ("[meter]\nx = 1\n[meter]\n", 3, "is no TOML"),
        ("[meter]\nx = 1\nx = 2\n", 3, "is no TOML"),
    ],
)
def test_what_is_no_toml_names_its_line(example: str, text: str, line: int, told: str) -> None:
    (found,) = problems(text)
    assert found.startswith(f"{FILE}:{line}: ")
    assert told in found


def test_an_unknown_table_and_a_map_without_a_protocol(example: str, good: str) -> None:
    found = problems(good.replace("[example]", "[exmaple]").partition("[[test]]")[0])
    assert any(text.startswith(f"{FILE}:9: exmaple: no such table") for text in found)
    assert any("a map needs a section for its protocol" in text for text in found)


def test_a_level_that_names_a_real_meter_needs_the_one_who_read_it(example: str, good: str) -> None:
    (found,) = problems(good.replace('"decoded"', '"verified"'))
    assert f"{FILE}:5: " in found
    assert "needs a [[evidence.verified]]" in found
    load_text(
        good.replace('"decoded"', '"verified"').replace(
            "[example]", '[[evidence.verified]]\nwho = "a"\nwhen = 2026-01-02\n\n[example]'
        ),
        FILE,
        "",
    )


def test_no_text_stands_for_a_number_and_no_yes_for_one(example: str, good: str) -> None:
    for value in ("true", "'0.1'", "nan", "inf"):
        (found,) = problems(good.replace("scale = 0.1", f"scale = {value}"))
        assert found.startswith(f"{FILE}:12: example.registers.0.scale: ")


def test_what_is_no_text_and_what_is_no_map(example: str, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(b"[meter]\n\xff\n")
    with pytest.raises(MapError, match=r"x\.toml:2: is not UTF-8"):
        load(file)
    file.write_bytes(b"#" * (2 << 20))
    with pytest.raises(MapError, match="bytes are too many"):
        load(file)
