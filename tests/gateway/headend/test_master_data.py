"""Master data: kept, changed, given and forgotten, each thing by itself; sets of operations as a whole or one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.headend.access import Source
from gateway.headend.door import Door
from gateway.headend.house import House
from gateway.messages import codec
from gateway.messages.codec import to_bytes
from gateway.messages.envelope import (
    ID,
    Header,
    Operation,
    OperationSet,
    Option,
    Payload,
    Request,
    RequestMessage,
    Result,
    Verb,
)
from gateway.messages.profiles.agreements import CustomerAgreement, CustomerAgreementConfig
from gateway.messages.profiles.customers import Customer, CustomerConfig
from gateway.messages.profiles.end_device_config import EndDevice, EndDeviceConfig
from gateway.messages.profiles.parts import Identified, Name

Say = Callable[..., Any]


@pytest.fixture
def say(door: Door, head_end: Source, sender: Say) -> Say:
    """Sends a request to the door and gives its answer."""
    return sender(door, head_end)


@pytest.fixture
def sender() -> Say:
    """What sends requests of a source to a door."""
    return _sender


def _sender(door: Door, head_end: Source) -> Say:
    number = iter(range(1000))

    async def send(verb: str, noun: str, content: object = None, ids: tuple[str, ...] = (), **options: Any) -> Any:
        header = Header(verb=Verb(verb), noun=noun, message_id=f"m-{next(number)}", correlation_id="c")
        named = tuple(ID(value=one) for one in ids)
        if verb == "get":
            asked = Request(id=named, option=() if named else (Option(name="all"),))
            message = RequestMessage(header=header, request=asked)
        else:
            payload = options.get("payload") or Payload(content=(content,) if content else (), id=named)
            message = RequestMessage(header=header, payload=payload)
        return codec.read((await door.take(to_bytes(message), head_end)).body).message

    return send


def customers(*names: str, **more: Any) -> CustomerConfig:
    return CustomerConfig(customer=tuple(Customer(mrid=name, **more) for name in names))


async def test_created_changed_given_and_deleted(say: Say) -> None:
    assert (
        await say("create", "CustomerConfig", customers("a", puc_number="1", special_need="x"))
    ).reply.result == "OK"
    assert (await say("change", "CustomerConfig", customers("a", puc_number="2"))).reply.result == "OK"
    (given,) = (await say("get", "CustomerConfig", ids=("a",))).payload.content[0].customer
    assert (given.puc_number, given.special_need) == ("2", "x")
    assert (await say("delete", "CustomerConfig", ids=("a",))).reply.result == "OK"
    assert (await say("get", "CustomerConfig", ids=("a",))).reply.error[0].code == "2.22"


async def test_each_thing_by_itself(say: Say) -> None:
    await say("create", "CustomerConfig", customers("a"))
    mixed = (await say("create", "CustomerConfig", customers("a", "b"))).reply
    assert mixed.result is Result.PARTIAL
    assert [one.value for one in mixed.id] == ["b"]
    assert [error.code for error in mixed.error] == ["0.2", "2.22"]
    assert mixed.error[1].id.value == "a"
    (everyone,) = (await say("get", "CustomerConfig")).payload.content
    assert [one.mrid for one in everyone.customer] == ["a", "b"]


async def test_what_is_named_must_be_here_and_is_not_deleted(say: Say) -> None:
    agreement = CustomerAgreement(mrid="with-a", customer=Identified(names=(Name(name="a"),)))
    config = CustomerAgreementConfig(customer_agreement=(agreement,))
    assert (await say("create", "CustomerAgreementConfig", config)).reply.error[0].code == "2.22"
    named = CustomerConfig(customer=(Customer(mrid="4711", names=(Name(name="a"),)),))
    await say("create", "CustomerConfig", named)
    assert (await say("create", "CustomerAgreementConfig", config)).reply.result == "OK"
    assert (await say("delete", "CustomerConfig", ids=("4711",))).reply.error[0].code == "2.29"
    await say("delete", "CustomerAgreementConfig", ids=("with-a",))
    assert (await say("delete", "CustomerConfig", ids=("a",))).reply.result == "OK"


async def test_an_install_code_is_used_and_not_kept(house: House, head_end: Source, sender: Say) -> None:
    opened: list[tuple[Any, str]] = []
    listening = replace(house, open_pan=lambda names, code, request: opened.append((names, code)))
    say = sender(Door(listening, 5.0, lambda: None), head_end)
    device = EndDevice(mrid="0022A30000000101", is_pan=True, install_code="83FED3407A939723A5C639B26916D505C3B5")
    await say("create", "EndDeviceConfig", EndDeviceConfig(end_device=(device,)))
    assert opened == [(["0022A30000000101"], "83FED3407A939723A5C639B26916D505C3B5")]
    (given,) = (await say("get", "EndDeviceConfig", ids=("0022A30000000101",))).payload.content[0].end_device
    assert given.install_code is None
    kept = await house.read(lambda connection: connection.execute("SELECT body FROM thing").fetchall())
    assert b"83FED" not in kept[0][0]


@pytest.mark.parametrize(
    ("mrid", "code", "why"),
    [
        ("0022A30000000101", "83FED3407A939723A5C639B26916D505C3B4", "check digits"),
        ("0022A30000000101", "83FED3", "octets"),
        ("no address", "83FED3407A939723A5C639B26916D505C3B5", "EUI64"),
    ],
)
async def test_an_install_code_that_cannot_let_it_in_is_refused_and_never_repeated(
    house: House, head_end: Source, sender: Say, mrid: str, code: str, why: str
) -> None:
    opened: list[Any] = []
    listening = replace(house, open_pan=lambda *given: opened.append(given))
    say = sender(Door(listening, 5.0, lambda: None), head_end)
    device = EndDevice(mrid=mrid, is_pan=True, install_code=code)
    good = EndDevice(mrid="0022A30000000102", is_pan=True, install_code="83FED3407A939723A5C639B26916D505C3B5")
    answer = await say("create", "EndDeviceConfig", EndDeviceConfig(end_device=(device, good)))
    assert answer.reply.result == "PARTIAL"
    (error,) = [one for one in answer.reply.error if one.code == "2.4"]
    assert why in error.reason
    assert code not in str(answer)
    assert [names for names, *_ in opened] == [["0022A30000000102"]]


def operation_set(*names: str, whole: bool = False, in_order: bool = False) -> Payload:
    steps = tuple(
        Operation(operation_id=number, noun="CustomerConfig", verb="create", content=customers(name))
        for number, name in enumerate(names, 1)
    )
    found = OperationSet(enforce_msg_sequence=in_order, enforce_transactional_integrity=whole, operation=steps)
    return Payload(operation_set=found)


@pytest.mark.parametrize(
    ("whole", "in_order", "codes", "here"),
    [
        (False, False, {(2, "2.22")}, ["a", "b"]),
        (False, True, {(2, "2.22"), (3, "5.2")}, ["a"]),
        (True, False, {(1, "5.9"), (2, "2.22"), (3, "5.9")}, []),
    ],
)
async def test_sets_of_operations(
    say: Say, whole: bool, in_order: bool, codes: set[tuple[int, str]], here: list[str]
) -> None:
    payload = operation_set("a", "a", "b", whole=whole, in_order=in_order)
    reply = (await say("execute", "OperationSet", payload=payload)).reply
    assert {(error.operation_id, error.code) for error in reply.error if error.operation_id} == codes
    found = await say("get", "CustomerConfig")
    kept = [one.mrid for one in found.payload.content[0].customer] if found.payload else []
    assert kept == here


async def test_what_cannot_be_taken_back_is_not_done_as_a_whole(say: Say, order: Callable[..., bytes]) -> None:
    (control,) = codec.read(order("3.31.0.23")).message.payload.content
    steps = (
        Operation(operation_id=1, noun="CustomerConfig", verb="create", content=customers("a")),
        Operation(operation_id=2, noun="EndDeviceControls", verb="create", content=control),
    )
    found = OperationSet(enforce_transactional_integrity=True, operation=steps)
    reply = (await say("execute", "OperationSet", payload=Payload(operation_set=found))).reply
    assert (reply.result, reply.error[0].code) == (Result.FAILED, "5.2")
    assert (await say("get", "CustomerConfig")).reply.result is Result.FAILED
