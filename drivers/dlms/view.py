"""The association view: which objects a meter has and what may be done with them (classes 12 and 15, object_list).

Versions 0 to 3 of the association classes differ in how they say access rights; classes that nobody knows are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        """``rw``, a dash for what may not be; behind it ``a``, ``e``, ``s`` for a request that must be authenticated,
        encrypted, signed."""
        rights = ("r" if self & Access.READ else "-") + ("w" if self & Access.WRITE else "-")
        return rights + "".join(letter for need, letter in _NEEDS.items() if self & need)


_NEEDS = {Access.AUTHENTICATED_REQUEST: "a", Access.ENCRYPTED_REQUEST: "e", Access.SIGNED_REQUEST: "s"}
_READ_WRITE, _AUTHENTICATED = Access.READ | Access.WRITE, Access.AUTHENTICATED_REQUEST
#: access_mode of an attribute, versions 0 to 2 of the association: an enumeration (Blue Book, class 12).
_ATTRIBUTE_MODES = {
    0: Access.NONE, 1: Access.READ, 2: Access.WRITE, 3: _READ_WRITE,
    4: Access.READ | _AUTHENTICATED, 5: Access.WRITE | _AUTHENTICATED, 6: _READ_WRITE | _AUTHENTICATED,
}  # fmt: skip
#: access_mode of a method: no access, access, authenticated access; version 0 has a boolean.
_METHOD_MODES = {0: Access.NONE, 1: Access.WRITE, 2: Access.WRITE | _AUTHENTICATED}
#: From this version on an access_mode is eight bits, those of ``Access``; of a method the first bit says that it may be called.
_BITS_SINCE = 3
_LN_ASSOCIATION, _CURRENT = 15, bytes((0, 0, 40, 0, 0, 255))


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


def parse_view(value: Data) -> list[ObjectEntry]:
    """An object_list. Raises Damaged when it is none; an entry that is none is left out by nobody: it raises too."""
    if not isinstance(value, list):
        raise Damaged("an object list that is no array")
    bits = _version(value) >= _BITS_SINCE
    return [_entry(item, bits=bits) for item in value]


def _version(items: Sequence[Data]) -> int:
    """Of the association whose list it is: it is an object of its own list, else one of its kind; else the first one."""
    found = {
        item[2]: item[1]
        for item in items
        if isinstance(item, tuple) and len(item) == 4 and item[0] == _LN_ASSOCIATION and isinstance(item[1], int)
    }
    return int(found.get(_CURRENT, max(found.values(), default=0)))


def _entry(item: Data, *, bits: bool) -> ObjectEntry:
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
    attributes, methods, selectors = _rights(rights, bits)
    return ObjectEntry(class_id, class_version, _obis(name), attributes, methods, selectors)


def _obis(name: Data) -> Obis:
    if not isinstance(name, bytes) or len(name) != 6:
        raise Damaged(f"an object without a logical name: {name!r:.40}")
    return Obis.from_bytes(name)


def _rights(rights: Data, bits: bool) -> tuple[dict[int, Access], dict[int, Access], dict[int, tuple[int, ...]]]:
    attributes: dict[int, Access] = {}
    methods: dict[int, Access] = {}
    selectors: dict[int, tuple[int, ...]] = {}
    if not isinstance(rights, tuple) or len(rights) != 2:
        return attributes, methods, selectors
    for item in rights[0] if isinstance(rights[0], list) else []:
        if isinstance(item, tuple) and len(item) >= 2 and isinstance(item[0], int) and isinstance(item[1], int):
            attributes[item[0]] = Access(item[1] & 0xFF) if bits else _of_attribute(item[1])
            if len(item) > 2 and isinstance(item[2], list):
                selectors[item[0]] = tuple(one for one in item[2] if isinstance(one, int))
    for item in rights[1] if isinstance(rights[1], list) else []:
        if isinstance(item, tuple) and len(item) >= 2 and isinstance(item[0], int) and isinstance(item[1], int):
            mode = int(item[1])
            methods[item[0]] = _of_method(mode) if bits else _METHOD_MODES.get(mode, Access.NONE)
    return attributes, methods, selectors


def _of_attribute(mode: int) -> Access:
    """Of the enumeration; a meter that says more than it has says bits, as later versions do."""
    return _ATTRIBUTE_MODES.get(mode, Access(mode & 0xFF))


def _of_method(mode: int) -> Access:
    """Bits of a method: the second has no meaning, and the first is permission to call it, which is ``WRITE`` here."""
    return Access(mode & 0xFC) | Access.WRITE if mode & 1 else Access.NONE
