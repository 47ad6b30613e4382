"""The nouns: where each is declared, what it is good for here, and what it was checked against.

Declarations are imported when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any

from lxml import etree

from drivers.errors import UsageError
from gateway.messages.editions import ED1, ED2, KNOWN, Edition, edition3
from gateway.messages.errors import UnknownMessage

_PROFILES = "gateway.messages.profiles"


class Evidence(Enum):
    """What a declaration was checked against."""

    ORACLE = "an independent schema of the 2013 edition"
    DRAFT = "not checked against a reference schema: test documents of the 2011 draft"
    REDUCED = "not checked against a reference schema: a version cut down for a research project"
    SMALLEST = "not checked against a reference schema: the smallest profile of the public CIM classes"
    EDITION_1 = "not checked against a reference schema: a description of the 2009 edition"


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload: the module it is declared in, its evidence, and the verbs with which this gateway meets it.

    ``says`` are the verbs it sends, ``hears`` those it takes. A Get payload has no verbs of its own: it stands in the
    Request of a ``get`` of its noun.
    """

    name: str
    module: str
    evidence: Evidence
    says: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()
    use: str = ""

    @property
    def noun(self) -> str:
        """The noun in the header of a message that carries it."""
        return self.name.removeprefix("Get")

    @property
    def declared(self) -> type:
        """The declared class."""
        found: type = getattr(import_module(f"{_PROFILES}.{self.module}"), self.name)
        return found


_MASTER = ("create", "change", "delete", "get")

_ORACLE, _REDUCED, _SMALLEST = Evidence.ORACLE, Evidence.REDUCED, Evidence.SMALLEST

#: Every payload, in the order of the documentation.
PAYLOADS: dict[str, Payload] = {
    payload.name: payload
    for payload in (
        Payload(
            "MeterReadings", "meter_readings", _ORACLE, ("created", "reply"), ("get", "create"), "readings, load profiles"
        ),
        Payload("EndDeviceEvents", "end_device_events", _ORACLE, ("created", "reply"), ("get",), "events, alarms"),
        Payload(
            "EndDeviceControls",
            "end_device_controls",
            _ORACLE,
            ("reply",),
            ("create", "cancel", "change", "get"),
            "connect, disconnect, demand response, prices, texts",
        ),
        Payload(
            "MeterReadSchedule",
            "meter_read_schedule",
            _ORACLE,
            ("reply",),
            ("create", "cancel", "change", "get"),
            "scheduled reading",
        ),
        Payload(
            "EndDeviceConfig",
            "end_device_config",
            _ORACLE,
            ("created", "changed", "reply"),
            _MASTER,
            "devices and PAN devices",
        ),
        Payload(
            "MeterConfig", "meter_config", _ORACLE, ("created", "changed", "reply"), _MASTER, "meters"
        ),
        Payload("UsagePointConfig", "usage_points", _ORACLE, ("reply",), _MASTER, "usage points"),
        Payload("UsagePointGroups", "groups", _ORACLE, ("reply",), _MASTER, "groups of usage points"),
        Payload("UsagePointLocationConfig", "usage_points", _ORACLE, ("reply",), _MASTER, "places of usage points"),
        Payload("EndDeviceGroups", "groups", _ORACLE, ("reply",), _MASTER, "groups of devices"),
        Payload("MasterDataLinkageConfig", "linkage", _ORACLE, ("reply",), ("create", "change", "close"), "what belongs together"),
        Payload("ServiceCategoryConfig", "services", _ORACLE, ("reply",), _MASTER, "kinds of service"),
        Payload("ServiceLocationConfig", "services", _ORACLE, ("reply",), _MASTER, "places of service"),
        Payload("ServiceSupplierConfig", "services", _ORACLE, ("reply",), _MASTER, "suppliers"),
        Payload("GetMeterReadings", "get_meter_readings", _ORACLE, (), ("get",), "in the Request of get MeterReadings"),
        Payload("GetEndDeviceEvents", "get_configurations", _ORACLE, (), ("get",), "in the Request of get EndDeviceEvents"),
        Payload("GetMeterConfig", "get_configurations", _ORACLE, (), ("get",), "in the Request of get MeterConfig"),
        Payload("PricingStructureConfig", "pricing", _REDUCED, ("reply",), _MASTER, "tariffs"),
        Payload("MeterServiceRequests", "meter_service_requests", Evidence.DRAFT, ("reply",), (), "field work"),
        Payload("GetEndDeviceControls", "reduced_gets", _REDUCED, (), ("get",), "in the Request of get EndDeviceControls"),
        Payload("GetMeterReadSchedule", "reduced_gets", _REDUCED, (), ("get",), "in the Request of get MeterReadSchedule"),
        Payload("GetEndDeviceConfig", "reduced_gets", _REDUCED, (), ("get",), "in the Request of get EndDeviceConfig"),
        Payload("CustomerConfig", "customers", _SMALLEST, ("reply",), _MASTER, "customers"),
        Payload("CustomerAccountConfig", "customers", _SMALLEST, ("reply",), _MASTER, "customers' accounts"),
        Payload("CustomerAgreementConfig", "agreements", _SMALLEST, ("reply",), _MASTER, "what is agreed with customers"),
        Payload("AuxiliaryAgreementConfig", "agreements", _SMALLEST, ("reply",), _MASTER, "debts and levies"),
        Payload("ComModuleConfig", "modules", _SMALLEST, ("reply",), _MASTER, "communication modules"),
        Payload("EndDeviceFirmware", "modules", _SMALLEST, ("created", "reply"), ("create", "get"), "software of devices"),
        Payload("CustomerMeterDataSet", "customer_meter_data_set", _SMALLEST, (), (), "customers with their meters, not for a gateway"),
        Payload("ReceiptRecord", "prepayment", _SMALLEST, (), (), "payments, not for a gateway"),
        Payload("TransactionRecord", "prepayment", _SMALLEST, (), (), "what was sold, not for a gateway"),
    )
}  # fmt: skip


def envelopes() -> dict[str, type]:
    """The roots of the envelope, by element."""
    from gateway.messages.envelope import ENVELOPES

    return ENVELOPES


@cache
def declared(name: str) -> type:
    """The declared class of a payload or of a root of the envelope. Raises UnknownMessage."""
    if name in PAYLOADS:
        return PAYLOADS[name].declared
    if name in envelopes():
        return envelopes()[name]
    raise UnknownMessage(f"{name} is no message of IEC 61968-9 or 61968-100 that is known here")


def declared_as(element: etree._Element) -> tuple[type[Any], str] | None:
    """The class and namespace of an element that is the root of a payload or envelope; None where none is known."""
    name = etree.QName(element)
    namespace = name.namespace or ""
    if namespace == ED2.envelope:
        kind = envelopes().get(name.localname)
        return (kind, namespace) if kind else None
    if name.localname in PAYLOADS and namespace == ED2.namespace(name.localname):
        return PAYLOADS[name.localname].declared, namespace
    if ED1.noun_of(namespace) == name.localname:
        return _of_edition_1(name.localname, namespace)
    return None


def _of_edition_1(name: str, namespace: str) -> tuple[type[Any], str] | None:
    from gateway.messages.profiles.edition1 import MESSAGES

    return (MESSAGES[name], namespace) if name in MESSAGES else None


def configured_edition3(nouns: Mapping[str, str]) -> Edition:
    """The edition of 2024 as its owner has set it: payload namespaces by noun, in the names of 2024 or of 2013.

    Raises UsageError for a noun that is not known here, and for a namespace that is empty, another edition's, or given
    twice: messages could not be told apart by it.
    """
    third = edition3(nouns)
    known = {*PAYLOADS, *third.renamed.values()}
    if unknown := sorted(set(nouns) - known):
        raise UsageError(f"no message is called {', '.join(unknown)}", do="metergate message schema lists the messages")
    for noun, space in nouns.items():
        if not space or KNOWN.modern(space) is not None:
            raise UsageError(
                f"{space!r} is no namespace of edition 3 for {noun}", do="take it from the standard's schema"
            )
        if list(nouns.values()).count(space) > 1:
            raise UsageError(f"the namespace {space} is given for more than one message", do="each has its own")
    return third
