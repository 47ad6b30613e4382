"""An event among the records gets its type and what the tables say beside it."""

from __future__ import annotations

from datetime import UTC, datetime

from drivers.reading import MeterEvent
from gateway.cim.classified import classify
from gateway.cim.obis_rules import Rules

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_an_event_is_typed(rules: Rules) -> None:
    events = [MeterEvent("M", NOW, "0-0:99.98.3*255", code, NOW, table="dlms.idis") for code in ("121", "9999")]
    known, unknown = classify(events, rules)
    assert str(known.event_type) == "3.1.147.49"
    assert known.event_details == {"what": "M-Bus communication restored", "channel": "3"}
    assert str(unknown.event_type) == "3.0.147.0"


def test_what_is_no_event_says_why(rules: Rules) -> None:
    (item,) = classify([MeterEvent("M", NOW, "", "7", NOW, table="zigbee.status.electricity")], rules)
    assert item.event_type is None
    assert item.reason == "reserved bit"
