"""Whatever the writer writes, the oracle takes and the reader reads back equal; what the oracle refuses, it names."""

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


def both_ways(name: str, chance: Random, documents: Any, declared: Any, oracle: Any) -> None:
    message = documents.message(declared(name), chance)
    data = codec.to_bytes(message)
    if name in CHECKED:
        oracle("Message" if name in ENVELOPES else name).assertValid(etree.fromstring(data))
    assert codec.read(data).message == message
    assert codec.to_bytes(codec.read(data).message) == data


def refused(name: str, chance: Random, documents: Any, declared: Any, oracle: Any) -> None:
    root = documents.spoilt(etree.fromstring(codec.to_bytes(documents.message(declared(name), chance))), chance)
    data = etree.tostring(root)
    if oracle("Message" if name in ENVELOPES else name).validate(etree.fromstring(data)):
        return
    with pytest.raises(MessageError) as error:
        codec.read(data)
    assert error.value.xpath.startswith("/")


@settings(max_examples=100)
@given(st.sampled_from(NAMES), chances)
def test_both_ways(documents: Any, declared: Callable[[str], type], oracle: Any, name: str, chance: Random) -> None:
    both_ways(name, chance, documents, declared, oracle)


@settings(max_examples=100)
@given(st.sampled_from(CHECKED), chances)
def test_what_the_oracle_refuses_is_refused_with_its_place(
    documents: Any, declared: Callable[[str], type], oracle: Any, name: str, chance: Random
) -> None:
    refused(name, chance, documents, declared, oracle)


@pytest.mark.slow
@settings(max_examples=2_000)
@given(st.sampled_from(NAMES), chances)
def test_both_ways_at_length(
    documents: Any, declared: Callable[[str], type], oracle: Any, name: str, chance: Random
) -> None:
    both_ways(name, chance, documents, declared, oracle)


@pytest.mark.slow
@settings(max_examples=2_000)
@given(st.sampled_from(CHECKED), chances)
def test_what_the_oracle_refuses_at_length(
    documents: Any, declared: Callable[[str], type], oracle: Any, name: str, chance: Random
) -> None:
    refused(name, chance, documents, declared, oracle)
