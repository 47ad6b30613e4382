"""What an association sees of the meter: its objects, its rights on them, and the association object itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hil.dlms.axdr import ARRAY, BOOLEAN, ENUM, INT8, INT16, NULL, UINT8, UINT16, Data, array, octets, structure
from hil.dlms.cosem_object import (
    READ_WRITE_DENIED,
    SCOPE_VIOLATED,
    UNDEFINED,
    CosemObject,
    Refused,
    Selection,
)
from hil.dlms.obis import logical_name

#: Identity, clock and the current association: what a public client sees.
_PUBLIC_GROUP_C = {0, 1, 40, 41, 42, 43, 96}


@dataclass(frozen=True, slots=True)
class AssociationRule:
    """One way in. ``client`` is the client's SAP; ``mechanism`` 0 (none) to 7; ``secret`` its password or HLS secret.

    ``public`` shows identity, clock and invocation counters only; ``writes`` False refuses every SET and ACTION.
    ``version`` is that of the association object, 0 to 3: rights are written differently. ``ciphering`` is the least
    protection it asks for: "" none, "authentication", "encryption" or "both". ``longest_challenge`` is what it takes.
    """

    client: int
    mechanism: int = 0
    secret: bytes = b""
    short_names: bool = False
    public: bool = False
    writes: bool = True
    version: int = 1
    ciphering: str = ""
    longest_challenge: int = 64


@dataclass(slots=True)
class View:
    """The objects of a meter through one association."""

    rule: AssociationRule
    objects: Iterable[CosemObject]
    _by_name: dict[tuple[int, bytes], CosemObject] = field(init=False)

    def __post_init__(self) -> None:
        shown = [each for each in self.objects if not self.rule.public or _is_public(each)]
        self._by_name = {(each.class_id, each.name): each for each in shown}

    def all(self) -> list[CosemObject]:
        return list(self._by_name.values())

    def add(self, each: CosemObject) -> None:
        self._by_name[each.class_id, each.name] = each

    def find(self, class_id: int, name: bytes) -> CosemObject:
        try:
            return self._by_name[class_id, name]
        except KeyError:
            raise Refused(UNDEFINED) from None

    def read(self, class_id: int, name: bytes, attribute: int, selection: Selection | None) -> Data:
        """Raises Refused."""
        found = self.find(class_id, name).attributes.get(attribute)
        if found is None:
            raise Refused(UNDEFINED)
        if found.get is None:
            raise Refused(READ_WRITE_DENIED)
        if selection is not None and selection.selector not in found.selectors:
            raise Refused(SCOPE_VIOLATED)
        return found.get(selection)

    def write(self, class_id: int, name: bytes, attribute: int, data: Data) -> None:
        """Raises Refused."""
        found = self.find(class_id, name).attributes.get(attribute)
        if found is None:
            raise Refused(UNDEFINED)
        if found.put is None or not self.rule.writes:
            raise Refused(READ_WRITE_DENIED)
        found.put(data)

    def call(self, class_id: int, name: bytes, method: int, parameter: Data | None) -> Data | None:
        """Raises Refused. The reply to an HLS challenge is always allowed."""
        found = self.find(class_id, name)
        if method not in found.methods:
            raise Refused(UNDEFINED)
        if not self.rule.writes and class_id not in (12, 15):
            raise Refused(READ_WRITE_DENIED)
        return found.methods[method](parameter)

    def object_list(self) -> Data:
        """Attribute 2 of the association object, with the rights as its version writes them."""
        return array(
            structure(Data(UINT16, each.class_id), Data(UINT8, each.version), octets(each.name), self._rights(each))
            for each in self.all()
        )

    def short_object_list(self) -> Data:
        """Attribute 2 of the association of short names: base name, class, version, logical name."""
        return array(
            structure(
                # A base name is a signed number there.
                Data(INT16, each.base_name - 0x10000 if each.base_name > 0x7FFF else each.base_name),
                Data(UINT16, each.class_id),
                Data(UINT8, each.version),
                octets(each.name),
            )
            for each in self.all()
        )

    def _rights(self, each: CosemObject) -> Data:
        modes = []
        for number, attribute in sorted(each.attributes.items()):
            mode = self._mode((attribute.get is not None) | (attribute.put is not None and self.rule.writes) << 1)
            selectors = (
                Data(ARRAY, tuple(Data(INT8, one) for one in attribute.selectors))
                if attribute.selectors
                else Data(NULL)
            )
            modes.append(structure(Data(INT8, number), Data(ENUM, mode), selectors))
        allowed = self.rule.writes or each.class_id in (12, 15)
        calls = [structure(Data(INT8, number), self._call_mode(allowed)) for number in sorted(each.methods)]
        return structure(array(modes), array(calls))

    def _mode(self, mode: int) -> int:
        """access_mode of an attribute that may be read (1), written (2) or both: up to version 2 three more where a request
        must be authenticated; from version 3 on bits, of the protection of requests and of responses."""
        if self.rule.version >= 3:
            return mode | self._protection() if mode else 0
        return mode + 3 if mode and self.rule.ciphering in ("authentication", "both") else mode

    def _call_mode(self, allowed: bool) -> Data:
        """Of a method: version 0 has a boolean, 1 and 2 a mode, 3 bits of which the first is access."""
        if self.rule.version == 0:
            return Data(BOOLEAN, allowed)
        if self.rule.version >= 3:
            return Data(ENUM, 1 | self._protection() if allowed else 0)
        return Data(ENUM, allowed * (2 if self.rule.ciphering in ("authentication", "both") else 1))

    def _protection(self) -> int:
        bits = {"": 0, "authentication": 0x24, "encryption": 0x48, "both": 0x6C}
        return bits[self.rule.ciphering]


def _is_public(each: CosemObject) -> bool:
    return each.name[2] in _PUBLIC_GROUP_C and each.class_id in (1, 8, 15, 17)


#: The current association, and those of the other clients are at D = 1 and on.
CURRENT_ASSOCIATION = logical_name("0-0:40.0.0*255")
