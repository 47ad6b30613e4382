"""EZSP commands of a firmware with the library of key establishment: the stick computes, and keeps, the keys of both suites.

A firmware without it says so (LIBRARY_NOT_PRESENT), as those of USB sticks do. What takes time is answered with
OPERATION_IN_PROGRESS, and its result comes as a callback.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

from hil.zigbee.cbke import SUITES, Suite, ephemeral_public, keys, secret
from hil.zigbee.commands.security import store_link_key
from hil.zigbee.dialect import Status
from hil.zigbee.fields import Reader
from hil.zigbee.ncp import Agreement, Ncp, command

#: Seconds that the firmware computes.
_COMPUTES_S = 0.05
_CODE_LENGTH = 16


class _Frames(NamedTuple):
    """The frame ids of one suite."""

    certificate: int
    generate: int
    generated: int
    codes: int
    coded: int
    clear: int


_FRAMES = {
    1: _Frames(certificate=0xA5, generate=0xA4, generated=0x9E, codes=0x9F, coded=0xA0, clear=0xA1),
    2: _Frames(certificate=0xEC, generate=0xE8, generated=0xE9, codes=0xEA, coded=0xEB, clear=0xEE),
}


def _register(suite: Suite, frames: _Frames) -> None:
    point_length = 1 + suite.curve.octets

    @command(frames.certificate)
    def get_certificate(ncp: Ncp, reader: Reader) -> bytes:
        own = ncp.credentials.get(suite.number)
        if own is None:
            return ncp.status(Status.LIBRARY_NOT_PRESENT) + bytes(suite.certificate_length)
        return ncp.status() + own.certificate

    @command(frames.generate)
    def generate_keys(ncp: Ncp, reader: Reader) -> bytes:
        def done() -> None:
            ephemeral = secrets.randbelow(suite.curve.n - 1) + 1
            public = ephemeral_public(suite, ephemeral)
            ncp.agreement = Agreement(suite.number, ephemeral, public)
            ncp.callback(frames.generated, ncp.status() + public)

        return _begun(ncp, suite, done)

    @command(frames.codes)
    def calculate_codes(ncp: Ncp, reader: Reader) -> bytes:
        initiator = bool(reader.u8())
        certificate, public = reader.take(suite.certificate_length), reader.take(point_length)
        if ncp.agreement is None or ncp.agreement.suite != suite.number:
            return ncp.status(Status.INVALID_CALL)

        def done() -> None:
            try:
                result = ncp.status() + _agree(ncp, suite, initiator, certificate, public)
            except ValueError:
                result = ncp.status(Status.FAIL) + bytes(2 * _CODE_LENGTH)
            ncp.callback(frames.coded, result)

        return _begun(ncp, suite, done)

    @command(frames.clear)
    def clear(ncp: Ncp, reader: Reader) -> bytes:
        agreement, ncp.agreement = ncp.agreement, None
        if not reader.u8():
            return ncp.status()
        if agreement is None or not agreement.link_key:
            return ncp.status(Status.INVALID_CALL)
        return ncp.status(store_link_key(ncp, None, agreement.partner, agreement.link_key))


def _begun(ncp: Ncp, suite: Suite, done: Callable[[], None]) -> bytes:
    if suite.number not in ncp.credentials:
        return ncp.status(Status.LIBRARY_NOT_PRESENT)
    ncp.pan.timeline.after(_COMPUTES_S, done)
    return ncp.status(Status.OPERATION_IN_PROGRESS)


def _agree(ncp: Ncp, suite: Suite, initiator: bool, certificate: bytes, public: bytes) -> bytes:
    """Both confirmations. Raises ValueError for points that are none, or when there is no ephemeral key any more."""
    own, agreement = ncp.credentials[suite.number], ncp.agreement
    if agreement is None:
        raise ValueError("no ephemeral key")
    shared = secret(own, agreement.ephemeral, agreement.public, certificate, public)
    mine, other = (suite.subject(own.certificate), agreement.public), (suite.subject(certificate), public)
    made = keys(shared, mine, other) if initiator else keys(shared, other, mine)
    agreement.partner, agreement.link_key = suite.subject(certificate)[::-1], made.link_key
    return made.initiator_mac + made.responder_mac


for _number, _frames in _FRAMES.items():
    _register(SUITES[_number], _frames)
