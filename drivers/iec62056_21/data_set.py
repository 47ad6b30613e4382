"""The data sets of a block: ``address(value*unit)(value)...``, as wide as meters write them (IEC 62056-21, 6.3.3 and 6.6).

Taken beyond the standard because real meters do so: several sets a line, a whole block in two lines, sets without an
address (they go on with the one before), LF-only or doubled line ends, ``!`` behind the last set or none at all, blanks
around values, commas for decimal points, error values in double brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, NamedTuple, cast

#: An address, then one or more bracketed values. A value may itself be bracketed: ``((ER11))``.
_SET = re.compile(r"([^()!/\x00-\x1f]*)((?:\((?:\([^()]*\)|[^()])*\)[ \t\r\n]*)+)")
_VALUE = re.compile(r"\((\([^()]*\)|[^()]*)\)")
#: A line as nearly all are: one set of one value, in its third group where that is digits and points. The last group is
#: a line of any other form. (Written as ``\d*\.?\d+`` the number alone would take as long again as all the rest.)
_LINE = re.compile(
    r"(([^()!/\x00-\x20\x7f]+)\((?:([0-9.]*[0-9])(?=[*)])|([^()*\r\n]*))\*?([^()*\r\n]*)\))[\r\n]+|([^\r\n]+)",
    re.ASCII,
)
_NUMBER = re.compile(r"\s*([+-]?(?:\d{1,128}(?:[.,]\d{1,128})?|[.,]\d{1,128}))\s*\Z")
_BLANK = " \t\r\n\x00\x7f\x06"


def number(text: str) -> Decimal | None:
    """The exact number that a value's text is, also with blanks around it and a decimal comma; None where it is none."""
    match = _NUMBER.match(text)
    return Decimal(match[1].replace(",", ".")) if match is not None else None


class Value(NamedTuple):
    """One bracketed value: its text and its unit, both as written; the unit is empty where there is none."""

    text: str
    unit: str


class DataSet(NamedTuple):
    """One data set: its first value with the number it is (None where it is none), the ``others`` behind it.

    ``address`` is empty when the set goes on with the one before it. ``raw`` is its whole text.
    """

    address: str
    text: str
    unit: str
    number: Decimal | None
    others: tuple[Value, ...]
    raw: str

    @property
    def values(self) -> tuple[Value, ...]:
        """All its values."""
        return (Value(self.text, self.unit), *self.others)


#: ``DataSet._make`` at half the cost.
_made = cast(Callable[[tuple[Any, ...]], DataSet], partial(tuple.__new__, DataSet))


def joined(first: DataSet, second: DataSet) -> DataSet:
    """One set of two: the second has no address of its own and goes on with the first."""
    return first._replace(others=first.others + second.values, raw=first.raw + second.raw)


class Rest(NamedTuple):
    """Text that belongs to no data set."""

    text: str


def parse(text: str) -> list[DataSet | Rest]:
    """The data sets of a block's text, and what is left over between them. Any text is taken; nothing is dropped."""
    found: list[DataSet | Rest] = []
    add, none = found.append, ()
    for raw, address, digits, more, unit, other in _LINE.findall(text):
        if not other:
            if digits:
                try:
                    add(_made((address, digits, unit, Decimal(digits), none, raw)))
                except InvalidOperation:
                    # More points than one.
                    add(_made((address, digits, unit, None, none, raw)))
            else:
                add(_made((address, more, unit, number(more) if more else None, none, raw)))
        elif other == "!":
            continue
        elif other.count("(") == other.count(")"):
            found.extend(_any(other))
        else:
            # A value that goes over lines: only the whole text tells where it ends.
            return list(_any(text))
    return found


def _any(text: str) -> Iterator[DataSet | Rest]:
    """The sets of any text, however they are laid out."""
    at = 0
    for match in _SET.finditer(text):
        yield from _rest(text[at : match.start()])
        at = match.end()
        address, values = match.groups()
        first, *others = (_value(value) for value in _VALUE.findall(values))
        yield DataSet(
            address.strip(), first.text, first.unit, number(first.text), tuple(others), match.group().strip(_BLANK)
        )
    yield from _rest(text[at:])


def _value(text: str) -> Value:
    value, star, unit = text.partition("*")
    # ``088*C&082*C`` is no number with a unit: leave such texts whole.
    return Value(value, unit) if star and "*" not in unit else Value(text, "")


def _rest(text: str) -> Iterator[Rest]:
    left = text.strip(_BLANK)
    # The end of the data block is no data.
    if left and left != "!":
        yield Rest(left)
