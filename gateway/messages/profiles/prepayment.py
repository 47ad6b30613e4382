"""ReceiptRecord and TransactionRecord: what was paid, and what was sold for it.

Not checked against a reference schema: the smallest profile that the public CIM classes give for their use here. Card and
cheque numbers are left out on purpose: a gateway has no business with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gateway.messages.datatypes import MONEY, REAL_ENERGY, STRING_QUANTITY
from gateway.messages.declare import many, optional
from gateway.messages.profiles.parts import Identified, Name


class TenderKind(StrEnum):
    """How something was paid."""

    CARD = "card"
    CASH = "cash"
    CHEQUE = "cheque"
    OTHER = "other"
    UNSPECIFIED = "unspecified"


class TransactionKind(StrEnum):
    """What a payment was for, or what a token does."""

    ACCOUNT_PAYMENT = "accountPayment"
    AUXILIARY_CHARGE_PAYMENT = "auxiliaryChargePayment"
    DIVERSE_PAYMENT = "diversePayment"
    METER_CONFIGURATION_TOKEN = "meterConfigurationToken"  # noqa: S105  (a kind of transaction)
    OTHER = "other"
    SERVICE_CHARGE_PAYMENT = "serviceChargePayment"
    TAX_CHARGE_PAYMENT = "taxChargePayment"
    TOKEN_CANCELLATION = "tokenCancellation"  # noqa: S105
    TOKEN_EXCHANGE = "tokenExchange"  # noqa: S105
    TOKEN_FREE_ISSUE = "tokenFreeIssue"  # noqa: S105
    TOKEN_GRANT = "tokenGrant"  # noqa: S105
    TOKEN_SALE_PAYMENT = "tokenSalePayment"  # noqa: S105
    TRANSACTION_REVERSAL = "transactionReversal"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDetail:
    """An amount, how it was rounded, and when."""

    amount: Decimal | None = optional("amount", MONEY)
    date_time: datetime | None = optional("dateTime")
    note: str | None = optional("note")
    rounding: Decimal | None = optional("rounding", MONEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """What was handed over, and the change that was given."""

    mrid: str | None = optional("mRID")
    amount: Decimal | None = optional("amount", MONEY)
    change: Decimal | None = optional("change", MONEY)
    kind: TenderKind | None = optional("kind")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One payment, and the transactions it is for."""

    mrid: str | None = optional("mRID")
    is_bankable: bool | None = optional("isBankable")
    cashier_shift: Identified | None = optional("CashierShift")
    line: LineDetail | None = optional("line")
    names: tuple[Name, ...] = many("Names")
    tenders: tuple[Tender, ...] = many("Tenders")
    transactions: tuple[Identified, ...] = many("Transactions")
    vendor_shift: Identified | None = optional("VendorShift")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRecord:
    """The message: receipts."""

    receipt: tuple[Receipt, ...] = many("Receipt")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAttribute:
    """A name and a value of the vendor's own."""

    name: str | None = optional("name")
    sequence_number: int | None = optional("sequenceNumber")
    value: str | None = optional("value", STRING_QUANTITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One payment or one token: for which account and meter, and how much energy it stands for."""

    mrid: str | None = optional("mRID")
    diverse_reference: str | None = optional("diverseReference")
    donor_reference: str | None = optional("donorReference")
    kind: TransactionKind | None = optional("kind")
    receiver_reference: str | None = optional("receiverReference")
    reversed_id: str | None = optional("reversedId")
    service_units_energy: Decimal | None = optional("serviceUnitsEnergy", REAL_ENERGY)
    service_units_error: Decimal | None = optional("serviceUnitsError", REAL_ENERGY)
    auxiliary_account: Identified | None = optional("AuxiliaryAccount")
    cashier_shift: Identified | None = optional("CashierShift")
    customer_account: Identified | None = optional("CustomerAccount")
    line: LineDetail | None = optional("line")
    meter: Identified | None = optional("Meter")
    names: tuple[Name, ...] = many("Names")
    pricing_structure: Identified | None = optional("PricingStructure")
    receipt: Identified | None = optional("Receipt")
    user_attributes: tuple[UserAttribute, ...] = many("UserAttributes")
    vendor_shift: Identified | None = optional("VendorShift")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRecord:
    """The message: transactions."""

    transaction: tuple[Transaction, ...] = many("Transaction")
