"""What was told is answered again to a device that asks after its restart, also after the gateway's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from drivers.zigbee_se.esi import LOAD_CONTROL, MESSAGING, PRICE, Esi
from drivers.zigbee_se.instructions import CancelLoadControl, LoadControl, Message, Price
from drivers.zigbee_se.zcl_time import seconds

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)


def told(file: Path | None = None) -> Esi:
    esi = Esi(file)
    esi.tell(Price(issuer_event_id=1, price=Decimal("0.2431"), currency=978, duration_min=60), NOW, "P")
    next_hour = NOW + timedelta(hours=1)
    esi.tell(Price(issuer_event_id=2, price=Decimal("0.3"), currency=978, start=next_hour, duration_min=60), NOW)
    esi.tell(Message(issuer_event_id=3, text="Peak", confirm=True), NOW, "M")
    esi.tell(LoadControl(issuer_event_id=4, device_class=4, duration_min=30, criticality=3), NOW, "D")
    return esi


def test_a_device_that_polls_gets_what_is_running_and_what_comes(tmp_path: Path) -> None:
    told(tmp_path / "esi.json")
    esi = Esi(tmp_path / "esi.json")
    (price,) = esi.answer(PRICE, "GetCurrentPrice", {}, LATER) or []
    assert price.fields is not None
    assert (price.fields["price"], price.fields["issuerEventId"]) == (2431, 1)
    prices = esi.answer(PRICE, "GetScheduledPrices", {"startTime": 0, "numberOfEvents": 0}, LATER) or []
    assert [one.fields and one.fields["issuerEventId"] for one in prices] == [1, 2]
    (message,) = esi.answer(MESSAGING, "GetLastMessage", {}, LATER) or []
    assert message.fields is not None
    assert message.fields["message"] == "Peak"
    (event,) = esi.answer(LOAD_CONTROL, "GetScheduledEvents", {"startTime": 0, "numberOfEvents": 5}, LATER) or []
    assert event.fields is not None
    # "now" is the now of when it was told.
    assert event.fields["startTime"] == seconds(NOW)


def test_what_is_over_or_cancelled_is_not_found() -> None:
    esi = told()
    esi.tell(CancelLoadControl(issuer_event_id=4), NOW)
    for cluster, question, at in (
        (LOAD_CONTROL, "GetScheduledEvents", LATER),
        (PRICE, "GetCurrentPrice", NOW + timedelta(hours=3)),
    ):
        (reply,) = esi.answer(cluster, question, {}, at) or []
        assert reply.fields is None


def test_a_report_keeps_its_tracking_after_the_cancellation_and_the_restart(tmp_path: Path) -> None:
    told(tmp_path / "esi.json").tell(CancelLoadControl(issuer_event_id=4), NOW)
    fields = {"messageId": 3, "confirmationTime": 848643527}
    event = Esi(tmp_path / "esi.json").reported("d", MESSAGING, "MessageConfirmation", fields, LATER)
    assert event is not None
    assert event.details["issuerTrackingID"] == "M"
    assert Esi(tmp_path / "esi.json").newest == 4


def test_only_what_ends_after_the_time_that_is_asked_for_is_given() -> None:
    esi = told()
    for asked, given in ((LATER, [1, 2]), (NOW + timedelta(minutes=90), [2]), (NOW - timedelta(days=1), [1, 2])):
        fields = {"startTime": seconds(asked), "numberOfEvents": 0}
        prices = esi.answer(PRICE, "GetScheduledPrices", fields, LATER) or []
        assert [one.fields and one.fields["issuerEventId"] for one in prices] == given


@pytest.mark.parametrize(
    "spoilt", ["", "{", "[]", '{"told": [{}], "tracking": {}}', '{"told": [], "tracking": {"x": 1}}']
)
def test_a_memory_that_cannot_be_read_is_put_aside_and_said(tmp_path: Path, spoilt: str) -> None:
    file = tmp_path / "esi.json"
    file.write_text(spoilt)
    esi = Esi(file)
    aside = tmp_path / "esi.json.damaged"
    assert aside.read_text() == spoilt
    assert str(aside) in esi.damaged
    assert esi.newest == 0
    esi.tell(Message(issuer_event_id=3, text="Peak"), NOW)
    assert Esi(file).newest == 3
    assert Esi(file).damaged == ""
