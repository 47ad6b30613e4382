"""Real meters' bytes: every file decodes with no value lost, equal to what others made of it.

``tests/vectors/push/captures.csv`` is the table: file, how many values stand in it, how many of them were found as registers,
texts, rows and events, how many were said to be not understood, whether the format's check held, and why where one of these is
not as a reader would expect. The captures themselves never enter the repository.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from drivers.driver import Context
from drivers.reading import MeterEvent, NotUnderstood, Reading, Record, Series, Text
from drivers.registry import decoder
from gateway.keys import Keys

TABLE = Path(__file__).parents[2] / "vectors" / "push" / "captures.csv"
ROWS = list(csv.DictReader(TABLE.open()))
#: The key that the files' own project publishes with them.
KEYS = Keys(
    {
        "default/ek": bytes.fromhex("0123456789abcdef" * 2),
        "default/ak": bytes.fromhex("ffeeddccbbaa99887766554433221100"),
    }
)


def raw(file: Path) -> bytes:
    data = file.read_bytes()
    return bytes.fromhex(data.decode()) if file.parent.name == "p1_encrypted" else data


def read(file: Path) -> list[Record]:
    data = raw(file)
    keys = KEYS if "with-aad" in file.name else Keys({"default/ek": bytes.fromhex("0123456789abcdef" * 2)})
    return list(decoder("auto", data).decode(data, file.name, Context(keys=keys)))


def counted(records: list[Record]) -> Counter[str]:
    found: Counter[str] = Counter()
    for record in records:
        match record:
            case Reading():
                found["registers"] += 1
            case Text():
                found["texts"] += 1
            case Series():
                found["rows"] += len(record.rows)
            case MeterEvent():
                found["events"] += 1
            case NotUnderstood():
                found["not_understood"] += 1
        found["checked"] += bool(getattr(record, "checked", False))
    return found


def said(records: list[Record]) -> str:
    """All that was made of a capture, as one text to look in."""
    parts = []
    for record in records:
        match record:
            case Series():
                parts.append(f"{record.profile}".removesuffix("*255"))
                parts += [f"{row.raw_time} {row.values}" for row in record.rows]
                parts += [str(column.obis) for column in record.columns]
            case MeterEvent():
                parts.append(f"{record.log} {record.code} {dict(record.details)}")
            case Reading() | Text() | NotUnderstood():
                parts.append(record.raw)
    return "\n".join(parts)


def ids(row: dict[str, str]) -> str:
    return row["file"]


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_the_table(captures: Path, row: dict[str, str]) -> None:
    found = counted(read(captures / row["file"]))
    names = ("registers", "texts", "rows", "events", "not_understood", "checked")
    assert {name: found[name] for name in names} == {name: int(row[name]) for name in names}
    assert row["why"] or not found["not_understood"]


def test_the_table_has_every_file(captures: Path) -> None:
    folders = ("p1", "p1_encrypted", "sml", "d0_push")
    files = {f"{folder}/{file.name}" for folder in folders for file in (captures / folder).iterdir()}
    assert files == {row["file"] for row in ROWS}


@pytest.mark.parametrize("row", [row for row in ROWS if not row["file"].startswith(("sml", "p1_enc"))], ids=ids)
def test_every_value_of_a_text_stands_in_a_record(captures: Path, row: dict[str, str]) -> None:
    file = captures / row["file"]
    text = file.read_bytes().translate(bytes(value & 0x7F for value in range(256))).decode()
    made = said(read(file))
    values = re.findall(r"\(([^()\r\n]+)\)", text)
    assert len(values) == int(row["values"])
    # A number of a row stands there as a Decimal: without its unit and its leading zeros.
    lost = [value for value in values if value not in made and _number(value) not in made and _obis(value) not in made]
    assert not lost


def _number(value: str) -> str:
    text = value.partition("*")[0]
    return f"'{Decimal(text)}'" if re.fullmatch(r"\d+(\.\d+)?", text) else value


def _obis(value: str) -> str:
    """0-0:96.7.19 is the code 96.7.19 of an event; a count before a log or profile is compared when it is read."""
    match = re.fullmatch(r"\d(?:-\d)?:(\d+\.\d+\.\d+)", value)
    if match:
        return match[1]
    return "" if re.fullmatch(r"\d{1,2}", value) else value


@pytest.mark.parametrize("row", [row for row in ROWS if row["expected"].endswith(".json")], ids=ids)
def test_equal_to_what_another_reader_made_of_a_telegram(captures: Path, row: dict[str, str]) -> None:
    objects = json.loads((captures / row["expected"]).read_text())["cosem"]
    records = read(captures / row["file"])
    registers = {record.raw: record for record in records if isinstance(record, Reading)}
    texts = {record.raw for record in records if isinstance(record, Text)}
    others = said([record for record in records if isinstance(record, Series | MeterEvent | NotUnderstood | Reading)])
    for line in objects["knownObjects"] + objects["unknownObjects"]:
        number = re.fullmatch(r"[^(]+\((\d+\.\d+)\*?([^)]*)\)", line)
        if number and line in registers:
            assert registers[line].value == Decimal(number[1])
            assert registers[line].unit.lower() == number[2].lower()
        else:
            assert line in texts or line in registers or line.split("(")[0].replace(":99:", ":99.") in others, line


@pytest.mark.parametrize("row", [row for row in ROWS if row["file"].startswith("sml") and row["expected"]], ids=ids)
def test_equal_to_what_libsml_made_of_a_frame(captures: Path, row: dict[str, str]) -> None:
    records = read(captures / row["file"])
    registers = Counter((str(r.obis), r.value, r.unit) for r in records if isinstance(r, Reading))
    texts = {str(record.obis) for record in records if isinstance(record, Text)}
    for line in (captures / row["expected"]).read_text().splitlines():
        obis, value, unit = line.split("#")
        if unit:
            assert registers[obis, Decimal(value), unit]
        else:
            assert obis in texts
