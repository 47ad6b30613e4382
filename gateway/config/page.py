"""The reference of the configuration in docs/operating.md, made from the models. ``make pages`` writes it, a test checks it."""

from __future__ import annotations

import ast
import inspect
import types
import typing
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.config import headend, model, tls, values

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
BEGIN, END = "<!-- configuration: generated from gateway/config/model.py -->", "<!-- end of the configuration -->"

#: The tables in the order of the page: how the table is written, its model.
TABLES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("[gateway]", model.GatewayTable),
    ("[gateway.quota]", model.QuotaTable),
    ("[gateway.metrics]", model.MetricsTable),
    ("[[meter]]", model.MeterTable),
    ("[[meter.read]]", model.ReadTable),
    ("[[meter.limit]]", model.LimitTable),
    ("[meter.clock]", model.ClockTable),
    ("[[sink]], type http", model.HttpTable),
    ("[[sink]], type mqtt", model.MqttTable),
    ("[[sink]], type directory", model.DirectoryTable),
    ("[sink.tls]", tls.TlsTable),
    ("[headend]", headend.HeadEndTable),
    ("[headend.http]", headend.HttpDoorTable),
    ("[headend.http.tls]", headend.DoorTlsTable),
    ("[headend.mqtt]", headend.MqttDoorTable),
    ("[headend.directory]", headend.DirectoryDoorTable),
    ("[[headend.source]]", headend.SourceTable),
    ("[[headend.source.may]]", headend.GrantTable),
)

#: Where the tables are declared.
_MODELS = "gateway.config."
#: Types by how an operator writes their values.
_WRITTEN: tuple[tuple[object, str], ...] = (
    (values.Duration, "duration"),
    (values.Size, "size"),
    (values.Zone, "time zone"),
    (values.Identifier, "name"),
    (values.SecretName, "secret's name"),
    (values.FilePath, "path"),
    (model.Url, "URL"),
    (values.Port, "number"),
)


def reference() -> str:
    """Every table and key, its kind of value, default and meaning, as Markdown."""
    lines: list[str] = []
    for heading, table in TABLES:
        lines += ["", f"### `{heading}`", "", "| key | value | default | |", "| --- | --- | --- | --- |"]
        lines += _rows(table)
    return "\n".join(lines).strip()


def page(text: str) -> str:
    """``text`` with the reference as it must be. Raises ValueError when the two marks are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there is no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n{reference()}\n{END}{after}"


def _rows(table: type[BaseModel]) -> Iterator[str]:
    told = {
        key: text for cls in reversed(table.__mro__) if cls.__module__.startswith(_MODELS) for key, text in _told(cls)
    }
    for key, field in table.model_fields.items():
        if not _is_table(field.annotation):
            hints = typing.get_type_hints(table, include_extras=True)
            yield f"| `{key}` | {_kind(hints[key])} | {_default(field)} | {told[key]} |"


def _told(cls: type) -> Iterator[tuple[str, str]]:
    """The docstrings under the keys of a class."""
    (tree,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 - the source of a class is a class
    for one, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield one.target.id, " ".join(text.split())


def _is_table(annotation: object) -> bool:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return issubclass(annotation, BaseModel)
    return any(_is_table(inner) for inner in typing.get_args(annotation))


def _kind(hint: object) -> str:
    for known, written in _WRITTEN:
        if hint == known:
            return written
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _kind(inner[0])
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in inner)
    if origin is dict:
        return "table of codes"
    if origin is list:
        return f"list of {_kind(inner[0])}s"
    if origin in (typing.Union, types.UnionType):
        return _kind(next(one for one in inner if one is not type(None)))
    return {bool: "`true`, `false`", int: "number", Decimal: "number", str: "text"}.get(hint, "OBIS code")  # type: ignore[call-overload,no-any-return]


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    if field.is_required():
        return "required"
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, timedelta):
        return f"`{_duration(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int) and value >= 10**6:
        return f"`{value // 10**6}MB`"
    return f"`{value.as_posix() if isinstance(value, Path) else value}`"


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
