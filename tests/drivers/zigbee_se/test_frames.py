"""Every frame of the table decodes to its expected values, and what we encode ourselves is the same octets."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import BadFrame
from drivers.zigbee_se import payload, zcl
from drivers.zigbee_se.definitions import definitions
from drivers.zigbee_se.instructions import CancelLoadControl, LoadControl, Message, Price
from drivers.zigbee_se.profile import PERIODS
from drivers.zigbee_se.zcl_time import moment

NOW = datetime(2026, 11, 21, 5, 5, 27, tzinfo=UTC)


def of(vectors: dict[str, Any], command: str) -> list[Any]:
    found = [one for one in vectors.values() if one.expected["command"] == command]
    assert found
    return found


def test_the_table_has_no_command_that_no_test_is_for(vectors: dict[str, Any]) -> None:
    assert {one.expected["command"] for one in vectors.values()} == {
        "read_attributes_response", "report_attributes", "configure_reporting_response", "default_response",
        "read_attributes", "load_control_event", "publish_price", "get_profile", "get_profile_response",
        "display_message", "message_confirmation", "report_event_status", "cancel_load_control_event", "initiate_request",
        "initiate_response", "ephemeral_data_request", "ephemeral_data_response", "confirm_key_request",
        "confirm_key_response",
    }  # fmt: skip


def test_every_frame_is_the_same_octets_again(vectors: dict[str, Any]) -> None:
    for one in vectors.values():
        frame = one.frame
        assert bytes(frame) == one.data, one.name
        if frame.of_cluster:
            command = payload.command(one.cluster, "server" if frame.to_client else "client", frame.command)
            assert command is not None
            assert payload.encode(command, one.fields()) == frame.payload, one.name


def test_attributes_read_and_reported(vectors: dict[str, Any]) -> None:
    for name, command, parse in (
        ("read_attributes_response", zcl.READ_RESPONSE, zcl.parse_read_response),
        ("report_attributes", zcl.REPORT, zcl.parse_report),
    ):
        for one in of(vectors, name):
            assert one.frame.command == command
            answers = {answer.attribute: answer for answer in parse(one.frame.payload)}
            for number, expected in one.expected["attrs"].items():
                answer = answers[int(number, 16)]
                if isinstance(expected, dict):
                    assert zcl.STATUS[answer.status] == expected["status"]
                else:
                    assert answer.status == 0
                    assert answer.value == expected, (one.name, number)


def test_answers_and_requests_of_the_profile(vectors: dict[str, Any]) -> None:
    for one in of(vectors, "read_attributes"):
        assert [f"0x{number:04X}" for number in zcl.parse_read(one.frame.payload)] == one.expected["attr_ids"]
        assert zcl.read(zcl.parse_read(one.frame.payload)) == one.frame.payload
    for one in of(vectors, "default_response"):
        said = zcl.parse_default_response(one.frame.payload)
        assert (said.command, zcl.status_name(said.status)) == (one.expected["for_command"], one.expected["status"])
    for one in of(vectors, "configure_reporting_response"):
        said = zcl.parse_configure_reporting_response(one.frame.payload)
        expected = [(int(row["status"], 16), int(row["attr"], 16)) for row in one.expected["records"]]
        # What the table calls a malformed tail is a third record: success, for the attribute 0x0200.
        assert [tuple(record) for record in said] == [*expected, (0, 0x0200)]


def test_prices(vectors: dict[str, Any]) -> None:
    for one in of(vectors, "publish_price"):
        price, expected = Price.of(one.fields()), one.expected
        assert price.price == Decimal(expected["price"]).scaleb(-expected["trailing_digits"])
        assert (price.currency, price.tier) == (expected["currency"], expected["tier"])
        assert price.duration_min == expected["duration_minutes"]
        assert price.start == moment(expected.get("start_time"))
        assert price.rate_label == expected.get("rate_label", "")
        if "number_of_tiers" in expected:
            assert (price.tiers, price.register_tier) == (expected["number_of_tiers"], expected["register_tier"])
            assert price.provider_id == expected["provider_id"]


def test_load_controls(vectors: dict[str, Any]) -> None:
    for one in of(vectors, "load_control_event"):
        made, expected = LoadControl.of(one.fields()), one.expected
        assert made.issuer_event_id == expected["issuer_event_id"]
        assert made.device_class == int(expected["device_class"].split()[0], 16)
        assert made.criticality == expected["criticality_level"]
        assert made.duration_min == expected["duration_minutes"]
        assert (made.start, made.cooling_offset, made.cooling_set_point) == (None, None, None)
        assert (made.heating_offset, made.heating_set_point) == (None, None)
        assert (made.load_adjustment, made.duty_cycle) == (None, None)
        assert not made.randomise_start
        assert made.fields(NOW) == one.fields()
    for one in of(vectors, "cancel_load_control_event"):
        cancel = CancelLoadControl.of(one.fields())
        assert (cancel.issuer_event_id, cancel.device_class, cancel.effective) == (99, 0x0FFF, None)
        assert cancel.fields(NOW) == one.fields()


def test_messages(vectors: dict[str, Any]) -> None:
    for one in of(vectors, "display_message"):
        message = Message.of(one.fields())
        assert (message.issuer_event_id, message.text) == (77, one.expected["text"])
        assert (message.confirm, message.urgency, message.transmission) == (True, 0, 0)
        assert (message.start, message.duration_min) == (None, 30)
        assert message.fields(NOW) == one.fields()
    for one in of(vectors, "message_confirmation"):
        assert one.fields() == {"messageId": 77, "confirmationTime": one.expected["confirmation_time"]}


def test_what_devices_ask_and_report(vectors: dict[str, Any]) -> None:
    for one in of(vectors, "get_profile"):
        assert one.fields() == {"intervalChannel": 0, "endTime": 0, "numberOfPeriods": 4}
    for one in of(vectors, "get_profile_response"):
        fields = one.fields()
        assert fields["intervals"] == one.expected["intervals"]
        assert (fields["endTime"], fields["status"]) == (one.expected["end_time"], 0)
        assert PERIODS[fields["profileIntervalPeriod"]] == 900
    for one in of(vectors, "report_event_status"):
        fields = one.fields()
        assert (fields["issuerEventId"], fields["eventStatus"]) == (99, 4)
        assert (fields["criticalityLevelApplied"], fields["signatureType"]) == (3, 0)
        assert fields["signature"] == b"\xff" * 42


@pytest.mark.parametrize("what", ["initiate", "ephemeral_data", "confirm_key"])
def test_key_establishment(vectors: dict[str, Any], what: str) -> None:
    request, response = (of(vectors, f"{what}_{which}")[0].fields() for which in ("request", "response"))
    size = {"initiate": 48, "ephemeral_data": 22, "confirm_key": 16}[what]
    assert [len(list(fields.values())[-1]) for fields in (request, response)] == [size, size]
    if what == "initiate":
        assert (request["keyEstablishmentSuite"], response["requestedKeyEstablishmentSuite"]) == (1, 1)


@given(st.binary(max_size=90))
def test_any_octets_are_a_frame_or_one_typed_error(data: bytes) -> None:
    parsers = (
        zcl.parse_read_response, zcl.parse_report, zcl.parse_configure_reporting_response, zcl.parse_default_response,
        zcl.parse_discover_response, zcl.parse_read,
    )  # fmt: skip
    try:
        frame = zcl.Frame.parse(data)
    except BadFrame:
        return
    for parse in parsers:
        with contextlib.suppress(BadFrame):
            parse(frame.payload)
    for cluster in definitions().clusters.values():
        for (_, code), command in cluster.commands.items():
            if code == frame.command:
                with contextlib.suppress(BadFrame):
                    payload.decode(command, frame.payload)


def test_every_command_is_encoded_and_decoded_with_its_largest_values() -> None:
    for cluster in definitions().clusters.values():
        for command in set(cluster.commands.values()):
            fields = {one.name: [_some(one.type)] * 2 if one.repeats else _some(one.type) for one in command.arguments}
            assert payload.decode(command, payload.encode(command, fields)) == fields, command.name


def _some(kind: str) -> Any:
    made = definitions().structs.get(kind)
    if isinstance(made, int):
        return bytes(range(made))
    if made is not None:
        return {name: _some(part) for name, part in made}
    base = definitions().base.get(kind, kind)
    special = {
        "OCTET_STRING": b"\x01\x02",
        "CHAR_STRING": "kW é",
        "IEEE_ADDRESS": bytes(range(8)),
        "DATE": b"\x7e\x0b\x15\x06",
    }
    if base in special:
        return special[base]
    if base == "BOOLEAN":
        return 1
    bits = 32 if base == "UTC_TIME" else int(re.sub(r"\D", "", base))
    return 2 ** (bits - 1) - 1
