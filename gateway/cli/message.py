"""``metergate message``: look at, check and make the messages of IEC 61968-9 by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from drivers.errors import UsageError
from gateway.cli import exit_codes

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_AS_TEXT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
_AS_TABLE = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


@click.group()
def message() -> None:
    """Messages of IEC 61968-9 and the IEC 61968-100 envelope (docs/messages.md)."""


@message.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--schema-dir", type=_FOLDER, metavar="DIR", help="Check against the .xsd files in DIR as well.")
@_AS_TEXT
def validate(files: tuple[str, ...], schema_dir: Path | None, form: str) -> None:
    """Check messages against metergate's schema and say what is wrong, with line and XPath; - is standard input.

    Every fault is a line on stdout. The exit code is 0 when all are valid, else 2.
    """
    from gateway.messages.validation import SchemaFolder, judge

    schemas = SchemaFolder(schema_dir) if schema_dir is not None else None
    good = True
    for file in files:
        judgement = judge(_bytes(file), schemas=schemas)
        good &= not judgement.violations
        for fault in judgement.violations:
            row = {"schema": fault.schema, "line": fault.line or None, "xpath": fault.xpath, "what": fault.what}
            place = file + (f":{fault.line}" if fault.line else "") + (f": {fault.xpath}" if fault.xpath else "")
            _say(form, {"type": "violation", "file": file, **row}, f"{place}: {fault.what} ({fault.schema})")
        if not judgement.violations:
            row = {"message": judgement.name, "edition": judgement.edition}
            _say(form, {"type": "valid", "file": file, **row}, f"{file}: valid {judgement.name} ({judgement.edition})")
    sys.exit(exit_codes.OK if good else exit_codes.USAGE)


@message.command()
@click.argument("file", default="-")
@_AS_TABLE
def show(file: str, form: str) -> None:
    """Show a message as a table: its readings, its events, or all it holds; - is standard input."""
    from gateway.cli import message_table
    from gateway.messages import codec

    document = codec.read(_bytes(file))
    for line in message_table.json_lines(document) if form == "json" else message_table.lines(document):
        click.echo(line)


@message.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write NAME.xsd files there."
)
@click.option("--wsdl", is_flag=True, help="Write the WSDL of services instead; NAME is one such as GetMeterReadings.")
@click.option("--address", metavar="URL", default="", help="Where the service of a WSDL is reached.")
def schema(names: tuple[str, ...], out: Path | None, wsdl: bool, address: str) -> None:
    """Write the XML Schema of NAME, such as MeterReadings, to stdout, or those of all messages into a folder.

    Without NAME and --out it lists the messages and what each was checked against. Message is the envelope.
    """
    from gateway.messages import codec
    from gateway.messages.catalogue import PAYLOADS

    if wsdl:
        _wsdl(names, out, address)
    elif out is not None:
        _write_all(out, {f"{name}.xsd": codec.schema(name) for name in names or (*PAYLOADS, "Message")})
    elif len(names) > 1:
        raise UsageError("a schema each does not fit one stream", do="name a folder with --out")
    elif names:
        click.echo(codec.schema(names[0]), nl=False)
    else:
        width = max(map(len, PAYLOADS))
        for name, payload in PAYLOADS.items():
            click.echo(f"{name:{width}}  {payload.evidence.value}")


def _wsdl(names: tuple[str, ...], out: Path | None, address: str) -> None:
    """WSDLs to a folder, one to stdout, or the list of services."""
    from gateway.messages import wsdl

    wanted = [wsdl.named(name) for name in names] or list(wsdl.services())
    if out is not None:
        _write_all(out, {f"{service}{noun}.wsdl": wsdl.wsdl(service, noun, address) for service, noun in wanted})
    elif not names:
        for service, noun in wanted:
            click.echo(f"{service}{noun}  {' '.join(wsdl.operations(service, noun))}")
    elif len(names) == 1:
        click.echo(wsdl.wsdl(*wanted[0], address), nl=False)
    else:
        raise UsageError("a WSDL each does not fit one stream", do="name a folder with --out")


@message.command()
@click.argument("name")
@click.option(
    "--turn", type=click.IntRange(0), default=0, show_default=True, help="Which of the alternatives of a choice."
)
def sample(name: str, turn: int) -> None:
    """Write a sample of the message NAME: every element is in it at least once. The same each time."""
    from lxml import etree

    from gateway.messages import catalogue, codec
    from gateway.messages.sample import sample as made

    root = etree.fromstring(codec.to_bytes(made(catalogue.declared(name), turn)))
    etree.indent(root)
    sys.stdout.buffer.write(etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n")
    sys.stdout.buffer.flush()


def _say(form: str, row: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(row, ensure_ascii=False) if form == "json" else text)


def _bytes(file: str) -> bytes:
    from gateway.messages import intake

    if file == "-":
        return intake.load(sys.stdin.buffer)
    try:
        return intake.load(Path(file))
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=file) from error


def _write_all(folder: Path, files: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", where=str(folder)) from error
    click.echo(f"{len(files)} schemas in {folder}", err=True)
