"""The four ways to print what was read: a table for people, JSON lines, CSV, and the bare MeterReadings payload."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from gateway.cim.classified import Classified

FORMATS = ("table", "json", "csv")


def render(form: str, records: Sequence[Classified]) -> bytes:
    """``records`` in one of ``FORMATS``, UTF-8, ending in a line end; empty when there is nothing to say."""
    written: bytes = import_module(f"gateway.cli.output.{form}_format").render(records)
    return written
