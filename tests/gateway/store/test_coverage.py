"""Coverage of load profiles: what is here and what is missing, equal to a set of moments whatever the order it came in."""

from __future__ import annotations

import itertools
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.store.coverage import Span, cover, gaps
from gateway.store.schema import migrate

START = datetime(2026, 3, 1, tzinfo=UTC)
STEP = timedelta(minutes=15)


def span(after: int, until: int) -> Span:
    return Span(START + after * STEP, START + until * STEP)


def ends(found: Span) -> set[int]:
    """The interval ends inside a span, as numbers of quarters."""
    return set(range((found.after - START) // STEP + 1, (found.until - START) // STEP + 1))


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=12)


@settings(max_examples=150)
@given(SPANS)
def test_gaps_are_what_was_not_covered(covered: list[tuple[int, int]]) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    here: set[int] = set()
    for after, length in covered:
        cover(connection, "M", "1-0:99.1.0*255", span(after, after + length))
        here |= set(range(after + 1, after + length + 1))
    within = span(5, 35)
    missing = gaps(connection, "M", "1-0:99.1.0*255", within)
    assert set().union(*map(ends, missing), set()) == ends(within) - here
    assert missing == sorted(missing)
    assert all(earlier.until < later.after for earlier, later in itertools.pairwise(missing))
    rows = connection.execute("SELECT after, until FROM coverage ORDER BY after").fetchall()
    assert all(until < after for (_, until), (after, _) in itertools.pairwise(rows)), "touching spans are one"
    assert gaps(connection, "other", "1-0:99.1.0*255", within) == [within]
    connection.close()


def test_a_span_is_not_empty() -> None:
    with pytest.raises(ValueError, match="not later"):
        span(3, 3)
