"""CustomerMeterDataSet: a customer, what was agreed, where it is supplied and by which meter, in one message.

Not checked against a reference schema: the smallest profile that the public CIM classes give for their use here.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.declare import many, optional
from gateway.messages.profiles.agreements import CustomerAgreement
from gateway.messages.profiles.customers import Customer, CustomerAccount
from gateway.messages.profiles.parts import ElectronicAddress, Identified, Name, Status
from gateway.messages.profiles.services import ServiceLocation
from gateway.messages.profiles.usage_points import ServiceCategoryRef


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMeter:
    """A meter of the set, and the usage point at which it stands."""

    mrid: str | None = optional("mRID")
    amr_system: str | None = optional("amrSystem")
    form_number: str | None = optional("formNumber")
    serial_number: str | None = optional("serialNumber")
    electronic_address: ElectronicAddress | None = optional("electronicAddress")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")
    usage_point: Identified | None = optional("UsagePoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUsagePoint:
    """A usage point of the set: its service, its place, its agreement."""

    mrid: str | None = optional("mRID")
    is_virtual: bool | None = optional("isVirtual")
    customer_agreement: Identified | None = optional("CustomerAgreement")
    names: tuple[Name, ...] = many("Names")
    service_category: ServiceCategoryRef | None = optional("ServiceCategory")
    service_location: Identified | None = optional("ServiceLocation")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMeterDataSet:
    """The message: things that refer to each other by mRID or name."""

    customer: tuple[Customer, ...] = many("Customer")
    customer_account: tuple[CustomerAccount, ...] = many("CustomerAccount")
    customer_agreement: tuple[CustomerAgreement, ...] = many("CustomerAgreement")
    meter: tuple[SetMeter, ...] = many("Meter")
    service_location: tuple[ServiceLocation, ...] = many("ServiceLocation")
    usage_point: tuple[SetUsagePoint, ...] = many("UsagePoint")
