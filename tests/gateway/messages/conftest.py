"""What the tests of messages share: payloads, the oracle's schemas, records of a meter."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from lxml import etree

from gateway.messages import catalogue, codec
from gateway.messages.catalogue import PAYLOADS, Evidence

ORACLES = [name for name, payload in PAYLOADS.items() if payload.evidence is Evidence.ORACLE]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``payload`` is every message that is declared, ``checked_payload`` those that the oracle has a schema of."""
    if "checked_payload" in metafunc.fixturenames:
        metafunc.parametrize("checked_payload", ORACLES)
    if "payload" in metafunc.fixturenames:
        metafunc.parametrize("payload", list(PAYLOADS))


@pytest.fixture(scope="session")
def own_schema() -> Callable[[str], etree.XMLSchema]:
    """The project's own schema of a payload."""
    return cache(lambda name: etree.XMLSchema(etree.XML(codec.schema(name).encode())))


@pytest.fixture(scope="session")
def declared() -> Callable[[str], type]:
    return catalogue.declared
