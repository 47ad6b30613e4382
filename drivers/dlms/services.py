"""What is asked in an association: GET, SET and ACTION by logical or by short names, long ones in blocks, several at once.

Each function is a generator like those of ``association``. A value is returned as its A-XDR bytes; an object that the
meter refuses is a ``Refusal`` in the place of its value, and the association goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from drivers.dlms import ln_apdus, short_names
from drivers.dlms.association import Association, Exchange
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.conformance import Conformance
from drivers.dlms.cosem import Attribute, Method, Selection
from drivers.dlms.ln_apdus import Acknowledged, Block, ListBody, Result
from drivers.dlms.refusals import Refusal
from drivers.errors import NotSupported

#: A long answer ends: 4 MiB are a year of five-minute values with ten columns.
MOST_OCTETS = 1 << 22
#: An attribute's descriptor in a list, without selective access.
_REFERENCE = 10

Wanted = tuple[Attribute, Selection | None]


def get(association: Association, attribute: Attribute, selection: Selection | None = None) -> Exchange[Result]:
    """One attribute."""
    if association.short_names:
        return (yield from short_names.get(association, attribute, selection))
    invoke = association.next_invoke()
    answer = yield from association.exchange(ln_apdus.get(invoke, attribute, selection), invoke)
    found = ln_apdus.parse_get(answer)
    if isinstance(found, ListBody):
        raise Damaged("a list where one value was asked for")
    if isinstance(found, Block):
        return (yield from _rest(association, invoke, found, ln_apdus.get_next, ln_apdus.parse_get))
    return found


def get_many(association: Association, wanted: Sequence[Wanted]) -> Exchange[list[Result]]:
    """Several attributes in as few APDUs as the meter's PDU size allows; one by one where it knows no lists."""
    if association.short_names:
        return (yield from short_names.get_many(association, wanted))
    found: list[Result] = []
    if not association.can & Conformance.MULTIPLE_REFERENCES or len(wanted) == 1:
        for attribute, selection in wanted:
            found.append((yield from get(association, attribute, selection)))
        return found
    for part in _portions(wanted, association.room):
        if len(part) == 1:
            found.append((yield from get(association, *part[0])))
        else:
            found += yield from _list(association, part)
    return found


def _portions(wanted: Sequence[Wanted], room: int) -> list[Sequence[Wanted]]:
    """The requests of a list: as many descriptors in each as fit ``room`` octets (0: no limit) and a count of one octet."""
    portions: list[list[Wanted]] = []
    used = 0
    for attribute, selection in wanted:
        size = _REFERENCE + (len(selection.parameters) + 1 if selection is not None else 0)
        if not portions or len(portions[-1]) == 127 or (room and used + size > room):
            portions.append([])
            used = 4
        portions[-1].append((attribute, selection))
        used += size
    return list(portions)


def _list(association: Association, wanted: Sequence[Wanted]) -> Exchange[list[Result]]:
    invoke = association.next_invoke()
    answer = yield from association.exchange(ln_apdus.get_list(invoke, wanted), invoke)
    found = ln_apdus.parse_get(answer)
    if isinstance(found, Block):
        body = yield from _rest(association, invoke, found, ln_apdus.get_next, ln_apdus.parse_get)
        if isinstance(body, Refusal):
            return [body] * len(wanted)
        return ln_apdus.results(body, len(wanted))
    if isinstance(found, ListBody):
        return ln_apdus.results(found, len(wanted))
    if isinstance(found, Refusal):  # one refusal for the whole list (seen)
        return [found] * len(wanted)
    raise Damaged("one value where a list was asked for")


def _rest(
    association: Association,
    invoke: int,
    block: Block,
    following: Callable[[int, int], bytes],
    parse: Callable[[bytes], object],
) -> Exchange[Result]:
    """The body of a long answer that begins with ``block``."""
    parts = bytearray()
    expected = 1
    while True:
        if isinstance(block.data, Refusal):
            return block.data
        if block.number != expected:
            raise Damaged(f"block {block.number} where {expected} was awaited", do="read again")
        parts += block.data
        if len(parts) > MOST_OCTETS:
            raise Damaged(f"an answer of more than {MOST_OCTETS} octets", do="ask for a shorter span")
        if block.last:
            return bytes(parts)
        answer = yield from association.exchange(following(invoke, expected), invoke)
        found = parse(answer)
        if isinstance(found, Refusal):
            return found
        if not isinstance(found, Block):
            raise Damaged("a value where the next block was awaited")
        block = found
        expected += 1


def put(
    association: Association, attribute: Attribute, data: bytes, selection: Selection | None = None
) -> Exchange[Refusal | None]:
    """Set one attribute to A-XDR ``data``. Returns the refusal, or None."""
    if association.short_names:
        return (yield from short_names.put(association, attribute, data))
    invoke = association.next_invoke()
    request = ln_apdus.set_value(invoke, attribute, data, selection)
    if association.fits(request) or selection is not None:
        answer = yield from association.exchange(request, invoke)
        return _set_result(answer)
    if not association.can & Conformance.BLOCK_TRANSFER_WITH_SET:
        raise NotSupported(f"{len(data)} octets do not fit an APDU, and the meter takes no long SET")
    size = association.room - 26
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        request = (
            ln_apdus.set_first_block(invoke, attribute, last, part)
            if number == 1
            else ln_apdus.set_block(invoke, number, last, part)
        )
        answer = yield from association.exchange(request, invoke)
        if last:
            return _set_result(answer)
        _must_acknowledge(ln_apdus.parse_set(answer), number)
    return None


def put_many(association: Association, wanted: Sequence[tuple[Attribute, bytes]]) -> Exchange[list[Refusal | None]]:
    """Set several attributes: in one APDU where the meter knows lists and they fit, else one by one."""
    invoke = association.next_invoke()
    lists = not association.short_names and association.can & Conformance.MULTIPLE_REFERENCES
    request = ln_apdus.set_list(invoke, wanted) if lists and len(wanted) > 1 else b""
    if not request or not association.fits(request):
        results = []
        for attribute, data in wanted:
            results.append((yield from put(association, attribute, data)))
        return results
    answer = ln_apdus.parse_set((yield from association.exchange(request, invoke)))
    if isinstance(answer, Acknowledged) or len(answer) != len(wanted):
        raise Damaged(f"{len(wanted)} attributes set, and not as many answers")
    return answer


def _set_result(answer: bytes) -> Refusal | None:
    found = ln_apdus.parse_set(answer)
    if isinstance(found, Acknowledged) or len(found) != 1:
        raise Damaged("no result of a SET")
    return found[0]


def act(association: Association, method: Method, data: bytes | None = None) -> Exchange[Result | None]:
    """Carry out one method. Returns what it gives back, None where it gives nothing, or the refusal."""
    if association.short_names:
        return (yield from short_names.act(association, method, data))
    invoke = association.next_invoke()
    request = ln_apdus.action(invoke, method, data)
    if association.fits(request):
        answer = yield from association.exchange(request, invoke)
        return (yield from _acted(association, invoke, answer))
    if not association.can & Conformance.BLOCK_TRANSFER_WITH_ACTION or data is None:
        raise NotSupported("the parameters do not fit an APDU, and the meter takes no long ACTION")
    size = association.room - 26
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    answer = b""
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        request = (
            ln_apdus.action_first_block(invoke, method, last, part)
            if number == 1
            else ln_apdus.action_block(invoke, number, last, part)
        )
        answer = yield from association.exchange(request, invoke)
        if not last:
            _must_acknowledge(ln_apdus.parse_action(answer), number)
    return (yield from _acted(association, invoke, answer))


def act_many(association: Association, wanted: Sequence[tuple[Method, bytes | None]]) -> Exchange[list[Result | None]]:
    """Carry out several methods in one APDU. Not taken apart: whether all or none were done must not depend on sizes."""
    invoke = association.next_invoke()
    answer = yield from association.exchange(ln_apdus.action_list(invoke, wanted), invoke)
    found = ln_apdus.parse_action(answer)
    if isinstance(found, Block):
        body = yield from _rest(association, invoke, found, ln_apdus.action_next, ln_apdus.parse_action)
        found = [body] * len(wanted) if isinstance(body, Refusal) else ln_apdus.action_results(body, len(wanted))
    if isinstance(found, Acknowledged) or len(found) != len(wanted):
        raise Damaged(f"{len(wanted)} methods asked for, and not as many answers")
    return found


def _acted(association: Association, invoke: int, answer: bytes) -> Exchange[Result | None]:
    found = ln_apdus.parse_action(answer)
    if isinstance(found, Block):
        body = yield from _rest(association, invoke, found, ln_apdus.action_next, ln_apdus.parse_action)
        return body if isinstance(body, Refusal) else ln_apdus.action_results(body, 1)[0]
    if isinstance(found, Acknowledged):
        raise Damaged("no result of an ACTION")
    return found[0]


def _must_acknowledge(found: object, number: int) -> None:
    if not isinstance(found, Acknowledged) or found.number != number:
        raise Damaged(f"block {number} was not acknowledged: {found}")
