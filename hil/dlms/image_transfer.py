"""Image transfer (class 18): a firmware image in blocks, verified, activated; and how far it has come."""

from __future__ import annotations

from hil.dlms.axdr import BIT_STRING, BOOLEAN, ENUM, UINT32, Data, array, octets, structure
from hil.dlms.cosem_object import (
    OTHER,
    TEMPORARY_FAILURE,
    TYPE_UNMATCHED,
    Attribute,
    CosemObject,
    Refused,
    computed,
    fixed,
)
from hil.dlms.obis import logical_name

NOT_INITIATED, INITIATED, VERIFIED, VERIFICATION_FAILED, ACTIVATED = 0, 1, 3, 4, 6


class ImageTransfer:
    """An image that begins with ``BAD`` does not verify."""

    def __init__(self, block_size: int = 128) -> None:
        self.block_size = block_size
        self.status = NOT_INITIATED
        self._enabled = True
        self._identification = b""
        self._size = 0
        self._blocks: dict[int, bytes] = {}

    @property
    def _count(self) -> int:
        return -(-self._size // self.block_size)

    def object(self) -> CosemObject:
        return CosemObject(
            18,
            0,
            logical_name("0-0:44.0.0*255"),
            {
                2: fixed(Data(UINT32, self.block_size)),
                3: computed(lambda: Data(BIT_STRING, "".join("01"[n in self._blocks] for n in range(self._count)))),
                4: computed(lambda: Data(UINT32, self._first_missing())),
                5: Attribute(lambda _: Data(BOOLEAN, self._enabled), self._enable),
                6: computed(lambda: Data(ENUM, self.status)),
                7: computed(self._to_activate),
            },
            {1: self._initiate, 2: self._block, 3: self._verify, 4: self._activate},
        )

    def _first_missing(self) -> int:
        return next((number for number in range(self._count) if number not in self._blocks), self._count)

    def _to_activate(self) -> Data:
        if self.status != VERIFIED:
            return array(())
        return array([structure(Data(UINT32, self._size), octets(self._identification), octets(b""))])

    def _enable(self, data: Data) -> None:
        if data.tag != BOOLEAN:
            raise Refused(TYPE_UNMATCHED)
        self._enabled = data.value

    def _initiate(self, parameter: Data | None) -> None:
        if not self._enabled or parameter is None or parameter.tag != 2:
            raise Refused(OTHER)
        self._identification, self._size = (part.value for part in parameter.value)
        self._blocks.clear()
        self.status = INITIATED

    def _block(self, parameter: Data | None) -> None:
        if self.status != INITIATED or parameter is None or parameter.tag != 2:
            raise Refused(OTHER)
        number, content = (part.value for part in parameter.value)
        if number >= self._count or len(content) > self.block_size:
            raise Refused(OTHER)
        self._blocks[number] = content

    def _verify(self, _: Data | None) -> None:
        if self.status != INITIATED or self._first_missing() != self._count:
            raise Refused(TEMPORARY_FAILURE)
        self.status = VERIFICATION_FAILED if self._blocks[0].startswith(b"BAD") else VERIFIED

    def _activate(self, _: Data | None) -> None:
        if self.status != VERIFIED:
            raise Refused(OTHER)
        self.status = ACTIVATED
