"""The four ways to print what was read: a table for people, JSON lines, CSV, and the bare payload of IEC 61968-9."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from drivers.reading import Record
from gateway.cim.classified import classify
from gateway.cim.obis_rules import Rules

FORMATS = ("table", "json", "csv", "xml")


def render(form: str, records: Sequence[Record], rules: Rules) -> tuple[bytes, list[str]]:
    """``records`` in one of ``FORMATS``, UTF-8, ending in a line end; empty when there is nothing to say.

    Beside it what the format had no place for, a line each: that is for stderr.
    """
    if form == "xml":
        from gateway.cli.output import xml_format

        return xml_format.render(records, rules)
    module = "gateway.json_format" if form == "json" else f"gateway.cli.output.{form}_format"
    written: bytes = import_module(module).render(classify(records, rules))
    return written, []
