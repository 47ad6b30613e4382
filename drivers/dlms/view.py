"""The association view: which objects a meter has and what may be done with them (classes 12 and 15, object_list).

Versions 0 to 3 of the association classes differ in how they say access rights; classes that nobody knows are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from drivers.dlms.axdr import Data
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.cosem import class_name
from drivers.reading import Obis


class Access(IntFlag):
    """What may be done with an attribute or method, and how its request and answer must be protected."""

    NONE = 0
    READ = 1 << 0
    WRITE = 1 << 1
    AUTHENTICATED_REQUEST = 1 << 2
    ENCRYPTED_REQUEST = 1 << 3
    SIGNED_REQUEST = 1 << 4
    AUTHENTICATED_RESPONSE = 1 << 5
    ENCRYPTED_RESPONSE = 1 << 6
    SIGNED_RESPONSE = 1 << 7

    @property
    def letters(self) -> str:
        return ("r" if self & Access.READ else "-") + ("w" if self & Access.WRITE else "-")


#: access_mode of versions 0 to 2: none, r, w, rw, and from 4 on the same for authenticated requests only.
_MODES = {
    0: Access.NONE, 1: Access.READ, 2: Access.WRITE, 3: Access.READ | Access.WRITE,
    4: Access.AUTHENTICATED_REQUEST, 5: Access.READ | Access.AUTHENTICATED_REQUEST,
    6: Access.WRITE | Access.AUTHENTICATED_REQUEST, 7: Access.READ | Access.WRITE | Access.AUTHENTICATED_REQUEST,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """One object. ``attributes`` and ``methods``: number -> access; ``selectors``: attribute -> access selectors.

    ``base_name`` is the short name, None with logical names. With short names no rights are said and the maps are empty.
    """

    class_id: int
    version: int
    obis: Obis
    attributes: dict[int, Access]
    methods: dict[int, Access]
    selectors: dict[int, tuple[int, ...]]
    base_name: int | None = None

    @property
    def name(self) -> str:
        return class_name(self.class_id)

    def readable(self, attribute: int) -> bool:
        """Whether the view says so; where it says nothing, asking is right."""
        return not self.attributes or bool(self.attributes.get(attribute, Access.NONE) & Access.READ)


def parse_view(value: Data, *, association_version: int = 1) -> list[ObjectEntry]:
    """An object_list. Raises Damaged when it is none; an entry that is none is left out by nobody: it raises too."""
    if not isinstance(value, list):
        raise Damaged("an object list that is no array")
    return [_entry(item, association_version) for item in value]


def _entry(item: Data, version: int) -> ObjectEntry:
    if not isinstance(item, tuple) or len(item) != 4:
        raise Damaged(f"an object list element of another form: {item!r:.60}")
    if isinstance(item[3], bytes):  # short names: base_name, class_id, version, logical_name
        base, class_id, class_version, name = item
        if not all(isinstance(part, int) for part in (base, class_id, class_version)):
            raise Damaged("an object list element of another form")
        return ObjectEntry(int(class_id), int(class_version), _obis(name), {}, {}, {}, int(base) & 0xFFFF)
    class_id, class_version, name, rights = item
    if not isinstance(class_id, int) or not isinstance(class_version, int):
        raise Damaged("an object list element of another form")
    attributes, methods, selectors = _rights(rights, version)
    return ObjectEntry(class_id, class_version, _obis(name), attributes, methods, selectors)


def _obis(name: Data) -> Obis:
    if not isinstance(name, bytes) or len(name) != 6:
        raise Damaged(f"an object without a logical name: {name!r:.40}")
    return Obis.from_bytes(name)


def _rights(rights: Data, version: int) -> tuple[dict[int, Access], dict[int, Access], dict[int, tuple[int, ...]]]:
    attributes: dict[int, Access] = {}
    methods: dict[int, Access] = {}
    selectors: dict[int, tuple[int, ...]] = {}
    if not isinstance(rights, tuple) or len(rights) != 2:
        return attributes, methods, selectors
    for item in rights[0] if isinstance(rights[0], list) else []:
        if isinstance(item, tuple) and len(item) >= 2 and isinstance(item[0], int) and isinstance(item[1], int):
            attributes[item[0]] = _access(item[1], version)
            if len(item) > 2 and isinstance(item[2], list):
                selectors[item[0]] = tuple(one for one in item[2] if isinstance(one, int))
    for item in rights[1] if isinstance(rights[1], list) else []:
        if isinstance(item, tuple) and len(item) >= 2 and isinstance(item[0], int) and isinstance(item[1], int):
            # Version 0 says yes or no; later ones a mode, in which reading has no meaning.
            allowed = bool(item[1])
            rest = _access(item[1], version) & ~(Access.READ | Access.WRITE) if version >= 3 else Access.NONE
            methods[item[0]] = (Access.WRITE | rest) if allowed else Access.NONE
    return attributes, methods, selectors


def _access(mode: int, version: int) -> Access:
    if version >= 3:
        return Access(mode & 0xFF)
    return _MODES.get(mode, Access.NONE)
