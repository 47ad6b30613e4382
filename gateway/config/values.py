"""Values as people write them in the configuration: durations, sizes, time zones, names, and where a secret is."""

from __future__ import annotations

import re
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PlainValidator, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_SIZES = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
_DURATION = re.compile(r"(\d+)\s*(ms|s|min|h|d)\Z")
_SIZE = re.compile(r"(\d+)\s*(kB|MB|GB)\Z")


def duration(value: object) -> timedelta:
    """``15min``, ``30 s``, ``1d``. Raises ValueError."""
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no duration: write a number and one of {', '.join(_UNITS)}, e.g. '15min'")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def size(value: object) -> int:
    """``200MB``, in bytes. Raises ValueError."""
    match = _SIZE.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no size: write a number and one of {', '.join(_SIZES)}, e.g. '200MB'")
    return int(match[1]) * _SIZES[match[2]]


def _zone(value: object) -> tzinfo:
    if not isinstance(value, str):
        raise ValueError("a time zone is a text, e.g. 'Europe/Berlin'")
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone; e.g. 'Europe/Berlin' or 'UTC'") from None


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("a path is a text")
    return Path(value)


_TEXT = WithJsonSchema({"type": "string"})
Duration = Annotated[timedelta, PlainValidator(duration), _TEXT]
Size = Annotated[int, PlainValidator(size), _TEXT]
FilePath = Annotated[Path, PlainValidator(_path), _TEXT]
Port = Annotated[int, Field(ge=1, le=65535)]
Zone = Annotated[tzinfo, PlainValidator(_zone), _TEXT]
#: Names of meters, sinks and the gateway: they stand in topics, file names and logs.
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
#: The name of a secret in the key file, the credentials or the environment; never the secret itself.
SecretName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]{1,80}$")]
