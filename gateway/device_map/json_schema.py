"""The JSON Schema of a device map, made from the models that check one, for editors that complete and mark as one types."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.device_map.head import Head
from gateway.device_map.sections import SECTIONS, section


def schema() -> dict[str, Any]:
    """One schema for the head, every section there is, and their tests. What only code can check is not in it."""
    tables: dict[str, type[BaseModel]] = {name: section(name).Section for name in SECTIONS}
    tests: dict[str, type[BaseModel]] = {name: section(name).Test for name in SECTIONS}
    models: list[type[BaseModel]] = [Head, *tables.values(), *tests.values()]
    made, definitions = models_json_schema([(model, "validation") for model in models], by_alias=True)
    definitions = _plain(definitions)
    of = {model: made[model, "validation"] for model in models}
    head = definitions["$defs"][of[Head]["$ref"].rpartition("/")[2]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "metergate device map",
        "description": "device_maps/README.md says what every key means.",
        "type": "object",
        "additionalProperties": False,
        "required": head["required"],
        "properties": {
            **head["properties"],
            **{name: of[model] for name, model in tables.items()},
            "test": {"type": "array", "items": {"anyOf": [of[model] for model in tests.values()]}},
        },
        "$defs": definitions["$defs"],
    }


def _plain(node: Any) -> Any:
    """Without the titles and defaults that pydantic adds: an editor shows the key itself, and no default is a Decimal."""
    if isinstance(node, dict):
        kept = {key: inner for key, inner in node.items() if key not in ("default", "title")}
        properties = {key: _plain(inner) for key, inner in kept.pop("properties", {}).items()}
        return {key: _plain(inner) for key, inner in kept.items()} | ({"properties": properties} if properties else {})
    return [_plain(inner) for inner in node] if isinstance(node, list) else node
