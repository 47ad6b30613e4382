"""The association view for a person, and as the beginning of a device map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drivers.dlms.cosem import ClassId
from drivers.dlms.view import Access, ObjectEntry


def view_table(objects: Sequence[ObjectEntry]) -> str:
    """A line an object: its name, class, version and rights, ``2:r-`` an attribute (``Access.letters``), ``m1`` a method that may be called."""
    lines = []
    for one in sorted(objects, key=lambda entry: entry.obis):
        base = f" {one.base_name:#06x}" if one.base_name is not None else ""
        rights = " ".join(f"{number}:{access.letters}" for number, access in sorted(one.attributes.items()))
        methods = " ".join(f"m{number}" for number, access in sorted(one.methods.items()) if access & Access.WRITE)
        lines.append(f"{one.obis!s:20}{base} {one.name} v{one.version}  {rights} {methods}".rstrip())
    return "\n".join(lines)


def view_sweep(logical_device_name: str, objects: Sequence[ObjectEntry]) -> Mapping[str, object]:
    """What ``metergate map new --from`` drafts a map of."""
    return {
        "kind": "dlms",
        "logical_device_name": logical_device_name,
        "registers": [
            {"obis": str(one.obis), "class": one.class_id}
            for one in objects
            if one.class_id in (ClassId.REGISTER, ClassId.EXTENDED_REGISTER, ClassId.DEMAND_REGISTER)
        ],
        "profiles": [str(one.obis) for one in objects if one.class_id == ClassId.PROFILE_GENERIC],
        "unknown": [
            {"obis": str(one.obis), "class": one.class_id, "version": one.version}
            for one in objects
            if one.name.startswith("class ")
        ],
    }
