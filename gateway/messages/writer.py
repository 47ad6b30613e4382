"""Messages to XML, streamed: memory does not grow with the number of rows.

For each declared class a writer is made once from its declaration; writing is then a walk over plain values. Any ``many``
field may be a lazy iterable, so that the rows of a load profile are made while they are written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, Protocol

from gateway.messages.datatypes import Datatype, print_attribute
from gateway.messages.declare import Foreign, Item, Shape, items
from gateway.messages.editions import ED2, Edition
from gateway.messages.errors import CannotWrite

#: Pieces of text that are gathered before they go to the file: about 64 KiB of interval readings.
_FULL = 4096

XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Sink(Protocol):
    """Where the bytes go: an open file, a socket's file, a BytesIO."""

    def write(self, data: bytes, /) -> object: ...


class Output(list[str]):
    """Pieces of text on their way to a sink."""

    def __init__(self, sink: Sink, edition: Edition) -> None:
        super().__init__()
        self._sink = sink
        self.edition = edition

    def drain(self) -> None:
        """Everything gathered so far goes to the sink."""
        self._sink.write("".join(self).encode())
        self.clear()


Step = Callable[[Any, Output], None]


def write_element(message: object, output: Output) -> None:
    """One root element of a payload or of the envelope, with its namespace as the default of everything inside."""
    kind: type = type(message)
    space = getattr(kind, "NAMESPACE", "")
    if space == ED2.envelope:
        name, space = kind.__name__, output.edition.envelope
    else:
        name, space = output.edition.element(kind.__name__), space or output.edition.namespace(kind.__name__)
    write_root(message, output, name, f'xmlns="{print_attribute(space)}"', content(kind))


def write_root(message: object, output: Output, name: str, declarations: str, inside: Step) -> None:
    """An element with its namespace ``declarations`` around what ``inside`` writes. Raises CannotWrite."""
    try:
        output.append(f"<{name} {declarations}>")
        inside(message, output)
    except _Fault as fault:
        raise CannotWrite(
            fault.what, xpath="/" + "/".join(filter(None, [name, *reversed(fault.path)]))
        ) from fault.__cause__
    output.append(f"</{name}>")


class _Fault(Exception):
    """A value that cannot be written, on its way up; each level adds its element."""

    def __init__(self, what: str, element: str) -> None:
        super().__init__(what)
        self.what = what
        self.path = [element]


@cache
def content(declared: type, prefix: str = "", local: tuple[str, ...] = ()) -> Step:
    """The writer of what stands between the tags of an element of this class.

    Its own elements are written with ``prefix``, and within those named in ``local`` the next level too (``typed.py``).
    """
    parts = [item for item in items(declared) if item.shape is not Shape.ATTRIBUTE]
    steps = [(_step(item, prefix, prefix if item.name in local else ""), item) for item in parts]
    if len(parts) == 1:
        getter = attrgetter(parts[0].attribute)
        values: Callable[[object], tuple[object, ...]] = lambda record: (getter(record),)  # noqa: E731
    else:
        values = attrgetter(*(item.attribute for item in parts)) if parts else lambda record: ()
    choices = _groups(parts)

    def write_content(record: object, output: Output) -> None:
        for (step, item), value in zip(steps, values(record), strict=True):
            if value is None:
                if item.least:
                    raise _Fault("must have a value", item.name)
                continue
            try:
                step(value, output)
            except _Fault as fault:
                if not item.many:
                    fault.path.append(item.name)
                raise
            except (ValueError, TypeError) as error:
                raise _Fault(str(error), item.name or item.attribute) from error

    if not choices:
        return write_content

    def write_choice(record: object, output: Output) -> None:
        for names in choices:
            present = [name for name in names if getattr(record, name) not in (None, ())]
            if len(present) > 1:
                raise _Fault(f"only one of {', '.join(present)} may be present", present[1])
        write_content(record, output)

    return write_choice


def _groups(parts: list[Item]) -> list[list[str]]:
    names = dict.fromkeys(item.group for item in parts if item.group)
    return [[item.attribute for item in parts if item.group == name] for name in names]


def _step(item: Item, prefix: str, inside: str) -> Step:
    if item.shape is Shape.TEXT:
        return _text_step(item)
    one: Step
    if item.shape is Shape.FOREIGN:
        one = _foreign_step
    elif item.shape is Shape.ALTERNATIVES:
        one = _alternatives_step(item)
    else:
        one = _element_step(prefix + item.name, item.content, inside)
    return _many_step(one, item) if item.many else one


def _text_step(item: Item) -> Step:
    to_xml = _datatype(item).to_xml
    return lambda value, output: output.append(to_xml(value))


def _datatype(item: Item) -> Datatype:
    if not isinstance(item.content, Datatype):
        raise TypeError(f"{item.attribute} has no datatype")
    return item.content


def _many_step(one: Step, item: Item) -> Step:
    least, name = item.least, item.name

    def step(values: Any, output: Output) -> None:
        count = 0
        for count, value in enumerate(values, 1):
            try:
                one(value, output)
            except _Fault as fault:
                fault.path.append(f"{name}[{count}]")
                raise
            if len(output) > _FULL:
                output.drain()
        if count < least:
            raise _Fault(f"must stand at least {least} times", name)

    return step


def _element_step(name: str, kind: Datatype | type, inside: str = "") -> Step:
    """One element of a datatype or of a declared class, whose own elements have the prefix ``inside``."""
    if isinstance(kind, Datatype):
        to_xml = kind.to_xml
        if kind.name == "ref":
            opening, closing = f'<{name} ref="', '"/>'
        else:
            opening, closing = f"<{name}>", f"</{name}>"
        return lambda value, output: output.append(opening + to_xml(value) + closing)
    inner = content(kind, inside)
    attributes = [item for item in items(kind) if item.shape is Shape.ATTRIBUTE]
    plain, ending = f"<{name}>", f"</{name}>"

    def step(record: object, output: Output) -> None:
        if record.__class__ is not kind:
            raise TypeError(f"{type(record).__name__} where {kind.__name__} belongs")
        output.append(plain if not attributes else f"<{name}{_attributes(record, attributes)}>")
        inner(record, output)
        output.append(ending)

    return step


def _attributes(record: object, attributes: list[Item]) -> str:
    values = [(item.name, getattr(record, item.attribute)) for item in attributes]
    return "".join(f' {name}="{print_attribute(value)}"' for name, value in values if value is not None)


def _alternatives_step(item: Item) -> Step:
    steps = {choice: _element_step(name, choice) for name, choice in item.alternatives}

    def step(value: object, output: Output) -> None:
        if type(value) not in steps:
            raise TypeError(f"{type(value).__name__} is none of {', '.join(name for name, _ in item.alternatives)}")
        steps[type(value)](value, output)

    return step


def _foreign_step(value: object, output: Output) -> None:
    """An element of another namespace: canonical XML as it came, or a message of ours with its own namespace."""
    if isinstance(value, Foreign):
        output.append(value.xml.decode())
        return
    write_element(value, output)
