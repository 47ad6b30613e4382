"""What a meter says instead of an answer: as a value where one object is refused, as an error where the service is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from drivers.dlms.bytes_reader import Damaged
from drivers.errors import AccessDenied, KeyRejected, NotSupported

EXCEPTION_RESPONSE, CONFIRMED_SERVICE_ERROR = 0xD8, 0x0E


@dataclass(frozen=True, slots=True)
class Refusal:
    """A data-access-result or action-result other than success: one object's, the association goes on."""

    code: int

    @property
    def what(self) -> str:
        from dlms_cosem.enumerations import DataAccessResult

        try:
            return str(DataAccessResult(self.code).name).lower().replace("_", " ")
        except ValueError:
            return f"result {self.code}"

    def __str__(self) -> str:
        return f"the meter refuses: {self.what}"

    @property
    def temporary(self) -> bool:
        return self.code == 2


class ServiceRefused(AccessDenied):
    """An exception-response: the meter does not carry out this service now. ``state`` and ``service`` are its codes."""

    def __init__(self, what: str, state: int, service: int, *, do: str = "") -> None:
        super().__init__(what, do=do)
        self.state = state
        self.service = service


class CounterRejected(KeyRejected):
    """The meter's invocation counter for us is higher than ours. ``expected`` is what it said, None when it did not."""

    def __init__(self, what: str, expected: int | None, *, do: str = "") -> None:
        super().__init__(what, do=do)
        self.expected = expected


#: exception-response ::= state-error, service-error (IEC 62056-5-3, 9.5).
_STATES = {1: "service not allowed", 2: "service unknown"}
_SERVICES = {
    1: "operation not possible", 2: "service not supported", 3: "other reason", 4: "the APDU is too long",
    5: "deciphering error", 6: "invocation counter error",
}  # fmt: skip
#: confirmed service errors by the choice inside (IEC 61334-4-41, A.4).
_SERVICE_ERRORS = {
    0: "application reference", 1: "hardware resource", 2: "virtual device state", 3: "service", 4: "definition",
    5: "access", 6: "initiate", 7: "load data set", 8: "change scope", 9: "task",
}  # fmt: skip
_INITIATE_ERRORS = {
    0: "other", 1: "DLMS version too low", 2: "incompatible conformance", 3: "PDU size too short",
    4: "refused by the VDE handler",
}  # fmt: skip


def refused(apdu: bytes) -> NoReturn:
    """Raise what an exception-response or a confirmed service error says. Raises Damaged for a cut one."""
    if apdu[:1] == bytes((EXCEPTION_RESPONSE,)) and len(apdu) >= 3:
        _exception(apdu)
    if apdu[:1] == bytes((CONFIRMED_SERVICE_ERROR,)) and len(apdu) >= 4:
        _service_error(apdu)
    raise Damaged(f"no answer that is known: {apdu[:16].hex()}")


def _exception(apdu: bytes) -> NoReturn:
    state, service = apdu[1], apdu[2]
    said = f"{_STATES.get(state, f'state {state}')}, {_SERVICES.get(service, f'service error {service}')}"
    if service == 6:
        expected = int.from_bytes(apdu[3:7], "big") if len(apdu) >= 7 else None
        told = "" if expected is None else f", it expects at least {expected}"
        raise CounterRejected(f"the meter refuses our invocation counter{told}", expected, do="it is raised, try again")
    if service == 5:
        raise KeyRejected(
            "the meter cannot decipher what it was sent (deciphering error)",
            do="check the encryption and authentication keys, the security suite, the invocation counter and our system title",
        )
    if service == 2 or state == 2:
        raise NotSupported(f"the meter answers: {said}", do="ask otherwise: another style=, sn=yes, or gbt=no")
    raise ServiceRefused(f"the meter answers: {said}", state, service)


def _service_error(apdu: bytes) -> NoReturn:
    raise ServiceRefused(f"the meter answers with a {service_error(apdu)}", apdu[2], apdu[3])


def service_error(apdu: bytes) -> str:
    """A confirmed service error in words."""
    if len(apdu) < 4:
        return "confirmed service error, cut short"
    kind, value = apdu[2], apdu[3]
    name = _SERVICE_ERRORS.get(kind, f"error {kind}")
    word = _INITIATE_ERRORS.get(value, str(value)) if kind == 6 else str(value)
    return f"confirmed service error: {name}, {word}"
