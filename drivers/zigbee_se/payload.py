"""Payloads of cluster commands by the definitions: a mapping of names to values, and back.

Optional fields stand at the end and may be cut off by an older device: they are then absent from the mapping. What comes
after the fields that SE 1.4 knows is a later edition's and is left alone (SE 1.4, 5.1). Numbers are as on the wire: which value means
"not used" is the affair of the command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.errors import BadFrame
from drivers.zigbee_se import zcl_types
from drivers.zigbee_se.definitions import Argument, Command, Side, definitions
from drivers.zigbee_se.zcl_types import Octets

#: Their length follows the suite of key establishment: 48 or 74 and 22 or 37 octets. Each stands last.
_BY_SUITE = ("Identity", "EphemeralData")


def command(cluster: int, side: Side, code: int) -> Command | None:
    """The command that ``side`` sends under this number, None for one that is not defined."""
    known = definitions().clusters.get(cluster)
    return known.commands.get((side, code)) if known else None


def decode(defined: Command, payload: bytes) -> dict[str, Any]:
    """The fields that are there, by name. Raises BadFrame when the payload ends inside of one."""
    octets = Octets(payload)
    fields: dict[str, Any] = {}
    for argument in defined.arguments:
        if argument.repeats:
            items = []
            while octets.left:
                items.append(_decode(argument.type, octets, argument.name))
            fields[argument.name] = items
        elif octets.left or argument.type in _BY_SUITE:
            fields[argument.name] = _decode(argument.type, octets, argument.name)
    return fields


def encode(defined: Command, fields: Mapping[str, Any]) -> bytes:
    """The payload of the fields given: all, or without the last ones. Raises ValueError for a gap or an unknown field."""
    unknown = fields.keys() - {one.name for one in defined.arguments}
    if unknown:
        raise ValueError(f"{defined.name} has no {', '.join(sorted(unknown))}")
    payload = b""
    missing: Argument | None = None
    for argument in defined.arguments:
        if argument.name not in fields:
            missing = missing or argument
            continue
        if missing:
            raise ValueError(f"{defined.name}: {missing.name} must be given where {argument.name} is")
        given = fields[argument.name]
        items = given if argument.repeats else [given]
        payload += b"".join(_encode(argument.type, item) for item in items)
    return payload


def _decode(kind: str, octets: Octets, what: str) -> Any:
    if kind in _BY_SUITE:
        return octets.rest()
    made = definitions().structs.get(kind)
    if isinstance(made, int):
        return octets.take(made, what)
    if made is not None:
        return {name: _decode(part, octets, f"{what}.{name}") for name, part in made}
    number = _number(kind)
    data = zcl_types.raw(number, octets, what)
    if number in (0x41, 0x42):
        if data == b"\xff":
            return None
        return data[1:] if number == 0x41 else data[1:].decode("utf-8", "replace")
    if number in (zcl_types.BY_NAME["IEEE_ADDRESS"], zcl_types.BY_NAME["DATE"]):
        return data
    return int.from_bytes(data, "little", signed=kind.endswith("S") and kind.startswith("INT"))


def _encode(kind: str, given: Any) -> bytes:
    if kind in _BY_SUITE:
        return bytes(given)
    made = definitions().structs.get(kind)
    if isinstance(made, int):
        if len(given) != made:
            raise ValueError(f"{kind} has {made} octets, not {len(given)}")
        return bytes(given)
    if made is not None:
        return b"".join(_encode(part, given[name]) for name, part in made)
    return zcl_types.encode(_number(kind), given)


def _number(kind: str) -> int:
    base = definitions().base.get(kind, kind)
    try:
        return zcl_types.BY_NAME[base]
    except KeyError:
        raise BadFrame(f"the definitions know no type {kind!r}") from None
