"""A filled sample of every message: the oracle takes it, our schema takes it, and it reads back as it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lxml import etree

from gateway.messages import codec
from gateway.messages.declare import Shape, items
from gateway.messages.sample import sample

#: So many turns of every choice: the widest has four alternatives.
TURNS = range(4)


def element_paths(declared: type, path: str = "") -> Iterator[str]:
    for item in items(declared):
        for name, inner in item.alternatives or [(item.name, item.content)]:
            if item.shape in (Shape.ELEMENT, Shape.REFERENCE, Shape.ALTERNATIVES):
                yield f"{path}/{name}"
                if isinstance(inner, type):
                    yield from element_paths(inner, f"{path}/{name}")


def present(element: Any, path: str = "") -> Iterator[str]:
    for child in element:
        here = f"{path}/{etree.QName(child).localname}"
        yield here
        yield from present(child, here)


def test_the_samples_of_the_checked_payloads_validate_against_the_oracle(
    checked_payload: str, oracle: Callable[[str], etree.XMLSchema], declared: Callable[[str], type]
) -> None:
    for turn in TURNS:
        document = etree.fromstring(codec.to_bytes(sample(declared(checked_payload), turn)))
        oracle(checked_payload).assertValid(document)


def test_a_sample_holds_every_element_that_is_declared(payload: str, declared: Callable[[str], type]) -> None:
    kind = declared(payload)
    found = {path for turn in TURNS for path in present(etree.fromstring(codec.to_bytes(sample(kind, turn))))}
    assert found == set(element_paths(kind))


def test_a_sample_reads_back_equal_and_fits_our_own_schema(
    payload: str, own_schema: Callable[[str], etree.XMLSchema], declared: Callable[[str], type]
) -> None:
    for turn in TURNS:
        message = sample(declared(payload), turn)
        data = codec.to_bytes(message)
        own_schema(payload).assertValid(etree.fromstring(data))
        assert codec.read(data).message == message
        assert codec.to_bytes(codec.read(data).message) == data


@pytest.mark.parametrize("folder", ["xsd"])
def test_the_oracle_has_no_payload_that_is_not_declared(folder: str, oracle_xsd: Any) -> None:
    from gateway.messages.catalogue import PAYLOADS

    assert {file.stem for file in oracle_xsd.glob("*.xsd")} - {"Message"} <= set(PAYLOADS)
