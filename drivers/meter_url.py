"""The address of a meter: ``scheme:path?name=value`` for serial devices, ``scheme://host:port?...`` for the network."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from drivers.errors import UsageError

#: Parameter names that would carry a secret: refused, because a URL is printed, logged and kept in shell histories.
_SECRET = ("password", "key", "secret", "pin", "ek", "ak", "lls", "hls", "token")


@dataclass(frozen=True, slots=True)
class MeterUrl:
    """``scheme``; either ``path`` (a serial device) or ``host`` and ``port``; and the parameters."""

    text: str
    scheme: str
    path: str = ""
    host: str = ""
    port: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text

    def known(self, names: Iterable[str]) -> None:
        """Raise UsageError, naming the nearest right one, when a parameter is not among ``names``."""
        names = sorted(names)
        for name in self.parameters:
            if name not in names:
                near = difflib.get_close_matches(name, names, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"{self.scheme} knows {', '.join(names) or 'none'}"
                raise UsageError(f"parameter {name!r} is not known", where=self.text, do=hint)

    def get(self, name: str, default: str = "") -> str:
        return self.parameters.get(name, default)

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """The parameter as a whole number in ``low..high`` (also ``0x..``). Raises UsageError otherwise."""
        text = self.parameters.get(name)
        if text is None:
            return default
        try:
            value = int(text, 0) if text.lower().startswith("0x") else int(text, 10)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise UsageError(f"{name}={text} is not a whole number from {low} to {high}", where=self.text)
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """The parameter as yes or no. Raises UsageError for another word."""
        text = self.parameters.get(name)
        if text is None:
            return default
        if text.lower() in ("1", "yes", "true", "on"):
            return True
        if text.lower() in ("0", "no", "false", "off"):
            return False
        raise UsageError(f"{name}={text} is neither yes nor no", where=self.text)


def parse(text: str) -> MeterUrl:
    """Read a meter's URL; a bare path gives the scheme ``""`` ("find out"). Raises UsageError with the reason."""
    if text.startswith(("/", "./", "../")):
        path, _, query = text.partition("?")
        return MeterUrl(text, "", path=path, parameters=_parameters(text, query))
    scheme, colon, rest = text.partition(":")
    if not colon or not scheme:
        raise UsageError(
            f"{text!r} is no meter URL",
            do="write scheme:/dev/ttyUSB0 or scheme://host:port, e.g. iec62056-21:/dev/ttyUSB0",
        )
    scheme = scheme.lower()
    if not rest.startswith("//"):
        path, _, query = rest.partition("?")
        return MeterUrl(text, scheme, path=unquote(path), parameters=_parameters(text, query))
    try:
        parts = urlsplit("x:" + rest)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{text!r} is no meter URL: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "a URL must not carry a user or password",
            where=f"{scheme}://{parts.hostname}",
            do="use --keys FILE or the environment",
        )
    if not parts.hostname:
        raise UsageError("the host is missing", where=text)
    return MeterUrl(
        text, scheme, host=parts.hostname, port=port, path=parts.path, parameters=_parameters(text, parts.query)
    )


def _parameters(text: str, query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.lower() in _SECRET:
            raise UsageError(
                f"a URL must not carry the secret {name!r}",
                where=text.partition("?")[0],
                do="use --keys FILE or the environment",
            )
        if name in parameters:
            raise UsageError(f"parameter {name!r} is given twice", where=text)
        parameters[name] = value
    return parameters
