"""Requests and answers in pymodbus's words. The only module that imports it.

Of pymodbus come the protocol data units, the framing and the CRC. Its clients are not used: they take a late answer for the
next one's, a short one for a whole one, keep no silence on the line, and one dead meter holds the bus for seconds
(``tests/drivers/modbus/test_pitfalls.py`` shows each). Who may answer what, and when, is decided in ``exchange`` and ``bus``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest, WriteSingleCoilRequest
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest
from pymodbus.pdu.other_message import ReportDeviceIdRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from drivers.errors import BadFrame
from drivers.modbus.registers import Table

_DECODER = DecodePDU(False)
_RTU = FramerRTU(_DECODER)
_MBAP = FramerSocket(_DECODER)

_READS = {
    Table.HOLDING: ReadHoldingRegistersRequest,
    Table.INPUT: ReadInputRegistersRequest,
    Table.COIL: ReadCoilsRequest,
    Table.DISCRETE: ReadDiscreteInputsRequest,
}
#: Modbus Application Protocol V1.1b3, 6.21: a MEI answer's objects begin after these six bytes and the function code.
_MEI_HEAD = 7
_MEI_TYPE = 0x0E

#: From the beginning of an answer to its whole length; None while too little of it is there to tell.
Length = Callable[[bytes], "int | None"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a unit, and what alone counts as the answer: a PDU that begins with ``head`` and is of ``length``.

    ``echoed``: the right answer has the same bytes as the request, so that a line's echo looks like one.
    """

    unit: int
    pdu: bytes
    head: bytes
    length: Length
    echoed: bool = False

    @property
    def function(self) -> int:
        return self.pdu[0]


def read(unit: int, table: Table, address: int, count: int) -> Request:
    """FC 1 to 4: ``count`` registers or coils. Raises ValueError for more than one request can ask."""
    pdu = _pdu(_READS[table](dev_id=unit, address=address, count=count))
    size = 2 * count if table in (Table.HOLDING, Table.INPUT) else (count + 7) // 8
    return Request(unit, pdu, bytes([pdu[0], size]), lambda _: size + 2)


def write_register(unit: int, address: int, word: int) -> Request:
    """FC 6: one register."""
    pdu = _pdu(WriteSingleRegisterRequest(dev_id=unit, address=address, registers=[word]))
    return Request(unit, pdu, pdu, lambda _: 5, echoed=True)


def write_registers(unit: int, address: int, words: Sequence[int]) -> Request:
    """FC 16: several registers at once."""
    pdu = _pdu(WriteMultipleRegistersRequest(dev_id=unit, address=address, registers=list(words), count=len(words)))
    return Request(unit, pdu, pdu[:5], lambda _: 5)


def write_coil(unit: int, address: int, on: bool) -> Request:
    """FC 5: one coil."""
    pdu = _pdu(WriteSingleCoilRequest(dev_id=unit, address=address, bits=[on]))
    return Request(unit, pdu, pdu, lambda _: 5, echoed=True)


def server_id(unit: int) -> Request:
    """FC 17: what the device says of itself, in its own way."""
    pdu = _pdu(ReportDeviceIdRequest(dev_id=unit))
    return Request(unit, pdu, pdu[:1], lambda data: data[1] + 2 if len(data) > 1 else None)


def device_identification(unit: int, code: int, first: int = 0) -> Request:
    """FC 43/14: objects of category ``code`` (1 basic, 2 regular, 4 the one ``first``), from ``first`` on."""
    pdu = _pdu(ReadDeviceInformationRequest(read_code=code, object_id=first, dev_id=unit))
    return Request(unit, pdu, pdu[:2], _identification_length)


def words(request: Request, answer: bytes) -> list[int]:
    """The registers of an answer to ``read``, or its coils as 0 and 1. Raises BadFrame."""
    decoded = _decode(answer)
    if request.function in (1, 2):
        count = struct.unpack(">H", request.pdu[3:5])[0]
        return [int(bit) for bit in decoded.bits[:count]]
    return list(decoded.registers)


def server_id_text(answer: bytes) -> str:
    """The printable part of a server id, and what is not printable in hexadecimal before it. Raises BadFrame."""
    return _printable(bytes(_decode(answer).identifier))


def identification_objects(answer: bytes) -> tuple[dict[int, str], int | None]:
    """The objects of an identification, and from which the next request must begin, None when all are there."""
    decoded = _decode(answer)
    objects = {
        number: _printable(b"".join(held) if isinstance(held, list) else bytes(held))
        for number, held in decoded.information.items()
    }
    return objects, decoded.next_object_id if decoded.more_follows else None


def rtu_frame(unit: int, pdu: bytes) -> bytes:
    """A PDU as it goes over a serial line: unit id, PDU, CRC."""
    return _RTU.encode(pdu, unit, 0)


def crc_holds(frame: bytes) -> bool:
    """Whether the last two bytes are the CRC of those before."""
    return FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big"))


def mbap_frame(unit: int, pdu: bytes, transaction: int) -> bytes:
    """A PDU as it goes over TCP: header, unit id, PDU."""
    return _MBAP.encode(pdu, unit, transaction)


def _pdu(message: Any) -> bytes:
    return bytes([message.function_code]) + bytes(message.encode())


def _decode(answer: bytes) -> Any:
    try:
        decoded = _DECODER.decode(answer)
    except (ModbusException, ValueError, IndexError, struct.error) as error:
        raise BadFrame(f"the answer {answer.hex()} cannot be taken apart ({error})") from error
    if decoded is None:
        raise BadFrame(f"the answer {answer.hex()} cannot be taken apart")
    return decoded


def _identification_length(data: bytes) -> int | None:
    at = _MEI_HEAD
    if len(data) < at:
        return None
    for _ in range(data[at - 1]):
        if len(data) < at + 2:
            return None
        at += 2 + data[at + 1]
    return at


def _printable(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "" if byte == 0 else f"\\x{byte:02x}" for byte in data).strip()
