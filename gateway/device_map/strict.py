"""What the models of a map have in common: nothing unknown is taken, nothing is converted in silence."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from drivers.reading import Obis


class Strict(BaseModel):
    """A table of a map: an unknown key is an error, and no text stands for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Wrong(Exception):
    """Raised by a section's ``part()``: pairs of (path inside the section, what is wrong there)."""

    def __init__(self, *problems: tuple[tuple[str | int, ...], str]) -> None:
        super().__init__("; ".join(text for _, text in problems))
        self.problems = problems


def _exact(value: object) -> object:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _obis(value: object) -> Obis:
    if not isinstance(value, str):
        raise ValueError("an OBIS code is a text, A-B:C.D.E*F")
    return Obis.parse(value)


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


#: An exact number: a TOML integer or float, read as a Decimal.
Exact = Annotated[Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False), WithJsonSchema({"type": "number"})]
#: An OBIS code with all its groups, ``1-0:1.8.0*255`` or ``1-0:1.8.0``.
ObisCode = Annotated[
    Obis, PlainValidator(_obis), WithJsonSchema({"type": "string", "pattern": r"^\d+-\d+:\d+\.\d+\.\d+([*&.]\d+)?$"})
]
#: A regular expression (Python's ``re``), searched for and not anchored.
Pattern = Annotated[str, AfterValidator(_pattern)]
