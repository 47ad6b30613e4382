"""GET, SET and ACTION with logical names (IEC 62056-5-3, 7.4): requests to bytes, responses to values.

The plain requests are written by dlms-cosem; those with blocks and those it writes wrongly are written here. Responses
are read here: what it returns cannot carry an unknown result, and its answers to lists lose rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from drivers.dlms import axdr
from drivers.dlms.bytes_reader import Damaged, Reader, length, octets
from drivers.dlms.cosem import Attribute, Method, Selection
from drivers.dlms.refusals import Refusal

GET_REQUEST, SET_REQUEST, EVENT_NOTIFICATION, ACTION_REQUEST = 0xC0, 0xC1, 0xC2, 0xC3
GET_RESPONSE, SET_RESPONSE, ACTION_RESPONSE = 0xC4, 0xC5, 0xC7

#: A value as A-XDR bytes, or the object's refusal.
Result = bytes | Refusal


class Block(NamedTuple):
    """One block of a long answer. ``data`` is part of an APDU's body, or why there is no more."""

    number: int
    last: bool
    data: Result


class Acknowledged(NamedTuple):
    """The meter took a block and waits for the next."""

    number: int


def _invoke(invoke_id: int) -> Any:
    from dlms_cosem.protocol.xdlms import InvokeIdAndPriority

    return InvokeIdAndPriority(invoke_id, confirmed=True, high_priority=True)


def _octet(invoke_id: int) -> bytes:
    return bytes((0xC0 | invoke_id,))


def _attribute(attribute: Attribute) -> Any:
    from dlms_cosem import cosem

    # A plain number where the library has an enumeration: it must carry classes that it does not know.
    return cosem.CosemAttribute(attribute.class_id, cosem.Obis(*attribute.obis), attribute.number)


def _method(method: Method) -> Any:
    from dlms_cosem import cosem

    return cosem.CosemMethod(method.class_id, cosem.Obis(*method.obis), method.number)


def reference(item: Attribute | Method, selection: Selection | None = None) -> bytes:
    """The descriptor of an attribute with its access selection, as lists and first blocks hold it."""
    head = item.class_id.to_bytes(2, "big") + bytes(item.obis) + bytes((item.number,))
    if isinstance(item, Method):
        return head
    return head + (b"\x01" + selection.to_bytes() if selection else b"\x00")


def get(invoke_id: int, attribute: Attribute, selection: Selection | None = None) -> bytes:
    from dlms_cosem.protocol.xdlms import GetRequestNormal

    return bytes(GetRequestNormal(_attribute(attribute), _invoke(invoke_id), selection).to_bytes())


def get_next(invoke_id: int, block: int) -> bytes:
    from dlms_cosem.protocol.xdlms import GetRequestNext

    return bytes(GetRequestNext(block, _invoke(invoke_id)).to_bytes())


def get_list(invoke_id: int, wanted: Sequence[tuple[Attribute, Selection | None]]) -> bytes:
    from dlms_cosem.cosem import CosemAttributeWithSelection
    from dlms_cosem.protocol.xdlms import GetRequestWithList

    items = [CosemAttributeWithSelection(_attribute(attribute), selection) for attribute, selection in wanted]
    return bytes(GetRequestWithList(items, _invoke(invoke_id)).to_bytes())


def set_value(invoke_id: int, attribute: Attribute, data: bytes, selection: Selection | None = None) -> bytes:
    from dlms_cosem.protocol.xdlms import SetRequestNormal

    if selection is not None:
        return bytes((SET_REQUEST, 1)) + _octet(invoke_id) + reference(attribute, selection) + data
    return bytes(SetRequestNormal(_attribute(attribute), data, None, _invoke(invoke_id)).to_bytes())


def set_first_block(invoke_id: int, attribute: Attribute, last: bool, part: bytes) -> bytes:
    return bytes((SET_REQUEST, 2)) + _octet(invoke_id) + reference(attribute) + _block(last, 1, part)


def set_block(invoke_id: int, number: int, last: bool, part: bytes) -> bytes:
    return bytes((SET_REQUEST, 3)) + _octet(invoke_id) + _block(last, number, part)


def set_list(invoke_id: int, wanted: Sequence[tuple[Attribute, bytes]]) -> bytes:
    count = length(len(wanted))
    names = b"".join(reference(attribute) for attribute, _ in wanted)
    return bytes((SET_REQUEST, 4)) + _octet(invoke_id) + count + names + count + b"".join(data for _, data in wanted)


def action(invoke_id: int, method: Method, data: bytes | None) -> bytes:
    from dlms_cosem.protocol.xdlms import ActionRequestNormal

    return bytes(ActionRequestNormal(_method(method), data, _invoke(invoke_id)).to_bytes())


def action_next(invoke_id: int, block: int) -> bytes:
    return bytes((ACTION_REQUEST, 2)) + _octet(invoke_id) + block.to_bytes(4, "big")


def action_list(invoke_id: int, wanted: Sequence[tuple[Method, bytes | None]]) -> bytes:
    count = length(len(wanted))
    names = b"".join(reference(method) for method, _ in wanted)
    data = b"".join(axdr_null if data is None else data for _, data in wanted)
    return bytes((ACTION_REQUEST, 3)) + _octet(invoke_id) + count + names + count + data


axdr_null = bytes((axdr.NULL,))


def action_first_block(invoke_id: int, method: Method, last: bool, part: bytes) -> bytes:
    return bytes((ACTION_REQUEST, 4)) + _octet(invoke_id) + reference(method) + _block(last, 1, part)


def action_block(invoke_id: int, number: int, last: bool, part: bytes) -> bytes:
    return bytes((ACTION_REQUEST, 6)) + _octet(invoke_id) + _block(last, number, part)


def _block(last: bool, number: int, part: bytes) -> bytes:
    return bytes((last,)) + number.to_bytes(4, "big") + octets(part)


def invoke_id_of(apdu: bytes) -> int | None:
    """The invoke-id of a response, None where it has none."""
    return apdu[2] & 0x0F if len(apdu) > 2 and apdu[0] in (GET_RESPONSE, SET_RESPONSE, ACTION_RESPONSE) else None


def parse_get(apdu: bytes) -> Result | Block | bytes:
    """A GET response: the value of a normal one, a Block, or for a list its body as ``ListBody``. Raises Damaged."""
    reader = _head(apdu, GET_RESPONSE)
    kind = apdu[1]
    if kind == 1:
        return _result(reader)
    if kind == 2:
        last = bool(reader.byte())
        number = reader.number(4)
        data: Result = reader.octets() if reader.byte() == 0 else Refusal(reader.byte())
        if not (last and isinstance(data, bytes)):
            reader.done("a block")
        return Block(number, last, data)
    if kind == 3:
        return ListBody(reader.rest())
    raise Damaged(f"a GET response of the unknown kind {kind}")


class ListBody(bytes):
    """The results of a list, not yet taken apart: they may also come in blocks."""

    __slots__ = ()


def results(body: bytes, count: int) -> list[Result]:
    """The results of a GET with a list of ``count``. Raises Damaged when they are not as many."""
    reader = Reader(body)
    found = reader.length()
    if found != count:
        raise Damaged(f"{count} objects asked for, {found} answers")
    answers = [take_result(reader) for _ in range(count)]
    reader.done("the list")
    return answers


def take_result(reader: Reader) -> Result:
    if reader.byte():
        return Refusal(reader.byte())
    start = reader.position
    axdr.take(reader)
    return reader.data[start : reader.position]


def _result(reader: Reader) -> Result:
    if reader.byte() == 0:
        return reader.rest()
    refusal = Refusal(reader.byte())
    reader.done("a result")
    return refusal


def parse_set(apdu: bytes) -> list[Refusal | None] | Acknowledged:
    """A SET response: None for each that was set. Raises Damaged."""
    reader = _head(apdu, SET_RESPONSE)
    kind = apdu[1]
    if kind == 1:
        return [_code(reader)]
    if kind == 2:
        return Acknowledged(reader.number(4))
    if kind == 3:
        return [_code(reader)]  # the block number behind it is of no use any more
    if kind in (4, 5):
        return [_code(reader) for _ in range(take_count(reader))]
    raise Damaged(f"a SET response of the unknown kind {kind}")


def parse_action(apdu: bytes) -> list[Result | None] | Block | Acknowledged:
    """An ACTION response: for each method its return value, None where it returns nothing, or its refusal."""
    reader = _head(apdu, ACTION_RESPONSE)
    kind = apdu[1]
    if kind == 1:
        return [_action_result(reader)]
    if kind == 2:
        last = bool(reader.byte())
        number = reader.number(4)
        return Block(number, last, reader.octets())
    if kind == 3:
        return [_action_result(reader) for _ in range(take_count(reader))]
    if kind == 4:
        return Acknowledged(reader.number(4))
    raise Damaged(f"an ACTION response of the unknown kind {kind}")


def action_results(body: bytes, wanted: int) -> list[Result | None]:
    """The results of an ACTION that came in blocks."""
    reader = Reader(body)
    if wanted > 1:
        return [_action_result(reader) for _ in range(take_count(reader))]
    return [_action_result(reader)]


def _action_result(reader: Reader) -> Result | None:
    code = reader.byte()
    value: Result | None = None
    if reader.left and reader.byte():
        value = take_result(reader)
    return Refusal(code) if code else value


def _code(reader: Reader) -> Refusal | None:
    code = reader.byte()
    return Refusal(code) if code else None


def take_count(reader: Reader) -> int:
    count = reader.length()
    if count > reader.left:
        raise Damaged(f"{count} results promised in {reader.left} bytes")
    return count


def _head(apdu: bytes, tag: int) -> Reader:
    reader = Reader(apdu)
    if reader.byte() != tag:
        raise Damaged(f"an APDU {apdu[:1].hex()} where {tag:02x} was awaited")
    reader.take(2)
    return reader
