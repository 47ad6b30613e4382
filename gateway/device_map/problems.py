"""TOML files of people: read exactly, checked against a model, and all that is wrong said at once with file and line."""

from __future__ import annotations

import difflib
import re
import tomllib
import types
import typing
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from drivers.errors import UsageError
from gateway.device_map.toml_lines import line_of, lines

#: Such files are written by hand; one beyond this is something else.
_MOST_BYTES = 1 << 20
_AT_LINE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)")

T = TypeVar("T", bound=BaseModel)
Place = tuple[str | int, ...]


class TomlError(UsageError):
    """A file that cannot be used. ``problems`` are ``file:line: what`` lines, all that were found."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems), do="" if len(problems) < 2 else f"{len(problems)} things to correct")
        self.problems = tuple(problems)


def read(file: Path, error: type[TomlError] = TomlError) -> str:
    """The text of a file. Raises ``error``, and UsageError when it cannot be read at all."""
    try:
        data = file.read_bytes()
    except OSError as reason:
        raise UsageError(f"cannot be read ({reason.strerror})", where=str(file)) from reason
    if len(data) > _MOST_BYTES:
        raise error([f"{file}:1: {len(data)} bytes are too many for such a file"])
    try:
        return data.decode()
    except UnicodeDecodeError as reason:
        line = data[: reason.start].count(b"\n") + 1
        raise error([f"{file}:{line}: is not UTF-8"]) from None


class Problems:
    """What is wrong with one file so far, with the place."""

    def __init__(self, file: Path, text: str, error: type[TomlError] = TomlError) -> None:
        self.file = file
        self.text = text
        self._error = error
        self.found: list[tuple[Place, str]] = []

    def table(self) -> dict[str, Any]:
        """The text as tables, numbers exact. Raises the error when it is no TOML."""
        try:
            return tomllib.loads(self.text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            message = str(error)
            match = _AT_LINE.search(message)
            line = int(match[1]) if match and match[1] else self.text.count("\n") + 1
            raise self._error([f"{self.file}:{line}: is no TOML: {_AT_LINE.sub('', message)}"]) from None

    def add(self, path: Place, what: str) -> None:
        self.found.append((path, what))

    def model(self, model: type[T], value: object, path: Place = ()) -> T | None:
        """The value as ``model``, or None with what is wrong noted."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for fault in error.errors():
                inside = tuple(part for part in fault["loc"] if not _is_tag(part))
                where = ".".join(str(part) for part in (*path, *inside))
                self.add((*path, *inside), f"{where}: {_reason(fault, model, inside)}")
            return None

    def said(self) -> list[str]:
        """``file:line: what`` for everything that was found, in the order of the file."""
        if not self.found:
            return []
        known = lines(self.text)  # only now: a good file need not be read a second time
        placed = {(line_of(known, path), what) for path, what in self.found}
        return [f"{self.file}:{line}: {what}" for line, what in sorted(placed)]

    def done(self) -> None:
        """Raise the error when something was found."""
        if self.found:
            raise self._error(self.said())


def _is_tag(part: str | int) -> bool:
    """Whether a part of pydantic's location names a member of a union and no key of the text."""
    return isinstance(part, str) and ("[" in part or part.startswith("function-"))


def _reason(fault: Any, model: type[BaseModel], inside: Place) -> str:
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(inside[-1]), _keys(model, inside[:-1]), 1, 0.5)
        return f"no such key; did you mean {near[0]!r}?" if near else "no such key"
    if fault["type"] == "missing":
        return "is missing"
    text = str(fault["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _keys(model: type[BaseModel], path: Place) -> list[str]:
    """The keys that may stand at ``path`` inside a table of ``model``, of every model of a union."""
    at: list[type[BaseModel]] = [model]
    for part in path:
        if isinstance(part, str):
            at = [
                inner
                for one in at
                for name, field in one.model_fields.items()
                if part in (field.alias, name)
                for inner in _models(field.annotation)
            ]
    return [field.alias or name for one in at for name, field in one.model_fields.items()]


def _models(annotation: object) -> list[type[BaseModel]]:
    if (
        isinstance(annotation, type)
        and not isinstance(annotation, types.GenericAlias)
        and issubclass(annotation, BaseModel)
    ):
        return [annotation]
    return [found for inner in typing.get_args(annotation) for found in _models(inner)]
