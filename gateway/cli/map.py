"""``metergate map``: the device maps that come with metergate, and files of one's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from drivers.errors import UsageError
from gateway.cli import exit_codes
from gateway.device_map.loader import DeviceMap

_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


@click.group()
def map() -> None:
    """Device maps: a meter of a known protocol is one TOML file (device_maps/README.md)."""


@map.command("list")
@click.option("--protocol", help="Only maps with this section, such as modbus.")
@_FORMAT
def list_maps(protocol: str | None, form: str) -> None:
    """List the maps: name, maker, models, protocols, level of evidence."""
    from gateway.device_map.catalogue import all_maps

    maps = [_summary(found) for found in all_maps() if protocol is None or protocol in found.parts]
    if form == "json":
        for row in maps:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    rows = [{key: ", ".join(row[key]) if isinstance(row[key], list) else row[key] for key in _COLUMNS} for row in maps]
    click.echo("\n".join(_table(rows)) if rows else "no maps")


_COLUMNS = ("map", "manufacturer", "models", "protocols", "level")


def _summary(found: DeviceMap) -> dict[str, Any]:
    meter, evidence = found.head.meter, found.head.evidence
    return {
        "map": found.name,
        "manufacturer": meter.manufacturer,
        "models": list(meter.models),
        "kind": meter.kind,
        "protocols": list(found.parts),
        "level": str(evidence.level),
        "sources": len(evidence.sources),
        "doubts": list(evidence.doubts),
        "tests": len(found.tests),
        "digest": found.digest,
    }


@map.command()
@click.argument("name")
@_FORMAT
def show(name: str, form: str) -> None:
    """Show one map: what it reads, where that is known from, and what is in doubt. NAME is maker/model or a file."""
    from gateway.device_map.catalogue import find

    found = find(name)
    rows = {key: _with_types(table.rows()) for key, table in found.sections.items()}
    if form == "json":
        evidence = found.head.evidence
        sources = [source.model_dump(exclude_defaults=True) for source in evidence.sources]
        whole = _summary(found) | {"notes": found.head.meter.notes, "sources": sources, "reads": rows}
        click.echo(json.dumps(whole, ensure_ascii=False, default=str))
        return
    click.echo("\n".join(_shown(found, rows)))


def _with_types(rows: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The rows, each with the ReadingType that its code and unit have by default."""
    from drivers.reading import Obis
    from gateway.cim.obis_rules import Rules
    from gateway.cim.reading_type import ReadingType

    rules = Rules.load("default")
    shown: list[Mapping[str, str]] = []
    for row in rows:
        made = rules.reading_type(Obis.parse(row["obis"]), row["unit"]) if row["obis"] else ""
        shown.append({**row, "reading type": "none" if made and not isinstance(made, ReadingType) else str(made)})
    return shown


def _shown(found: DeviceMap, rows: Mapping[str, list[Mapping[str, str]]]) -> Iterable[str]:
    meter, evidence = found.head.meter, found.head.evidence
    yield f"{found.name}: {meter.manufacturer} {', '.join(meter.models)} ({meter.kind})"
    yield f"{found.file}, SHA-256 {found.digest[:16]}..., {len(found.tests)} tests"
    for note in meter.notes:
        yield f"  {note}"
    yield f"level: {evidence.level}"
    for source in evidence.sources:
        yield "  from " + ", ".join(filter(None, (source.name, source.where, source.commit[:12], source.note)))
    for verified in evidence.verified:
        yield f"  verified by {verified.who} on {verified.when} {verified.model} {verified.firmware} {verified.note}".rstrip()
    for doubt in evidence.doubts:
        yield f"  in doubt: {doubt}"
    for key, given in rows.items():
        yield f"[{key}]"
        yield from (f"  {line}" for line in _table(given))


@map.command()
@click.argument("names", nargs=-1, metavar="[MAP]...")
def check(names: tuple[str, ...]) -> None:
    """Check maps, by name or file, or all data that comes with metergate; each map's own tests are run.

    Every fault names file and line. Exit code 2 when there is one.
    """
    from gateway.device_map.check import check as check_one
    from gateway.device_map.check import check_all

    wrong = 0
    for checked in (check_one(name) for name in names) if names else check_all():
        for problem in checked.problems:
            click.echo(problem, err=True)
        wrong += len(checked.problems)
        if not checked.problems:
            click.echo(f"{checked.name}: ok" + (f", {checked.vectors} tests" if checked.vectors else ""))
    if wrong:
        click.echo(f"metergate: {wrong} things to correct", err=True)
        sys.exit(exit_codes.USAGE)


@map.command()
@click.argument("name", metavar="MAKER/MODEL")
@click.option("--protocol", default="modbus", show_default=True, help="The section to begin with.")
@click.option(
    "--from",
    "sweep",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What `metergate scan --format json` wrote of the meter: its registers are shown in every word order.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write there, not to stdout."
)
def new(name: str, protocol: str, sweep: Path | None, out: Path | None) -> None:
    """Begin a new map: a skeleton to fill in."""
    from gateway.device_map.sections import SECTIONS
    from gateway.device_map.skeleton import skeleton

    if protocol not in SECTIONS:
        raise UsageError(f"no section {protocol!r}", do=f"there are {', '.join(SECTIONS)}")
    try:
        text = skeleton(name, protocol, None if sweep is None else _swept(sweep))
    except ValueError as error:
        raise UsageError(f"is not what a scan writes: {error}", where=str(sweep)) from error
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", where=str(out)) from error


def _swept(file: Path) -> object:
    """What a scan found out of an unknown meter: the one line of its kind, or a file that is nothing else.

    Raises ValueError where there is none, or more than one.
    """
    found = [json.loads(line) for line in file.read_text().splitlines() if line.startswith('{"type":"sweep"')]
    if not found:
        return json.loads(file.read_bytes())
    if len(found) > 1:
        raise ValueError(f"it has {len(found)} unknown meters; keep the line of one")
    return found[0]


def _table(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Rows with the same columns, aligned under their names. A column that is empty throughout is left out."""
    given = [*rows]
    if not given:
        return []
    columns = [key for key in given[0] if any(row.get(key) for row in given)]
    widths = {key: max(len(key), *(len(row.get(key, "")) for row in given)) for key in columns}
    lines = [{key: key for key in columns}, *given]
    return ["  ".join(f"{row.get(key, ''):<{widths[key]}}" for key in columns).rstrip() for row in lines]
