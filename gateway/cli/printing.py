"""From what was read to stdout or a file, and to the exit code."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from drivers.errors import MeterError, UsageError
from drivers.reading import Meter, Record
from gateway.cli import exit_codes


@dataclass(frozen=True, slots=True)
class Printing:
    """``form`` is None for the default: a table on a terminal, JSON lines elsewhere."""

    form: str | None
    out: Path | None
    dialect: str

    def print(self, result: tuple[list[Record], MeterError | None], doing: str) -> int:
        """Print ``result``, say the error if there is one, and return the exit code."""
        from gateway import json_format
        from gateway.cim.obis_rules import Rules
        from gateway.cli.output import render

        rules = Rules.load(self.dialect)
        records, error = result
        form = self.form or ("table" if self.out is None and sys.stdout.isatty() else "json")
        said = any(not isinstance(record, Meter) for record in records)
        if said:
            data, left_out = render(form, records, rules)
            for line in left_out:
                click.echo(line, err=True)
            if not data:
                raise UsageError(
                    f"{doing}: nothing that was read has a place in a message", do="--format json shows what it is"
                )
            if error is not None and form == "json":
                data += json_format.error_line(error)
            self.write(data)
        if error is None:
            return exit_codes.OK
        click.echo(f"metergate: {doing}: {error}", err=True)
        return exit_codes.PARTIAL if said else exit_codes.of(error)

    def write(self, data: bytes) -> None:
        if self.out is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        try:
            _replace(self.out, data)
        except OSError as error:
            raise UsageError(f"cannot be written ({error.strerror})", where=str(self.out)) from error


def _replace(file: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    number, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(number, "wb") as made:
            made.write(data)
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
