"""Replies: every code of the table with its meaning, and the right one for everything that can go wrong."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from drivers.errors import AccessDenied, BadFrame, KeyRejected, LinkLost, MeterError, NoAnswer, NotSupported
from gateway.cim import reply_code
from gateway.cim.reply_code import ReplyCode, known_codes
from gateway.messages import codec, refusals, replies
from gateway.messages.envelope import ID, FaultMessage, Level, Result, Verb
from gateway.messages.errors import (
    CannotWrite,
    ElementMissing,
    MessageError,
    NotXml,
    SchemaViolation,
    TooLarge,
    UnknownMessage,
)

METER = "73b1baee-5c49-54bc-a441-9eb6c959e9e1"


def test_the_table_has_every_code_of_annex_b_as_far_as_it_is_known() -> None:
    codes = known_codes()
    assert Counter(code.category for code in codes) == {0: 4, 1: 5, 2: 27, 3: 2, 4: 1, 5: 9, 6: 5, 7: 7}
    assert len(set(codes)) == len(codes)
    assert all(code.is_known and code.meaning and ReplyCode.parse(str(code)) == code for code in codes)
    assert [str(part) for part in ReplyCode(2, 4).explain()] == [
        "category 2: Parameter invalid",
        "code 2.4: invalid meter [one source]",
    ]


@pytest.mark.parametrize("text", ["", "1", "1.2.3", "-1.2", "1.x", "1.08", "1. 8"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no integer|parts|negative"):
        ReplyCode.parse(text)


def test_a_code_of_others_is_read_and_said_to_be_unknown() -> None:
    code = ReplyCode.parse("8.1")
    assert not code.is_known
    assert not code.is_good
    assert code.meaning == "unknown"


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (NotXml("no XML"), "1.8"),
        (TooLarge("too many"), "3.1"),
        (UnknownMessage("what is this"), "2.5"),
        (SchemaViolation("wrong", xpath="/EventMessage/Payload/MeterReadings/MeterReading[2]/Readings"), "1.8"),
        (SchemaViolation("none of create ...", xpath="/RequestMessage/Header/Verb"), "2.9"),
        (ElementMissing("Verb", xpath="/RequestMessage/Header/Verb"), "1.5"),
        (ElementMissing("Header", xpath="/RequestMessage/Header"), "1.5"),
        (ElementMissing("scheduleInterval", xpath="/RequestMessage/Request/GetMeterReadings/TimeSchedule/x"), "1.6"),
        (ElementMissing("createdDateTime", xpath="/EventMessage/Payload/EndDeviceEvents/EndDeviceEvent/x"), "1.7"),
        (ElementMissing("createdDateTime", xpath="/EndDeviceEvents/EndDeviceEvent/createdDateTime"), "1.7"),
        (ElementMissing("Result", xpath="/ResponseMessage/Reply/Result"), "1.8"),
        (CannotWrite("ours", xpath="/MeterReadings"), "5.3"),
        (refusals.unknown_meter(METER), "2.4"),
        (refusals.unfit_install_code("00:11", "the check digits do not fit"), "2.4"),
        (refusals.unknown_usage_point("UP-1"), "2.12"),
        (refusals.meter_not_at_usage_point("4711", "UP-1"), "2.13"),
        (refusals.unknown_com_module("C-1"), "2.30"),
        (refusals.unknown_thing("Customer", "C-1"), "2.22"),
        (refusals.unknown_thing("AuxiliaryAgreement", "A-1"), "2.29"),
        (refusals.known_thing("UsagePoint", "UP-1"), "2.12"),
        (refusals.thing_in_use("CustomerAgreement", "A-1", "meter main is linked to it"), "2.29"),
        (refusals.unknown_control("3.99.0.1", "no such"), "2.29"),
        (refusals.device_not_authorized("hes", "connect", "main"), "7.5"),
        (refusals.senseless_time("it ends before it begins"), "1.8"),
        (refusals.used_twice("m-1"), "2.15"),
        (refusals.reply_address("https://elsewhere"), "7.5"),
        (refusals.replayed("its Nonce was used before"), "7.4"),
        (refusals.on_hold("two must order it"), "6.2"),
        (refusals.of_meter(NoAnswer("silent"), reply_code.DATA_UNAVAILABLE), "5.7"),
        (refusals.about_meter(refusals.failed("the meter said no"), "main"), "5.3"),
        (refusals.invalid_reading_type("1.2", "it has 2 parts"), "2.6"),
        (refusals.unsupported_reading_type("0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"), "2.10"),
        (refusals.unavailable_reading_type("0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0", "4711", "silent"), "5.6"),
        (refusals.unavailable_data("the load profile begins later"), "5.7"),
        (refusals.unknown_request("job-7"), "2.15"),
        (refusals.unknown_source(""), "2.14"),
        (refusals.too_many_items(5000, 1000, "meters"), "3.1"),
        (refusals.too_many_requests(50), "3.2"),
        (refusals.timed_out(120), "4.1"),
        (refusals.too_busy("the outbox is full"), "5.1"),
        (refusals.not_attempted("the relay is interlocked"), "5.2"),
        (refusals.failed("the meter said no"), "5.3"),
        (refusals.field_missing("primaryDeviceTiming", "/EndDeviceControls"), "5.8"),
        (refusals.aborted_as_a_whole(2), "5.9"),
        (refusals.canceled_by_rule("overtaken"), "6.1"),
        (refusals.canceled_by_user("job-7"), "6.5"),
        (refusals.authentication_required(), "7.2"),
        (refusals.mechanism_insufficient("no WS-Security here"), "7.3"),
        (refusals.authentication_failed(), "7.4"),
        (refusals.not_authorized("hes", "create", "EndDeviceControls"), "7.5"),
        (refusals.encryption_required(), "7.6"),
        (TimeoutError(), "4.1"),
        (ZeroDivisionError("at line 7"), "5.3"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_each_problem_has_its_code(problem: Exception, code: str) -> None:
    said = replies.error(problem, Verb.CREATE)
    assert said.code == code
    assert said.reason


def test_every_refusal_is_tried_above() -> None:
    tree = ast.parse(Path(__file__).read_text())
    tried = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "refusals" in ast.dump(node.func)
    }
    written = ast.parse(Path(refusals.__file__).read_text())
    made = {node.name for node in written.body if isinstance(node, ast.FunctionDef)}
    assert {name for name in made if not name.startswith("_")} - {"identifier"} <= tried


@pytest.mark.parametrize(
    ("problem", "reading", "other"),
    [
        (LinkLost("no port"), "5.7", "5.3"),
        (NoAnswer("silent"), "5.7", "5.3"),
        (BadFrame("damaged"), "5.7", "5.3"),
        (AccessDenied("refused"), "5.7", "5.3"),
        (KeyRejected("counter"), "5.7", "5.3"),
        (NotSupported("no such register"), "5.6", "5.2"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_meters_failure_is_called_by_what_was_asked(problem: MeterError, reading: str, other: str) -> None:
    assert str(replies.code_of(problem, Verb.GET)) == reading
    assert str(replies.code_of(problem, Verb.CREATE)) == other


def test_an_error_names_the_thing_and_the_place() -> None:
    unknown = replies.error(refusals.unknown_meter(METER))
    assert unknown.id == ID(value=METER, kind="uuid", object_type="Meter")
    assert replies.error(refusals.unknown_meter("4711")).id == ID(value="4711", kind="name", object_type="Meter")
    path = "/EventMessage/Payload/MeterReadings/MeterReading[2]/Readings[7]"
    said = replies.error(SchemaViolation("value must stand before ReadingType", xpath=path))
    assert said.xpath == "Readings"
    assert said.details is not None
    assert said.details.startswith(path)


def test_our_own_faults_say_nothing_of_our_inside() -> None:
    said = replies.error(ZeroDivisionError("secret"))
    assert said.reason == "a fault in the gateway"
    assert said.details is None


def test_what_a_meter_said_can_stand_in_a_reply() -> None:
    reply = replies.failed([BadFrame("\x15 came", where="\x00"), refusals.failed("\ud800 \ufffe")], Verb.GET)
    assert [one.reason for one in reply.error] == [r"\x15 came", r"\xD800 \xFFFE"]
    assert reply.error[0].details == r"\x00"
    assert codec.read(codec.to_bytes(FaultMessage(reply=reply))).message.reply == reply


def test_ok_partial_and_failed() -> None:
    problem = refusals.unknown_meter("4711")
    assert replies.outcome([], anything_done=True).result is Result.OK
    partial = replies.outcome([problem], anything_done=True)
    assert partial.result is Result.PARTIAL
    assert [one.code for one in partial.error] == ["0.2", "2.4"]
    assert [one.level for one in partial.error] == [Level.INFORM, Level.WARNING]
    failed = replies.outcome([problem], anything_done=False)
    assert failed.result is Result.FAILED
    assert [(one.code, one.level) for one in failed.error] == [("2.4", Level.FATAL)]


def test_more_to_follow_is_partial_and_an_acknowledgement_is_ok() -> None:
    more = replies.partly_done(more_follows=True)
    assert (more.result, more.error[0].code) == (Result.PARTIAL, "0.1")
    taken = replies.acknowledged([ID(value="job-7")])
    assert (taken.result, taken.error[0].code, taken.id[0].value) == (Result.OK, "0.3", "job-7")


def test_a_failure_without_a_reason_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="reason"):
        replies.failed([])


def test_a_reply_does_not_list_without_end() -> None:
    problems: list[MessageError] = [refusals.unknown_meter(str(number)) for number in range(1000)]
    reply = replies.failed(problems)
    assert len(reply.error) == replies.MOST_ERRORS + 1
    assert (reply.error[-1].code, reply.error[-1].reason) == ("5.4", "errors of several kinds: 900 more are not listed")


def test_the_reply_to_an_operation_set_says_which_operation_failed() -> None:
    good, bad = replies.done([ID(value="job-1")]), replies.failed([refusals.unknown_meter("4711")])
    assert replies.of_operations({1: good, 2: good}).result is Result.OK
    some = replies.of_operations({1: good, 2: bad, 3: replies.failed([refusals.aborted_as_a_whole(2)])})
    assert some.result is Result.PARTIAL
    assert [(one.code, one.operation_id) for one in some.error] == [("0.2", None), ("2.4", 2), ("5.9", 3)]
    assert [one.value for one in some.id] == ["job-1"]
    none = replies.of_operations({1: bad, 2: bad})
    assert none.result is Result.FAILED
    assert [(one.code, one.operation_id) for one in none.error] == [("2.4", 1), ("2.4", 2)]
    assert codec.read(codec.to_bytes(FaultMessage(reply=some))).message.reply == some
