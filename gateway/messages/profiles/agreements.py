"""CustomerAgreementConfig and AuxiliaryAgreementConfig: what was agreed with a customer.

Not checked against a reference schema: the smallest profile that the public CIM classes give for their use here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.messages.datatypes import MONEY, PER_CENT
from gateway.messages.declare import many, optional
from gateway.messages.profiles.parts import ConfigurationEvent, DateTimeInterval, Identified, Name, Status
from gateway.messages.profiles.usage_points import PricingStructureRef, ServiceCategoryRef, ServiceSupplierRef


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAgreement:
    """What is supplied to a customer: where, by whom, and under which tariffs."""

    mrid: str | None = optional("mRID")
    is_pre_pay: bool | None = optional("isPrePay")
    load_mgmt: str | None = optional("loadMgmt")
    shut_off_date_time: datetime | None = optional("shutOffDateTime")
    sign_date: datetime | None = optional("signDate")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    customer: Identified | None = optional("Customer")
    customer_account: Identified | None = optional("CustomerAccount")
    demand_response_programs: tuple[Identified, ...] = many("DemandResponsePrograms")
    names: tuple[Name, ...] = many("Names")
    pricing_structures: tuple[PricingStructureRef, ...] = many("PricingStructures")
    service_category: ServiceCategoryRef | None = optional("ServiceCategory")
    service_locations: tuple[Identified, ...] = many("ServiceLocations")
    service_supplier: ServiceSupplierRef | None = optional("ServiceSupplier")
    status: Status | None = optional("status")
    usage_points: tuple[Identified, ...] = many("UsagePoints")
    validity_interval: DateTimeInterval | None = optional("validityInterval")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAgreementConfig:
    """The message: agreements with customers."""

    customer_agreement: tuple[CustomerAgreement, ...] = many("CustomerAgreement")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuxiliaryAgreement:
    """A debt, a levy or the like that is settled beside a customer's agreement."""

    mrid: str | None = optional("mRID")
    arrears_interest: Decimal | None = optional("arrearsInterest", PER_CENT)
    aux_cycle: str | None = optional("auxCycle")
    aux_priority_code: str | None = optional("auxPriorityCode")
    fixed_amount: Decimal | None = optional("fixedAmount", MONEY)
    min_amount: Decimal | None = optional("minAmount", MONEY)
    pay_cycle: str | None = optional("payCycle")
    sign_date: datetime | None = optional("signDate")
    sub_type: str | None = optional("subType")
    vend_portion: Decimal | None = optional("vendPortion", PER_CENT)
    vend_portion_arrear: Decimal | None = optional("vendPortionArrear", PER_CENT)
    auxiliary_accounts: tuple[Identified, ...] = many("AuxiliaryAccounts")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    customer_agreement: Identified | None = optional("CustomerAgreement")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")
    validity_interval: DateTimeInterval | None = optional("validityInterval")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuxiliaryAgreementConfig:
    """The message: auxiliary agreements."""

    auxiliary_agreement: tuple[AuxiliaryAgreement, ...] = many("AuxiliaryAgreement")
