"""CustomerConfig and CustomerAccountConfig: who is served, and under which account.

Not checked against a reference schema: the smallest profile that the public CIM classes give for their use here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.messages.declare import many, optional
from gateway.messages.profiles.kinds import CustomerKind
from gateway.messages.profiles.parts import ConfigurationEvent, Identified, Name, Status
from gateway.messages.profiles.services import Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Someone who is served, and the devices that are theirs."""

    mrid: str | None = optional("mRID")
    kind: CustomerKind | None = optional("kind")
    locale: str | None = optional("locale")
    puc_number: str | None = optional("pucNumber")
    special_need: str | None = optional("specialNeed")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    end_devices: tuple[Identified, ...] = many("EndDevices")
    names: tuple[Name, ...] = many("Names")
    organisation: Organisation | None = optional("Organisation")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerConfig:
    """The message: customers."""

    customer: tuple[Customer, ...] = many("Customer")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAccount:
    """An account of a customer, under which agreements are billed."""

    mrid: str | None = optional("mRID")
    billing_cycle: str | None = optional("billingCycle")
    budget_bill: str | None = optional("budgetBill")
    created_date_time: datetime | None = optional("createdDateTime")
    last_modified_date_time: datetime | None = optional("lastModifiedDateTime")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    customer: Identified | None = optional("Customer")
    customer_agreements: tuple[Identified, ...] = many("CustomerAgreements")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAccountConfig:
    """The message: customers' accounts."""

    customer_account: tuple[CustomerAccount, ...] = many("CustomerAccount")
