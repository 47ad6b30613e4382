"""What is made from the maps is as it would be made now, and the format's page names every key."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.device_map import modbus, modbus_tables, pages
from gateway.device_map.head import Head
from gateway.device_map.json_schema import schema
from gateway.device_map.sections import SECTIONS

MODBUS_TABLES = (
    modbus_tables.Row,
    modbus_tables.GuardTable,
    modbus_tables.RequestsTable,
    modbus_tables.LineTable,
    modbus_tables.IdentityTable,
    modbus_tables.WriteTable,
    modbus_tables.Counter,
    modbus_tables.Case,
    modbus_tables.Bit,
    modbus_tables.VectorTable,
)


def test_the_generated_pages_are_those_of_the_maps() -> None:
    for file, text in pages.pages().items():
        assert file.read_text(encoding="utf-8") == text, f"{file}: run make pages"


def test_a_readme_without_the_marks_is_told() -> None:
    with pytest.raises(ValueError, match=r"README\.md has no"):
        pages.with_summary("# metergate\n", "block\n")


def test_the_readme_of_the_maps_names_every_key_of_a_map(repository: Path) -> None:
    page = (repository / "device_maps/README.md").read_text()
    keys = set(Head.model_fields) | set(SECTIONS)
    for model in (modbus.Section, *MODBUS_TABLES):
        keys |= {field.alias or name for name, field in model.model_fields.items()}
    told = {
        key for key in keys if f"`{key}`" in page or f"[{key}]" in page or f".{key}]" in page or f"`{key} =" in page
    }
    assert keys - told == set()


def test_the_schema_has_every_section() -> None:
    assert set(SECTIONS) <= set(schema()["properties"])
    assert schema()["additionalProperties"] is False
