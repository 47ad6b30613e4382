"""Reply codes: how a request went, as category.number (IEC 61968-9:2013, annex B, which is informative).

The list is publicly known from one implementation only, but for 0.0 and 6.1. Numbers that it skips (1.1 to 1.4, 2.1 to 2.3,
2.7, 2.8, 2.11) may be reserved in the standard; they are not known, and neither emitted nor refused here.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.cim.code_tables import Part, Standing, integers, look_up, table

_TABLE = "reply_codes.csv"


class ReplyCode(NamedTuple):
    """A reply code. ``str()`` is the code, ``parse`` reads it back."""

    category: int
    number: int

    @classmethod
    def parse(cls, text: str) -> ReplyCode:
        """Read a code of two integers. Raises ValueError; a code that stands in no table is none."""
        parts = integers(text, 2, "a reply code")
        if min(parts) < 0:
            raise ValueError(f"{text!r} has a negative part")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.category}.{self.number}"

    @property
    def meaning(self) -> str:
        """The code in words."""
        return look_up(_TABLE, "code", str(self)).meaning

    @property
    def is_known(self) -> bool:
        """Whether the table has it. Systems have codes of their own, 8.1 for one."""
        return look_up(_TABLE, "code", str(self)).standing is not Standing.UNKNOWN

    @property
    def is_good(self) -> bool:
        """Whether nothing failed: the category 0."""
        return self.category == 0

    def explain(self) -> tuple[Part, Part]:
        """The category and the whole code in words."""
        return look_up(_TABLE, "category", self.category), look_up(_TABLE, "code", str(self))


def known_codes() -> tuple[ReplyCode, ...]:
    """Every code of the table, in its order."""
    return tuple(ReplyCode.parse(code) for part, code in table(_TABLE) if part == "code")


NO_ERRORS = ReplyCode(0, 0)
MORE_FOLLOWS = ReplyCode(0, 1)
PART_DONE = ReplyCode(0, 2)
ACKNOWLEDGED = ReplyCode(0, 3)

HEADER_ELEMENT_MISSING = ReplyCode(1, 5)
REQUEST_ELEMENT_MISSING = ReplyCode(1, 6)
PAYLOAD_ELEMENT_MISSING = ReplyCode(1, 7)
AGAINST_SCHEMA = ReplyCode(1, 8)
REVISION_NOT_SUPPORTED = ReplyCode(1, 9)

INVALID_METER = ReplyCode(2, 4)
INVALID_NOUN = ReplyCode(2, 5)
INVALID_READING_TYPE = ReplyCode(2, 6)
INVALID_VERB = ReplyCode(2, 9)
READING_TYPE_NOT_SUPPORTED = ReplyCode(2, 10)
INVALID_USAGE_POINT = ReplyCode(2, 12)
METER_NOT_AT_USAGE_POINT = ReplyCode(2, 13)
INVALID_SOURCE = ReplyCode(2, 14)
INVALID_REQUEST_ID = ReplyCode(2, 15)
INVALID_SERVICE_LOCATION = ReplyCode(2, 16)
INVALID_CUSTOMER_ACCOUNT = ReplyCode(2, 19)
INVALID_SERVICE_SUPPLIER = ReplyCode(2, 20)
INVALID_CUSTOMER = ReplyCode(2, 22)
INVALID_CUSTOMER_AGREEMENT = ReplyCode(2, 24)
OBJECTS_DO_NOT_FIT = ReplyCode(2, 29)
INVALID_COM_MODULE = ReplyCode(2, 30)
INVALID_SERVICE_CATEGORY = ReplyCode(2, 31)
INVALID_USAGE_POINT_LOCATION = ReplyCode(2, 32)
INVALID_PRICING_STRUCTURE = ReplyCode(2, 33)

TOO_MANY_ITEMS = ReplyCode(3, 1)
TOO_MANY_REQUESTS = ReplyCode(3, 2)

TIMED_OUT = ReplyCode(4, 1)

TOO_BUSY = ReplyCode(5, 1)
NOT_ATTEMPTED = ReplyCode(5, 2)
FAILED = ReplyCode(5, 3)
SEVERAL_KINDS = ReplyCode(5, 4)
READING_TYPES_UNAVAILABLE = ReplyCode(5, 6)
DATA_UNAVAILABLE = ReplyCode(5, 7)
FIELDS_MISSING = ReplyCode(5, 8)
ABORTED_AS_A_WHOLE = ReplyCode(5, 9)

CANCELED_BY_RULE = ReplyCode(6, 1)
ON_HOLD = ReplyCode(6, 2)
CANCELED_BY_USER = ReplyCode(6, 5)

AUTHENTICATION_REQUIRED = ReplyCode(7, 2)
MECHANISM_INSUFFICIENT = ReplyCode(7, 3)
AUTHENTICATION_FAILED = ReplyCode(7, 4)
NOT_AUTHORIZED = ReplyCode(7, 5)
ENCRYPTION_REQUIRED = ReplyCode(7, 6)
