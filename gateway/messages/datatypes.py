"""The XML Schema datatypes that the messages use: text to value and back (XML Schema 1.0 Part 2).

Numbers are kept exactly: xs:float and xs:decimal are both ``Decimal``. A time must name its zone: the schema would accept
one that does not, and nobody could say when it was. Everything is written in UTC, with Z.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Datatype:
    """``name`` is the schema's own name where it has one (``Minutes``), else the name of ``base``.

    ``parse`` raises ValueError with a reason for text outside the datatype, ``to_xml`` for a value that cannot be
    written; ``to_xml`` gives escaped text.
    """

    name: str
    base: str
    parse: Callable[[str], Any]
    to_xml: Callable[[Any], str]
    enumeration: tuple[str, ...] = ()


#: Characters that need care in text: markup, carriage return (a parser would make it a line feed), and what XML 1.0 forbids.
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL_IN_ATTRIBUTE = re.compile('[&<>"\r\n\t\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}

#: libxml2 gives up on whole numbers above 24 digits, and no quantity here has as many.
_MOST_DIGITS = 24


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character not in _ESCAPES:
        raise ValueError(f"the character U+{ord(character):04X} cannot stand in XML")
    return _ESCAPES[character]


def print_string(value: str) -> str:
    """Escaped for element content. Raises ValueError for a character that XML 1.0 forbids."""
    return _SPECIAL.sub(_escape, value) if _SPECIAL.search(value) else value


def print_attribute(value: str) -> str:
    """Escaped for an attribute in double quotes. Raises ValueError as ``print_string``."""
    return _SPECIAL_IN_ATTRIBUTE.sub(_escape, value) if _SPECIAL_IN_ATTRIBUTE.search(value) else value


#: What XML 1.0 forbids anywhere, also escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def sayable(text: str) -> str:
    """The text with each character that XML forbids as ``\\x15``: for what meters say of themselves, which must not cost
    the message it stands in. Not for values.
    """
    return _FORBIDDEN.sub(lambda match: f"\\x{ord(match.group()):02X}", text) if _FORBIDDEN.search(text) else text


def parse_string(text: str) -> str:
    """xs:string keeps its white space."""
    return text


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def parse_boolean(text: str) -> bool:
    """true, false, 1 or 0."""
    try:
        return _BOOLEANS[text.strip(_WHITE)]
    except KeyError:
        raise ValueError(f"{_short(text)} is no xs:boolean (true, false, 1, 0)") from None


def print_boolean(value: bool) -> str:
    return "true" if value else "false"


_WHITE = " \t\r\n"
_INTEGER = re.compile(rf"[+-]?[0-9]{{1,{_MOST_DIGITS}}}\Z")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\Z")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\Z")
_FLOAT_SPECIAL = {"INF": Decimal("Infinity"), "-INF": Decimal("-Infinity"), "NaN": Decimal("NaN")}


def parse_integer(text: str) -> int:
    stripped = text.strip(_WHITE)
    if not _INTEGER.match(stripped):
        raise ValueError(f"{_short(text)} is no xs:integer of up to {_MOST_DIGITS} digits")
    return int(stripped)


def print_integer(value: int) -> str:
    if abs(value) >= 10**_MOST_DIGITS:
        raise ValueError(f"a whole number of more than {_MOST_DIGITS} digits")
    return str(int(value))


def parse_decimal(text: str) -> Decimal:
    stripped = text.strip(_WHITE)
    if not _DECIMAL.match(stripped) or sum(character.isdigit() for character in stripped) > _MOST_DIGITS:
        raise ValueError(f"{_short(text)} is no xs:decimal of up to {_MOST_DIGITS} digits")
    return Decimal(stripped)


def print_decimal(value: Decimal) -> str:
    """Without exponent. Raises ValueError for infinities, NaN and more than 24 digits."""
    if not value.is_finite():
        raise ValueError(f"{value} is no xs:decimal")
    printed = f"{value:f}"
    if sum(character.isdigit() for character in printed) > _MOST_DIGITS:
        raise ValueError(f"{value} has more than {_MOST_DIGITS} digits")
    return printed


def parse_float(text: str) -> Decimal:
    """Exactly what stands there, as a Decimal; no binary rounding."""
    stripped = text.strip(_WHITE)
    if stripped in _FLOAT_SPECIAL:
        return _FLOAT_SPECIAL[stripped]
    if not _FLOAT.match(stripped):
        raise ValueError(f"{_short(text)} is no xs:float")
    return Decimal(stripped)


def print_float(value: Decimal) -> str:
    if value.is_finite():
        return str(value)
    return "NaN" if value.is_nan() else "INF" if value > 0 else "-INF"


_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
_TIME = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_DATE_TIME = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_TIME}{_ZONE}\Z")
_ZONELESS = re.compile(rf"-?[0-9]{{4,}}-[0-9]{{2}}-[0-9]{{2}}T{_TIME}\Z")
_FAR = re.compile(r"(?:-[0-9]{4,}|[0-9]{5,})-[0-9]{2}-[0-9]{2}(?:T|Z|[+-]|\Z)")
_DATE_ONLY = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}){_ZONE}?\Z")
_TIME_ONLY = re.compile(rf"{_TIME}{_ZONE}?\Z")


def parse_date_time(text: str) -> datetime:
    """Aware, in UTC. Raises ValueError for a time without zone, and for years outside 1..9999."""
    if len(text) == 20 and text[4::3] == "--T::Z":
        # The form nearly everyone writes, yyyy-mm-ddThh:mm:ssZ, which Python reads as strictly as the schema does.
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return _parse_any_date_time(text)
    return _parse_any_date_time(text)


def _parse_any_date_time(text: str) -> datetime:
    stripped = text.strip(_WHITE)
    if not _DATE_TIME.match(stripped):
        if _ZONELESS.match(stripped):
            raise ValueError(f"{_short(text)} names no zone, so it is no moment (Z or +hh:mm)")
        if _FAR.match(stripped):
            raise ValueError(f"{_short(text)} is outside the years 1 to 9999")
        raise ValueError(f"{_short(text)} is no xs:dateTime")
    try:
        if stripped[11:13] == "24":
            return _utc(stripped[:11] + "00" + stripped[13:]) + timedelta(days=1)
        return _utc(stripped)
    except (ValueError, OverflowError):
        raise ValueError(f"{_short(text)} is no day of the calendar") from None


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def print_date_time(value: datetime) -> str:
    """In UTC with Z. Raises ValueError for a time without zone."""
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} names no zone")
        value = value.astimezone(UTC)
    return value.isoformat()[:-6] + "Z"


def parse_date(text: str) -> str:
    """The date as it stands (it may carry a zone), if it is a day of the calendar."""
    stripped = text.strip(_WHITE)
    match = _DATE_ONLY.match(stripped)
    if match is None and _FAR.match(stripped):
        raise ValueError(f"{_short(text)} is outside the years 1 to 9999")
    try:
        if match is None:
            raise ValueError
        date.fromisoformat(match.group(1))
    except ValueError:
        raise ValueError(f"{_short(text)} is no xs:date") from None
    return stripped


def parse_time(text: str) -> str:
    """The time of day as it stands (it may carry a zone)."""
    stripped = text.strip(_WHITE)
    if not _TIME_ONLY.match(stripped):
        raise ValueError(f"{_short(text)} is no xs:time")
    return stripped


_NCNAME = r"[^\W\d][\w.\-]*"
_QNAME = re.compile(rf"{_NCNAME}\Z")


def parse_qname(text: str) -> str:
    """A name without prefix. A prefix would mean nothing outside the message it stood in."""
    stripped = text.strip(_WHITE)
    if not _QNAME.match(stripped):
        raise ValueError(f"{_short(text)} is no xs:QName without prefix")
    return stripped


def _short(text: str) -> str:
    """The text for an error message: quoted, cut at 40 characters."""
    return repr(text if len(text) <= 40 else text[:40] + "...")


STRING = Datatype("xs:string", "xs:string", parse_string, print_string)
BOOLEAN = Datatype("xs:boolean", "xs:boolean", parse_boolean, print_boolean)
INTEGER = Datatype("xs:integer", "xs:integer", parse_integer, print_integer)
DECIMAL = Datatype("xs:decimal", "xs:decimal", parse_decimal, print_decimal)
FLOAT = Datatype("xs:float", "xs:float", parse_float, print_float)
DATE_TIME = Datatype("xs:dateTime", "xs:dateTime", parse_date_time, print_date_time)
DATE = Datatype("xs:date", "xs:date", parse_date, parse_date)
TIME = Datatype("xs:time", "xs:time", parse_time, parse_time)
QNAME = Datatype("xs:QName", "xs:QName", parse_qname, parse_qname)


def quantity(name: str, base: Datatype = FLOAT) -> Datatype:
    """A quantity of the CIM: a named restriction of xs:float or xs:decimal."""
    return Datatype(name, base.base, base.parse, base.to_xml)


MINUTES = quantity("Minutes")
SECONDS = quantity("Seconds")
PER_CENT = quantity("PerCent")
VOLTAGE = quantity("Voltage")
CURRENT_FLOW = quantity("CurrentFlow")
ACTIVE_POWER = quantity("ActivePower")
REAL_ENERGY = quantity("RealEnergy")
TEMPERATURE = quantity("Temperature")
FLOAT_QUANTITY = quantity("FloatQuantity")
MONEY = quantity("Money", DECIMAL)
STRING_QUANTITY = Datatype("StringQuantity", "xs:string", parse_string, print_string)


@cache
def enumeration(kind: type[StrEnum]) -> Datatype:
    """The datatype of an enumeration; white space counts, as it does in a restriction of xs:string."""
    members = {member.value: member for member in kind}

    def parse(text: str) -> StrEnum:
        try:
            return members[text]
        except KeyError:
            raise ValueError(f"{_short(text)} is none of {', '.join(members)}") from None

    return Datatype(kind.__name__, "xs:string", parse, kind, tuple(members))
