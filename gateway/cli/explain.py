"""``metergate explain``: a code in words, part by part, and the rule that maps it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import click

from drivers.errors import UsageError
from drivers.reading import Obis
from drivers.unit import canonical
from gateway.cim.code_tables import Part
from gateway.cim.end_device_code import EndDeviceControlType, EndDeviceEventType
from gateway.cim.events import shipped
from gateway.cim.obis_rules import Asked, Rules
from gateway.cim.obis_words import describe
from gateway.cim.quality import ReadingQualityType
from gateway.cim.reading_type import ReadingType, Unmapped
from gateway.cim.reply_code import ReplyCode

#: A reduced OBIS code leaves out A-B and F: C.D.E, C.D, a stored value after * or &.
_REDUCED = re.compile(r"(?:(\d{1,3})-(\d{1,3}):)?(\d{1,3}|[CFLP])\.(\d{1,3}|F)(?:\.(\d{1,3}))?(?:[*&](\d{1,3}))?\Z")

#: Groups C and D that the short form of IEC 62056-61 writes as letters.
_LETTERS = {"C": 96, "F": 97, "L": 98, "P": 99}

#: Units to try when none is given, the commonest first.
_COMMON_UNITS = ("kWh", "kW", "kvarh", "kvar", "kVAh", "kVA", "V", "A", "Hz", "", "m3", "m3/h", "degC", "deg", "%")

#: Short codes of heat meters, whose first number stands for the medium.
_HEAT = {"6.8": Obis(6, 0, 1, 0, 0), "6.26": Obis(6, 0, 2, 0, 0)}


def parse_obis(text: str) -> Obis:
    """An OBIS code as a technician writes it: full, reduced (``1.8.0``) or a logical name. Raises ValueError."""
    if text in _HEAT:
        return _HEAT[text]
    if (found := _REDUCED.match(text)) is not None:
        a, b, c, d, e, f = (None if g is None else _LETTERS.get(g) or int(g) for g in found.groups())
        groups = (1 if a is None else a, b or 0, c or 0, d or 0, e or 0, 255 if f is None else f)
        if max(groups) > 255:
            raise ValueError(f"{text!r} has a value group above 255")
        return Obis(*groups)
    return Obis.parse(text)


@click.command()
@click.argument("code")
@click.option("--unit", help="The unit the meter gives with it, such as kWh: decides the ReadingType of an OBIS code.")
@click.option("--period", type=int, metavar="SECONDS", help="The capture period, for a column of a load profile.")
@click.option(
    "--dialect", default="default", show_default=True, help="A dialect of the rules, or a .toml file of your own."
)
@click.option("--device-type", type=int, help="The M-Bus device type, for 0-n:24.2.1.")
@click.option("--control", is_flag=True, help="Take a code of four parts as an EndDeviceControlType.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def explain(
    code: str, unit: str | None, period: int | None, dialect: str, device_type: int | None, control: bool, form: str
) -> None:
    """Say in words what CODE means: an OBIS code (1-0:1.8.0, 1.8.0, 1.0.1.8.0.255), a ReadingType (18 integers), an
    EndDeviceEventType (3.26.0.85), a ReadingQualityType (1.4.9) or a reply code (2.4), and for an OBIS code which rule maps
    it."""
    code = code.strip()
    try:
        answer = _codes(code, control) or _obis(code, Rules.load(dialect), unit, period, device_type)
    except ValueError as error:
        raise UsageError(f"{error}", do=_nearest(code)) from error
    if answer["kind"] == "OBIS code" and (other := _quality(code) or _reply(code)) is not None:
        # 1.4.9 is a quality and 2.4 a reply code, and both are reduced OBIS codes: both are said.
        answer, other = (answer, other) if answer["reading_type"] else (other, answer)
        answer["also"] = other
    if form == "json":
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        click.echo("\n".join(_text(answer)))


def _codes(code: str, control: bool) -> dict[str, Any] | None:
    """The answer for a code of 18 or 4 integers, or of 3 that no OBIS code could be. None for what may be an OBIS code."""
    count = code.count(".") + 1 if re.fullmatch(r"[\d.-]+", code) and "-" not in code[:1] else 0
    if count in (11, 18):
        reading_type = ReadingType.parse(code)
        return _answer("ReadingType", str(reading_type), reading_type.explain(), reading_type.may_emit)
    if count == 4:
        kind = EndDeviceControlType if control else EndDeviceEventType
        made = kind.parse(code)
        answer = _answer(kind.__name__, str(made), made.explain(), made.may_emit)
        if isinstance(made, EndDeviceEventType):
            answer["rules"] = [f"{table} {raw}: {name}" for table, raw, name in shipped().explain(made)]
        return answer
    if count == 3 and max(map(int, code.split("."))) > 255:
        quality = ReadingQualityType.parse(code)
        return _answer("ReadingQualityType", str(quality), quality.explain(), quality.may_emit)
    return None


def _quality(code: str) -> dict[str, Any] | None:
    """The answer for a quality when all its parts stand in the table."""
    try:
        quality = ReadingQualityType.parse(code)
    except ValueError:
        return None
    parts = list(quality.explain())
    return _answer("ReadingQualityType", code, parts, quality.may_emit) if all(part.name for part in parts) else None


def _reply(code: str) -> dict[str, Any] | None:
    """The answer for a reply code when it stands in the table."""
    try:
        reply = ReplyCode.parse(code)
    except ValueError:
        return None
    return _answer("reply code", code, reply.explain(), may_emit=True) if reply.is_known else None


def _answer(kind: str, code: str, parts: Iterable[Part], may_emit: bool) -> dict[str, Any]:
    return {
        "kind": kind,
        "code": code,
        "parts": [
            {"part": p.part, "code": p.code, "name": p.name, "meaning": p.meaning, "standing": str(p.standing)}
            for p in parts
        ],
        "may_emit": may_emit,
    }


def _obis(code: str, rules: Rules, unit: str | None, period: int | None, device_type: int | None) -> dict[str, Any]:
    obis = parse_obis(code)
    answer: dict[str, Any] = {
        "kind": "OBIS code",
        "code": str(obis),
        "meaning": describe(obis),
        "dialect": rules.dialect,
    }
    units = (canonical(unit),) if unit is not None else _COMMON_UNITS
    # A stored value is explained as it is mapped once the end of its period is known.
    tried = [(u, rules.derive(Asked(obis, u, period, period_known=True, device_type=device_type))) for u in units]
    given, derivation = next((one for one in tried if isinstance(one[1].result, ReadingType)), tried[0])
    if isinstance(derivation.result, Unmapped):
        answer |= {
            "unit": unit,
            "period": period,
            "reading_type": None,
            "reason": derivation.result.reason,
            "parts": [],
        }
    else:
        parts = _answer("", "", derivation.result.explain(), True)["parts"]
        answer |= {"unit": given, "period": period, "reading_type": str(derivation.result), "parts": parts}
    answer["rules"] = [str(place) for place in derivation.rules]
    return answer


def _text(answer: dict[str, Any]) -> Iterable[str]:
    yield f"{answer['kind']} {answer['code']}" + (f": {answer['meaning']}" if "meaning" in answer else "")
    if "dialect" in answer:
        yield from _mapping(answer)
    for part in answer["parts"]:
        doubt = f" [{part['standing']}]" if part["standing"] else ""
        yield f"  {part['part']:<26} {part['code']:>5}  {part['meaning']}{doubt}"
    if answer["kind"] == "EndDeviceEventType" and answer["rules"]:
        yield "  given by (device_maps/events.toml):"
        yield from (f"    {rule}" for rule in answer["rules"])
    if answer.get("may_emit") is False:
        yield "  This gateway does not send it: a part is disputed, a vendor's own, or in no table."
    if "also" in answer:
        yield "or"
        yield from _text(answer["also"])


def _mapping(answer: dict[str, Any]) -> Iterable[str]:
    how = f"unit {answer['unit'] or 'none'}" + (
        "" if answer["period"] is None else f", captured every {answer['period']} s"
    )
    if answer["reading_type"] is None:
        yield f"no ReadingType ({answer['dialect']} dialect): {answer['reason']}"
    else:
        yield f"ReadingType ({answer['dialect']} dialect, {how}): {answer['reading_type']}"
    for rule in answer["rules"]:
        yield f"  by {rule}"


def _nearest(code: str) -> str:
    """Help for what is no code: the form it resembles most."""
    dots = code.count(".")
    if dots >= 6:
        return "a ReadingType has 18 integers, such as 0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
    if dots == 3 and ":" not in code:
        return "an EndDeviceEventType has 4 integers, such as 3.26.0.85"
    return "an OBIS code is A-B:C.D.E, such as 1-0:1.8.0, or reduced, such as 1.8.0; a quality has 3 integers, such as 1.5.257"
