"""A state is told when it begins and when it ends, once each, whatever is read in between and over a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.reading import MeterEvent, Obis, Record, Text
from gateway.acquisition.conditions import GATEWAY, Standing, observed, settle

AT = datetime(2026, 3, 1, tzinfo=UTC)
LOG = "0-0:97.97.0*255"
TABLE = "zigbee.status"


def edges(table: str) -> bool:
    return table in (TABLE, GATEWAY)


def said(code: str, at: datetime | None = None) -> MeterEvent:
    return MeterEvent("M", at, LOG, code, AT, TABLE)


def word() -> Text:
    """The status word itself, which is read whether a bit is set or not."""
    return Text("M", Obis.parse(LOG), "", "0")


def codes(records: tuple[Record, ...]) -> list[tuple[str, str]]:
    return [(one.code, one.details.get("state", "")) for one in records if isinstance(one, MeterEvent)]


def test_it_is_told_once_while_it_stands_and_once_when_it_ends() -> None:
    first = settle([word(), said("01")], frozenset(), edges, AT)
    assert codes(first.records) == [("01", "")]
    standing = frozenset(first.begun)
    assert codes(settle([word(), said("01")], standing, edges, AT).records) == []
    last = settle([word()], standing, edges, AT)
    assert codes(last.records) == [("01", "cleared")]
    assert last.ended == (Standing("M", LOG, "01", TABLE),)


def test_a_read_that_did_not_ask_for_it_ends_nothing() -> None:
    standing = frozenset({Standing("M", LOG, "01", TABLE)})
    other = Text("M", Obis.parse("0-0:96.1.0"), "", "12345678")
    assert settle([other], standing, edges, AT).ended == ()


def test_an_entry_of_a_log_has_its_own_time_and_is_always_handed_on() -> None:
    standing = frozenset({Standing("M", LOG, "01", TABLE)})
    assert codes(settle([said("01", AT)], standing, edges, AT).records) == [("01", "")]


def test_the_gateways_own_end_when_it_says_so_only() -> None:
    silent = observed("M", "meter silent", True, AT)
    begun = settle([silent, silent], frozenset(), edges, AT)
    assert codes(begun.records) == [("meter silent", "")]
    standing = frozenset(begun.begun)
    assert settle([word()], standing, edges, AT).ended == ()
    over = settle([observed("M", "meter silent", False, AT)], standing, edges, AT)
    assert codes(over.records) == [("meter silent", "cleared")]
    assert codes(settle([observed("M", "meter silent", False, AT)], frozenset(), edges, AT).records) == []


@settings(max_examples=150)
@given(st.lists(st.frozensets(st.sampled_from("ABCD")), max_size=20))
def test_the_edges_of_any_history_of_bits(history: list[frozenset[str]]) -> None:
    standing: frozenset[Standing] = frozenset()
    before: frozenset[str] = frozenset()
    for number, bits in enumerate(history):
        settled = settle([word(), *map(said, sorted(bits))], standing, edges, AT + timedelta(hours=number))
        assert {code for code, state in codes(settled.records) if not state} == bits - before
        assert {code for code, state in codes(settled.records) if state} == before - bits
        standing = (standing | set(settled.begun)) - set(settled.ended)
        before = bits
        assert {state.code for state in standing} == bits
