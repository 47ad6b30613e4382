"""Every verb and noun that is taken has somebody who does it."""

from __future__ import annotations

import pytest

from gateway.headend import master_data
from gateway.headend.nouns import HANDLERS, MASTER_DATA, handler
from gateway.messages.envelope import Verb


@pytest.mark.parametrize(("verb", "noun"), HANDLERS)
def test_each_is_there(verb: Verb, noun: str) -> None:
    assert callable(handler(verb, noun))


def test_the_nouns_of_master_data_are_those_with_a_kind() -> None:
    assert tuple(master_data.KINDS) == MASTER_DATA


def test_what_nobody_does() -> None:
    with pytest.raises(KeyError):
        handler(Verb.DELETE, "MeterReadings")
