"""Whatever the writer writes, our schema and the oracle take, and the reader reads back equal; what they refuse, it names."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.messages import codec
from gateway.messages.catalogue import PAYLOADS, Evidence
from gateway.messages.envelope import ENVELOPES
from gateway.messages.errors import MessageError

NAMES = [*PAYLOADS, *ENVELOPES]
CHECKED = [name for name in NAMES if name in ENVELOPES or PAYLOADS[name].evidence is Evidence.ORACLE]

#: A seed a document: hypothesis has no cheaper way to make one that holds a thousand choices.
chances = st.integers(0, 2**32).map(Random)

FEW, MANY = settings(max_examples=100), settings(max_examples=2_000)


def both_ways(message: Any, schema: etree.XMLSchema) -> None:
    data = codec.to_bytes(message)
    schema.assertValid(etree.fromstring(data))
    assert codec.read(data).message == message
    assert codec.to_bytes(codec.read(data).message) == data


def refused(root: etree._Element, schema: etree.XMLSchema) -> None:
    data = etree.tostring(root)
    if schema.validate(etree.fromstring(data)):
        return
    with pytest.raises(MessageError) as error:
        codec.read(data)
    assert error.value.xpath.startswith("/")


@pytest.fixture(scope="session")
def made(documents: Any, declared: Callable[[str], type]) -> Callable[[str, Random], Any]:
    """A message of that name."""
    return lambda name, chance: documents.message(declared(name), chance)


@pytest.fixture(scope="session")
def spoilt(documents: Any, made: Any) -> Callable[[str, Random], etree._Element]:
    """A message of that name with something wrong in it."""
    return lambda name, chance: documents.spoilt(etree.fromstring(codec.to_bytes(made(name, chance))), chance)


@pytest.fixture(scope="session")
def theirs(oracle: Any) -> Callable[[str], etree.XMLSchema]:
    """The oracle's schema of a message or envelope."""
    return lambda name: oracle("Message" if name in ENVELOPES else name)


@FEW
@given(st.sampled_from(NAMES), chances)
def test_both_ways(made: Any, own_schema: Any, name: str, chance: Random) -> None:
    both_ways(made(name, chance), own_schema(name))


@FEW
@given(st.sampled_from(CHECKED), chances)
def test_the_oracle_takes_what_is_written(made: Any, theirs: Any, name: str, chance: Random) -> None:
    both_ways(made(name, chance), theirs(name))


@FEW
@given(st.sampled_from(NAMES), chances)
def test_what_our_schema_refuses_is_refused_with_its_place(
    spoilt: Any, own_schema: Any, name: str, chance: Random
) -> None:
    refused(spoilt(name, chance), own_schema(name))


@FEW
@given(st.sampled_from(CHECKED), chances)
def test_what_the_oracle_refuses_is_refused_with_its_place(spoilt: Any, theirs: Any, name: str, chance: Random) -> None:
    refused(spoilt(name, chance), theirs(name))


@pytest.mark.slow
@MANY
@given(st.sampled_from(NAMES), chances)
def test_at_length_by_our_schema(made: Any, spoilt: Any, own_schema: Any, name: str, chance: Random) -> None:
    both_ways(made(name, chance), own_schema(name))
    refused(spoilt(name, chance), own_schema(name))


@pytest.mark.slow
@MANY
@given(st.sampled_from(CHECKED), chances)
def test_at_length_by_the_oracle(made: Any, spoilt: Any, theirs: Any, name: str, chance: Random) -> None:
    both_ways(made(name, chance), theirs(name))
    refused(spoilt(name, chance), theirs(name))
