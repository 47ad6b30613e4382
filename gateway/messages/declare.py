"""How a message is declared: a frozen dataclass a type, a field an element, in the order of the schema.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class PendingCalculation:
        multiply_before_add: bool | None = optional("multiplyBeforeAdd")
        scalar_float: Decimal | None = optional("scalarFloat", FLOAT)
        reading_type: str = required("ReadingType", REF)

``required``, ``optional`` and ``many`` say how often; the annotation says what: ``str``, ``bool``, ``int``, ``datetime``
(aware, UTC), a ``StrEnum`` (the schema's enumeration), or another declared class. ``Decimal`` and everything that is
narrower than its annotation names its datatype. ``items(cls)`` gives the declaration back for the writer, reader and schema.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from functools import cache
from typing import Any

from gateway.messages import datatypes
from gateway.messages.datatypes import Datatype

_KEY = "metergate"


class Shape(Enum):
    """What one item of a declaration is in XML."""

    ELEMENT = auto()
    #: An empty element whose content is its ``ref`` attribute.
    REFERENCE = auto()
    ATTRIBUTE = auto()
    #: The text of an element that also has attributes.
    TEXT = auto()
    #: One of several elements, told apart by the class of the value.
    ALTERNATIVES = auto()
    #: Elements of another namespace (``xs:any ##other``).
    FOREIGN = auto()


@dataclass(frozen=True, slots=True)
class Item:
    """One element, attribute or wildcard of a declared class.

    ``content`` is a Datatype, or a declared class; ``alternatives`` maps element names to declared classes. ``group`` names
    the choice that neighbouring items share: at most one of them may be present.
    """

    attribute: str
    name: str
    shape: Shape
    content: Datatype | type
    least: int
    many: bool
    group: str = ""
    alternatives: tuple[tuple[str, type], ...] = ()


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    least: int
    many: bool
    shape: Shape
    datatype: Datatype | None
    group: str


#: The datatype of a reference: an empty element with an attribute ``ref``.
REF = Datatype("ref", "xs:string", datatypes.parse_string, datatypes.print_attribute)


def _field(name: str, datatype: Datatype | None, least: int, many: bool, group: str, default: object) -> Any:
    shape = Shape.REFERENCE if datatype is REF else Shape.ELEMENT
    mark = _Mark(name, least, many, shape, datatype, group)
    return dataclasses.field(default=default, metadata={_KEY: mark})


def required(name: str, datatype: Datatype | None = None) -> Any:
    """An element that must stand exactly once."""
    return _field(name, datatype, 1, False, "", dataclasses.MISSING)


def optional(name: str, datatype: Datatype | None = None, *, group: str = "") -> Any:
    """An element that may stand once."""
    return _field(name, datatype, 0, False, group, None)


def many(name: str, datatype: Datatype | None = None, *, least: int = 0, group: str = "") -> Any:
    """An element that may repeat; it must stand at least ``least`` times."""
    return _field(name, datatype, least, True, group, dataclasses.MISSING if least else ())


def attribute(name: str) -> Any:
    """An optional attribute of type xs:string."""
    return dataclasses.field(default=None, metadata={_KEY: _Mark(name, 0, False, Shape.ATTRIBUTE, None, "")})


def text() -> Any:
    """The text of an element that has attributes."""
    return dataclasses.field(metadata={_KEY: _Mark("", 1, False, Shape.TEXT, None, "")})


def one_of() -> Any:
    """At most one of the elements named after the classes of the annotation's union."""
    return dataclasses.field(default=None, metadata={_KEY: _Mark("", 0, False, Shape.ALTERNATIVES, None, "")})


def any_of() -> Any:
    """Any number, in any order, of the elements named after the classes of the annotation's union."""
    return dataclasses.field(default=(), metadata={_KEY: _Mark("", 0, True, Shape.ALTERNATIVES, None, "")})


def foreign(*, most_one: bool = False, group: str = "") -> Any:
    """Elements of other namespaces: messages this project knows, and ``Foreign`` for the rest."""
    mark = _Mark("", 0, not most_one, Shape.FOREIGN, None, group)
    return dataclasses.field(default=None if most_one else (), metadata={_KEY: mark})


@dataclass(frozen=True, slots=True)
class Foreign:
    """An element of a namespace that this project does not know, as canonical XML."""

    name: str
    xml: bytes


@cache
def items(declared: type) -> tuple[Item, ...]:
    """The declaration of a class, in the order of the schema. Raises TypeError when it is not declared this way."""
    hints = typing.get_type_hints(declared)
    fields = dataclasses.fields(declared)
    return tuple(_item(field, hints[field.name]) for field in fields if _KEY in field.metadata)


def _item(field: dataclasses.Field[object], hint: object) -> Item:
    mark: _Mark = field.metadata[_KEY]
    inner = _without_none(_element_of(hint) if mark.many else hint)
    if mark.shape is Shape.FOREIGN:
        return Item(field.name, "", mark.shape, Foreign, mark.least, mark.many, mark.group)
    if mark.shape is Shape.ALTERNATIVES:
        classes = typing.get_args(inner) or (inner,)
        named = tuple((element_name(choice), choice) for choice in classes)
        return Item(field.name, "", mark.shape, object, mark.least, mark.many, mark.group, named)
    return Item(
        field.name, mark.name, mark.shape, mark.datatype or _type_of(inner, field), mark.least, mark.many, mark.group
    )


def _element_of(hint: object) -> object:
    """``X`` of ``tuple[X, ...]`` or ``Iterable[X]``."""
    origin = typing.get_origin(hint)
    if origin is tuple or (isinstance(origin, type) and issubclass(origin, Iterable)):
        return typing.get_args(hint)[0]
    raise TypeError(f"{hint!r} is no tuple or iterable: many() needs one")


def _without_none(hint: object) -> object:
    if typing.get_origin(hint) not in (types.UnionType, typing.Union):
        return hint
    rest = tuple(arm for arm in typing.get_args(hint) if arm is not types.NoneType)
    return rest[0] if len(rest) == 1 else typing.Union[rest]  # noqa: UP007  (built at run time)


_BY_ANNOTATION: dict[object, Datatype] = {
    str: datatypes.STRING,
    bool: datatypes.BOOLEAN,
    int: datatypes.INTEGER,
    datetime: datatypes.DATE_TIME,
}


def _type_of(hint: object, field: dataclasses.Field[object]) -> Datatype | type:
    if hint in _BY_ANNOTATION:
        return _BY_ANNOTATION[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return datatypes.enumeration(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint
    raise TypeError(f"{field.name}: {hint!r} needs a datatype by name")


def element_name(declared: type) -> str:
    """The element that a class of a choice stands for: its ``ELEMENT``, else its name."""
    return str(getattr(declared, "ELEMENT", declared.__name__))
