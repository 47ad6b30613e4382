"""One request and its answer, without a port: bytes in, the answer's PDU out, and nothing else is ever taken for it.

RTU has no transaction number. What is taken is the first run of bytes that has the right unit id, function and byte count,
the length that follows from them, and a right CRC; noise before it is skipped, and anything else is not an answer to this
request. TCP numbers its requests: an answer of another number is a late one and dropped.
"""

from __future__ import annotations

from typing import Protocol

from drivers.errors import AccessDenied, BadFrame
from drivers.modbus import pdu
from drivers.modbus.decode import EXCEPTIONS
from drivers.modbus.pdu import Request

#: No frame is longer (Modbus over Serial Line V1.02, 2.5.1); what lies farther back cannot be part of one.
_MOST_HEARD = 2048
_MBAP_HEAD = 7


class Refusal(AccessDenied):
    """The device answered with an exception. ``code`` is that of Modbus Application Protocol V1.1b3, 7."""

    def __init__(self, code: int, where: str = "") -> None:
        super().__init__(f"the meter refuses with exception {code} ({EXCEPTIONS.get(code, 'unknown')})", where=where)
        self.code = code


class Exchange(Protocol):
    """``frame`` goes out; ``received`` takes what comes and gives the answer's PDU once it is whole."""

    frame: bytes

    def received(self, data: bytes) -> bytes | None:
        """The answer, or None while it is not there. Raises BadFrame when the stream can give none any more."""
        ...

    @property
    def begun(self) -> bool:
        """Whether something that could be the answer has begun to come."""
        ...

    @property
    def missing(self) -> int: ...

    def heard(self) -> str:
        """What came instead of the answer, for a person; empty when nothing did."""
        ...


class RtuExchange:
    """On a serial line, or on TCP without the header. ``echo``: the line is known to give back what is sent."""

    def __init__(self, request: Request, *, echo: bool = False) -> None:
        self.frame = pdu.rtu_frame(request.unit, request.pdu)
        self.request = request
        self.echoed = False  #: the line gave the request back
        self._heard = bytearray()
        self._expect_echo = echo
        self._head = bytes([request.unit]) + request.head
        self._exception_head = bytes([request.unit, request.function | 0x80])

    def received(self, data: bytes) -> bytes | None:
        self._heard += data
        del self._heard[:-_MOST_HEARD]
        self._drop_echo()
        if self._expect_echo and self.request.echoed and not self.echoed:
            return None  # the first copy is our own
        return self._answer() or self._exception()

    @property
    def begun(self) -> bool:
        return self._head in self._heard or self._exception_head in self._heard

    @property
    def missing(self) -> int:
        """How many bytes the answer that has begun still lacks at least; 0 where that cannot be told."""
        at = self._heard.find(self._head)
        if at < 0:
            return 0
        length = self.request.length(bytes(self._heard[at + 1 :]))
        return 0 if length is None else max(0, at + 1 + length + 2 - len(self._heard))

    def heard(self) -> str:
        return self._heard.hex()

    def _drop_echo(self) -> None:
        """An adapter that hears itself gives the request back, before anything else."""
        if self.echoed or (self.request.echoed and not self._expect_echo):
            return
        at = self._heard.find(self.frame)
        if at >= 0:
            self.echoed = True
            del self._heard[: at + len(self.frame)]

    def _answer(self) -> bytes | None:
        at = self._heard.find(self._head)
        while at >= 0:
            body = bytes(self._heard[at + 1 :])
            length = self.request.length(body)
            if (
                length is not None
                and len(body) >= length + 2
                and pdu.crc_holds(bytes(self._heard[at : at + length + 3]))
            ):
                return body[:length]
            at = self._heard.find(self._head, at + 1)
        return None

    def _exception(self) -> bytes | None:
        at = self._heard.find(self._exception_head)
        while at >= 0:
            frame = bytes(self._heard[at : at + 5])
            if len(frame) == 5 and pdu.crc_holds(frame) and not self._inside_answer(at):
                return frame[1:3]
            at = self._heard.find(self._exception_head, at + 1)
        return None

    def _inside_answer(self, at: int) -> bool:
        """Whether these bytes lie in what may still become the answer: data may look like an exception."""
        head = self._heard.find(self._head, 0, at)
        return head >= 0


class MbapExchange:
    """On TCP with the header of Modbus TCP."""

    def __init__(self, request: Request, transaction: int) -> None:
        self.frame = pdu.mbap_frame(request.unit, request.pdu, transaction)
        self.request = request
        self._transaction = transaction
        self._heard = bytearray()
        self._skipped = 0

    def received(self, data: bytes) -> bytes | None:
        self._heard += data
        while len(self._heard) >= _MBAP_HEAD:
            transaction, protocol, length = (int.from_bytes(self._heard[at : at + 2], "big") for at in (0, 2, 4))
            if protocol != 0 or not 2 <= length <= 254:
                raise BadFrame(
                    f"{self._heard[:_MBAP_HEAD].hex()} is no header of Modbus TCP",
                    do="is it RTU over TCP? then write modbus+rtu://",
                )
            if len(self._heard) < 6 + length:
                return None
            unit, body = self._heard[6], bytes(self._heard[_MBAP_HEAD : 6 + length])
            del self._heard[: 6 + length]
            if transaction == self._transaction:
                return self._fitting(unit, body)
            self._skipped += 1
        return None

    @property
    def missing(self) -> int:
        return 0

    @property
    def begun(self) -> bool:
        return False  # TCP loses nothing: a part is followed by the rest, or by nothing at all

    def heard(self) -> str:
        return self._heard.hex()

    def _fitting(self, unit: int, body: bytes) -> bytes:
        request = self.request
        if unit == request.unit and len(body) == 2 and body[0] == request.function | 0x80:
            return body
        if unit == request.unit and body.startswith(request.head) and request.length(body) == len(body):
            return body
        raise BadFrame(
            f"the answer does not fit: unit {unit}, {body.hex()} to unit {request.unit}, {request.pdu.hex()}",
            do="the device, or the gateway before it, mixes its answers up",
        )
