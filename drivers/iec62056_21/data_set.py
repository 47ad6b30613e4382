"""The data sets of a block: ``address(value*unit)(value)...``, as wide as meters write them (IEC 62056-21, 6.3.3 and 6.6).

Taken beyond the standard because real meters do so: several sets a line, a whole block in two lines, sets without an
address (they go on with the one before), LF-only or doubled line ends, ``!`` behind the last set or none at all, blanks
around values, commas for decimal points, error values in double brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

#: An address, then one or more bracketed values. A value may itself be bracketed: ``((ER11))``.
_SET = re.compile(r"([^()!/\x00-\x1f]*)((?:\((?:\([^()]*\)|[^()])*\)[ \t\r\n]*)+)")
_VALUE = re.compile(r"\((\([^()]*\)|[^()]*)\)")
_BLANK = " \t\r\n\x00\x7f\x06"


class Value(NamedTuple):
    """One bracketed value: its text and its unit, both as written; the unit is empty where there is none."""

    text: str
    unit: str


class DataSet(NamedTuple):
    """One data set. ``address`` is empty only when the first set of a block has none. ``raw`` is its whole text."""

    address: str
    values: tuple[Value, ...]
    raw: str


class Rest(NamedTuple):
    """Text that belongs to no data set."""

    text: str


def parse(text: str) -> Iterator[DataSet | Rest]:
    """The data sets of a block's text, and what is left over between them. Any text is taken; nothing is dropped."""
    at = 0
    for match in _SET.finditer(text):
        yield from _rest(text[at : match.start()])
        at = match.end()
        address, values = match.groups()
        yield DataSet(
            address.strip(),
            tuple(_value(value) for value in _VALUE.findall(values)),
            match.group().strip(_BLANK),
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
