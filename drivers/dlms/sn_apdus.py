"""READ and WRITE with short names (IEC 61334-4-41, IEC 62056-5-3 7.4): requests to bytes, responses to values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from drivers.dlms.bytes_reader import Damaged, Reader, length, octets
from drivers.dlms.ln_apdus import Block, Result, take_count, take_result
from drivers.dlms.refusals import Refusal

READ_REQUEST, WRITE_REQUEST, READ_RESPONSE, WRITE_RESPONSE, INFORMATION_REPORT = 0x05, 0x06, 0x0C, 0x0D, 0x18
_NAME, _BLOCK_NUMBER, _PARAMETERISED, _WRITE_BLOCK = 2, 5, 4, 7


class Name(NamedTuple):
    """An attribute by its short name: the object's base name and 8 times the attribute's number less one."""

    name: int


class Parameterised(NamedTuple):
    """An attribute with selective access, or a method with its parameters."""

    name: int
    selector: int
    parameters: bytes


def _specification(item: Name | Parameterised) -> bytes:
    if isinstance(item, Parameterised):
        return bytes((_PARAMETERISED,)) + item.name.to_bytes(2, "big") + bytes((item.selector,)) + item.parameters
    return bytes((_NAME,)) + item.name.to_bytes(2, "big")


def read(items: Sequence[Name | Parameterised]) -> bytes:
    return bytes((READ_REQUEST,)) + length(len(items)) + b"".join(_specification(item) for item in items)


def read_block(number: int) -> bytes:
    """Ask for the next block of a long answer."""
    return bytes((READ_REQUEST, 1, _BLOCK_NUMBER)) + number.to_bytes(2, "big")


def write(items: Sequence[tuple[Name | Parameterised, bytes]]) -> bytes:
    count = length(len(items))
    names = b"".join(_specification(item) for item, _ in items)
    return bytes((WRITE_REQUEST,)) + count + names + count + b"".join(data for _, data in items)


def write_block(number: int, last: bool, part: bytes) -> bytes:
    """One block of a long WRITE."""
    specification = bytes((_WRITE_BLOCK, last)) + number.to_bytes(2, "big")
    return bytes((WRITE_REQUEST, 1)) + specification + b"\x01\x09" + octets(part)


def parse_read(apdu: bytes) -> list[Result | Block]:
    """The answers of a READ: values, refusals, or one Block. Raises Damaged."""
    reader = Reader(apdu)
    if reader.byte() != READ_RESPONSE:
        raise Damaged(f"an APDU {apdu[:1].hex()} where a READ response was awaited")
    found = read_results(reader)
    reader.done("a READ response")
    return found


def read_results(reader: Reader) -> list[Result | Block]:
    """The list of answers at the reader's position, as responses and assembled blocks hold it."""
    found: list[Result | Block] = []
    for _ in range(take_count(reader)):
        kind = reader.peek()
        if kind in (0, 1):
            found.append(take_result(reader))
        elif kind == 2:
            reader.byte()
            last = bool(reader.byte())
            number = reader.number(2)
            found.append(Block(number, last, reader.octets()))
        else:
            raise Damaged(f"a READ answer of the unknown kind {kind}")
    return found


def parse_write(apdu: bytes) -> list[Refusal | int | None]:
    """The answers of a WRITE: None for what was written, a refusal, or the number of a block that was taken."""
    reader = Reader(apdu)
    if reader.byte() != WRITE_RESPONSE:
        raise Damaged(f"an APDU {apdu[:1].hex()} where a WRITE response was awaited")
    found: list[Refusal | int | None] = []
    for _ in range(take_count(reader)):
        kind = reader.byte()
        if kind == 0:
            found.append(None)
        elif kind == 1:
            found.append(Refusal(reader.byte()))
        elif kind == 2:
            found.append(reader.number(2))
        else:
            raise Damaged(f"a WRITE answer of the unknown kind {kind}")
    return found
