"""Every datatype takes what XML Schema takes, as libxml2 understands it; where they part is written down one by one."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from lxml import etree

from gateway.messages import datatypes
from gateway.messages.datatypes import Datatype

#: What each datatype is made to stumble over: texts in it and at its edges, which are then changed in a place or two.
SEEDS = {
    datatypes.BOOLEAN: ("true", "0", " false "),
    datatypes.INTEGER: ("123", "-5", "+0", "9" * 24, "0" * 23 + "1"),
    datatypes.DECIMAL: ("1.5", "-.5", "5.", "9" * 12 + "." + "9" * 12, "+0.000"),
    datatypes.FLOAT: ("1.5", "-.5e5", "INF", "-INF", "NaN", "5.", "1E400", "1e-400", ".5E+05"),
    datatypes.DATE_TIME: (
        "2026-01-01T00:00:00Z", "2026-12-31T24:00:00Z", "2026-06-30T23:59:59.123456789+14:00", "0001-01-01T00:00:00Z",
        "9999-12-31T24:00:00Z", "2024-02-29T12:00:00-00:30", "2026-01-01T00:00:00",
    ),
    datatypes.DATE: ("2026-01-01", "2026-02-28Z", "2024-02-29+14:00", "0001-01-01"),
    datatypes.TIME: ("00:00:00", "23:59:59.5Z", "24:00:00", "24:00:00.000", "06:00:00-14:00"),
}  # fmt: skip

ALPHABET = "0123456789+-.:TZeE "


@cache
def schema(base: str) -> etree.XMLSchema:
    xs = "http://www.w3.org/2001/XMLSchema"
    return etree.XMLSchema(etree.XML(f'<xs:schema xmlns:xs="{xs}"><xs:element name="v" type="{base}"/></xs:schema>'))


def changed(text: str, chance: Random) -> str:
    letters = list(text)
    for _ in range(chance.randint(0, 2)):
        place = chance.randrange(len(letters) + 1)
        if chance.random() < 0.5:
            letters[place : place + 1] = [chance.choice(ALPHABET)]
        elif chance.random() < 0.5:
            letters.insert(place, chance.choice(ALPHABET))
        else:
            del letters[place : place + 1]
    return "".join(letters)


def written_down(datatype: Datatype, text: str, accepted: bool) -> bool:
    """Whether libxml2 and the reader may part over ``text``; docs/messages.md says each of these."""
    bare = text.strip(" \t\r\n")
    if not accepted:
        # libxml2 keeps the white space around dates, times and infinities, which XML Schema (part 2, 4.3.6) takes away.
        return text != bare and schema(datatype.base).validate(element(bare))
    if datatype is datatypes.FLOAT:
        exponent = bare.lower().partition("e")[2].lstrip("+-")
        # libxml2 takes an exponent without digits; one of more than four is no quantity of anything.
        return bare[-1:] in "eE+-" or len(exponent) > 4
    if datatype in (datatypes.INTEGER, datatypes.DECIMAL):
        return sum(character.isdigit() for character in bare) > 24  # libxml2 before 2.13 gives up there too
    year = bare.lstrip("-").partition("-")[0]
    outside = bare.startswith("-") or len(year) > 4 or bare.startswith("9999-12-31T")  # years that Python has not
    return outside or (datatype is datatypes.DATE_TIME and not bare.endswith("Z") and bare[-6:-5] not in ("+", "-"))


def element(text: str) -> etree._Element:
    made = etree.Element("v")
    made.text = text
    return made


def judge(datatype: Datatype, text: str, count: int) -> None:
    chance = Random(f"{datatype.name} {text}")
    for number in range(count):
        candidate = changed(text, chance) if number else text
        accepted = schema(datatype.base).validate(element(candidate))
        try:
            datatype.parse(candidate)
            read = True
        except ValueError:
            read = False
        assert read is accepted or written_down(datatype, candidate, accepted), (candidate, accepted)


CASES = [
    pytest.param(datatype, text, id=f"{datatype.name} {text}") for datatype, texts in SEEDS.items() for text in texts
]


@pytest.mark.parametrize(("datatype", "text"), CASES)
def test_a_few_changes(datatype: Datatype, text: str) -> None:
    judge(datatype, text, 200)


@pytest.mark.slow
@pytest.mark.parametrize(("datatype", "text"), CASES)
def test_many_changes(datatype: Datatype, text: str) -> None:
    judge(datatype, text, 20_000)


@pytest.mark.parametrize("text", ["２０２６-01-01T00:00:00Z", "2026-01-01T00:00:0٣Z", "１", "1_0"])
def test_digits_of_other_scripts_are_no_digits(text: str) -> None:
    for datatype in SEEDS:
        with pytest.raises(ValueError):  # noqa: PT011 - the reason differs by datatype
            datatype.parse(text)
