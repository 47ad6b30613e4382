"""Payloads that no reference schema was found for say so, and keep the order that every profile of the standard has."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import pairwise

import pytest

from gateway.messages.catalogue import PAYLOADS, Evidence
from gateway.messages.datatypes import Datatype
from gateway.messages.declare import Item, items

UNCHECKED = [name for name, payload in PAYLOADS.items() if payload.evidence is not Evidence.ORACLE]
SMALLEST = [name for name, payload in PAYLOADS.items() if payload.evidence is Evidence.SMALLEST]


def test_the_nine_of_the_smallest_profile_are_declared() -> None:
    assert sorted(SMALLEST) == [
        "AuxiliaryAgreementConfig", "ComModuleConfig", "CustomerAccountConfig", "CustomerAgreementConfig",
        "CustomerConfig", "CustomerMeterDataSet", "EndDeviceFirmware", "ReceiptRecord", "TransactionRecord",
    ]  # fmt: skip


@pytest.mark.parametrize("name", UNCHECKED)
def test_the_module_says_that_it_was_not_checked(name: str) -> None:
    module = sys.modules[PAYLOADS[name].declared.__module__]
    assert "Not checked against a reference schema" in (module.__doc__ or "")
    assert "not checked against a reference schema" in PAYLOADS[name].evidence.value


def classes(declared: type) -> Iterator[type]:
    yield declared
    for item in items(declared):
        if isinstance(item.content, type):
            yield from classes(item.content)


def rank(item: Item) -> tuple[int, str]:
    """mRID, then attributes, then what has parts; each by name, ignoring case (the order of CIMTool)."""
    if item.name == "mRID":
        return 0, ""
    return (1 if isinstance(item.content, Datatype) else 2), item.name.lower()


@pytest.mark.parametrize("name", SMALLEST)
def test_elements_stand_in_the_order_of_every_other_profile(name: str) -> None:
    for declared in set(classes(PAYLOADS[name].declared)):
        for before, after in pairwise(items(declared)):
            assert rank(before) < rank(after), f"{declared.__name__}: {before.name} before {after.name}"


@pytest.mark.parametrize("name", SMALLEST)
def test_each_thing_has_identity_and_names(name: str) -> None:
    for item in items(PAYLOADS[name].declared):
        assert isinstance(item.content, type)
        assert {"mRID", "Names"} <= {inner.name for inner in items(item.content)}
