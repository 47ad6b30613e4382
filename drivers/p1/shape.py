"""The shape of a meter's telegrams: what stays from one to the next, and one expression that finds what does not.

A meter sends the same objects in the same order and the same units, a telegram a second for years. A telegram is taken
apart line by line; when the next is of the same shape, those behind it are taken apart by one match over the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from drivers import unit as units
from drivers.p1.objects import Kind
from drivers.reading import Obis


class Form(Enum):
    """What a line's brackets hold."""

    QUANTITY = auto()  #: a number with its unit: one value
    STAMPED = auto()  #: its time, and a number with its unit: two values
    TEXT = auto()  #: a text: one value
    SEVERAL = auto()  #: anything else: one value, all of it


class Line(NamedTuple):
    """One line. ``before`` and ``behind`` stand around its values, the first of which is number ``place`` of the telegram's;
    ``unit`` is in our spelling.
    """

    form: Form
    obis: Obis
    kind: Kind
    channel: int
    before: str
    behind: str
    unit: str
    place: int


#: An enumeration's members are looked up by name each time; this is the hot path.
_REGISTER, _M_BUS_VALUE, _TEXT, _OCTETS = Kind.REGISTER, Kind.M_BUS_VALUE, Kind.TEXT, Kind.OCTETS
#: What stands behind a line's first bracket: a number and its unit, with or without its time before it; a text.
_QUANTITY = re.compile(r"(?:(\d{12}[SW]?)\)\()?(\d+(?:\.\d+)?)((?:\*[^()*]*)?\))\Z", re.ASCII)
_ONE_TEXT = re.compile(r"[^()*]*\)\Z")
#: The same in a line whose form is known.
_VALUES = {
    Form.QUANTITY: r"(\d+(?:\.\d+)?)",
    Form.STAMPED: r"(\d{12}[SW]?)\)\((\d+(?:\.\d+)?)",
    Form.TEXT: r"([^()*\n]*)",
    Form.SEVERAL: r"([^\n]*)",
}


def apart(lines: Sequence[str], objects: Sequence[tuple[Obis, Kind, int]]) -> tuple[list[Line], list[str]]:
    """Lines that are one data set each, of these objects, taken apart; and their values, in their order."""
    found: list[Line] = []
    values: list[str] = []
    for text, (obis, kind, channel) in zip(lines, objects, strict=True):
        address, _, said = text.partition("(")
        before, place = address + "(", len(values)
        quantity = _QUANTITY.match(said) if kind is _REGISTER or kind is _M_BUS_VALUE else None
        if quantity is not None:
            stamp, digits, behind = quantity.groups()
            unit = units.canonical(behind[1:-1])
            form = Form.QUANTITY if stamp is None else Form.STAMPED
            found.append(Line(form, obis, kind, channel, before, behind, unit, place))
            values += (digits,) if stamp is None else (stamp, digits)
        elif (kind is _TEXT or kind is _OCTETS) and _ONE_TEXT.match(said):
            found.append(Line(Form.TEXT, obis, kind, channel, before, ")", "", place))
            values.append(said[:-1])
        else:
            found.append(Line(Form.SEVERAL, obis, kind, channel, before, "", "", place))
            values.append(said)
    return found, values


class Shape:
    """These lines, and telegrams that have them."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        each = (re.escape(line.before) + _VALUES[line.form] + re.escape(line.behind) for line in lines)
        self._whole = re.compile(r"\n*" + r"\n+".join(each) + r"\n*", re.ASCII)

    def values(self, body: str) -> Sequence[str] | None:
        """The values of a telegram of this shape, in the order of its lines; None for one of another."""
        match = self._whole.fullmatch(body)
        return match.groups() if match is not None else None
