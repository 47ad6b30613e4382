"""The services of ``services`` by short names: the meter's object list says which base name an object has."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.dlms import axdr, sn_apdus
from drivers.dlms.association import Association, Exchange
from drivers.dlms.bytes_reader import Damaged, Reader
from drivers.dlms.conformance import Conformance
from drivers.dlms.cosem import Attribute, ClassId, Method, Selection
from drivers.dlms.ln_apdus import Block, Result
from drivers.dlms.refusals import Refusal
from drivers.dlms.sn_apdus import Name, Parameterised
from drivers.errors import NotSupported
from drivers.reading import Obis

#: The association object, which every meter with short names has (Green Book, 4.4.3).
ASSOCIATION = 0xFA00
#: Where the first method of a class lies behind the base name, and the first it counts from (Blue Book, clause 4).
_METHODS = {
    ClassId.REGISTER: 0x28, ClassId.EXTENDED_REGISTER: 0x38, ClassId.DEMAND_REGISTER: 0x48,
    ClassId.REGISTER_ACTIVATION: 0x30, ClassId.PROFILE_GENERIC: 0x58, ClassId.CLOCK: 0x60, ClassId.SCRIPT_TABLE: 0x20,
    ClassId.ASSOCIATION_SN: 0x20, ClassId.SAP_ASSIGNMENT: 0x20, ClassId.IMAGE_TRANSFER: 0x40,
    ClassId.DISCONNECT_CONTROL: 0x20, ClassId.MBUS_CLIENT: 0x60, ClassId.PUSH_SETUP: 0x38, ClassId.SECURITY_SETUP: 0x30,
}  # fmt: skip
_MOST_OCTETS = 1 << 22
#: The most that stands around the octets of one block of a long WRITE: tag, count, choice, last, number, count, type, length.
_BLOCK_HEAD = 12


def _base(association: Association, class_id: int, obis: Obis) -> int:
    if class_id == ClassId.ASSOCIATION_SN:
        return ASSOCIATION
    base = association.base_names.get(obis)
    if base is None:
        raise NotSupported(f"the meter's object list has no {obis}", do="metergate scan shows what it has")
    return base


def _item(association: Association, attribute: Attribute, selection: Selection | None) -> Name | Parameterised:
    name = _base(association, attribute.class_id, attribute.obis) + 8 * (attribute.number - 1) & 0xFFFF
    return Name(name) if selection is None else Parameterised(name, *selection)


def get(association: Association, attribute: Attribute, selection: Selection | None = None) -> Exchange[Result]:
    found = yield from get_many(association, [(attribute, selection)])
    return found[0]


def get_many(association: Association, wanted: Sequence[tuple[Attribute, Selection | None]]) -> Exchange[list[Result]]:
    items: list[Name | Parameterised] = []
    found: list[Result | None] = []
    for attribute, selection in wanted:
        try:
            items.append(_item(association, attribute, selection))
            found.append(None)
        except NotSupported:
            found.append(Refusal(4))  # object undefined
    at_once = 30 if association.can & Conformance.MULTIPLE_REFERENCES else 1
    answers: list[Result] = []
    for start in range(0, len(items), at_once):
        answers += yield from _read(association, items[start : start + at_once])
    following = iter(answers)
    return [next(following) if one is None else one for one in found]


def _read(association: Association, items: Sequence[Name | Parameterised]) -> Exchange[list[Result]]:
    answer = yield from association.exchange(sn_apdus.read(items))
    found = sn_apdus.parse_read(answer)
    if len(found) == 1 and isinstance(found[0], Block):
        body = yield from _rest(association, found[0])
        found = _results(body, len(items))
    results = [one for one in found if not isinstance(one, Block)]
    if len(results) != len(items):
        raise Damaged(f"{len(items)} names asked for, {len(results)} answers")
    return results


def _results(body: bytes, wanted: int) -> list[Result | Block]:
    """The answers in an assembled body: the list that a READ response holds, or, from some meters, one value alone."""
    reader = Reader(body)
    try:
        found = sn_apdus.read_results(reader)
        reader.done("a READ response")
    except Damaged:
        if wanted != 1:
            raise
        axdr.decode(body)
        return [body]
    return found


def _rest(association: Association, block: Block) -> Exchange[bytes]:
    parts = bytearray()
    expected = 1
    while True:
        if block.number != expected or isinstance(block.data, Refusal):
            raise Damaged(f"block {block.number} where {expected} was awaited", do="read again")
        parts += block.data
        if len(parts) > _MOST_OCTETS:
            raise Damaged(f"an answer of more than {_MOST_OCTETS} octets")
        if block.last:
            return bytes(parts)
        answer = yield from association.exchange(sn_apdus.read_block(expected))
        found = sn_apdus.parse_read(answer)
        if len(found) != 1 or not isinstance(found[0], Block):
            raise Damaged("a value where the next block was awaited")
        block = found[0]
        expected += 1


def put(association: Association, attribute: Attribute, data: bytes) -> Exchange[Refusal | None]:
    """Set one attribute to A-XDR ``data``. Returns the refusal, or None."""
    return (yield from _write(association, _item(association, attribute, None), data))


def act(association: Association, method: Method, data: bytes | None) -> Exchange[Result | None]:
    first = _METHODS.get(method.class_id)
    if first is None:
        raise NotSupported(f"where the methods of class {method.class_id} lie by short names is not known")
    name = _base(association, method.class_id, method.obis) + first + 8 * (method.number - 1) & 0xFFFF
    parameters = data if data is not None else bytes((axdr.INTEGER, 0))
    return (yield from _write(association, Name(name), parameters))


def _write(association: Association, name: Name | Parameterised, data: bytes) -> Exchange[Refusal | None]:
    """One WRITE; in blocks where it does not fit an APDU, which carry the request without its tag."""
    request = sn_apdus.write([(name, data)])
    if association.fits(request):
        return _written((yield from association.exchange(request)))
    if not association.can & Conformance.BLOCK_TRANSFER_WITH_SET:
        raise NotSupported(f"{len(data)} octets do not fit an APDU, and the meter takes no long WRITE")
    size = association.room - _BLOCK_HEAD
    parts = [request[at : at + size] for at in range(1, len(request), size)]
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        answer = yield from association.exchange(sn_apdus.write_block(number, last, part))
        if last:
            break
        found = sn_apdus.parse_write(answer)
        if len(found) == 1 and isinstance(found[0], Refusal):
            return found[0]
        if found != [number]:
            raise Damaged(f"block {number} was sent, and the meter answers {found}")
    return _written(answer)


def _written(answer: bytes) -> Refusal | None:
    found = sn_apdus.parse_write(answer)
    if len(found) != 1 or isinstance(found[0], int):
        raise Damaged("no result of a WRITE")
    return found[0]
