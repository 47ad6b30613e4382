"""What the gateway refuses though the message is well formed: each with its reply code and the thing it is about.

The schema cannot know that a meter is not here, or that a request asks for more than one reply can hold.
"""

from __future__ import annotations

from uuid import UUID

from drivers.errors import MeterError
from gateway.cim import reply_code
from gateway.cim.reply_code import ReplyCode
from gateway.messages.envelope import ID
from gateway.messages.errors import MessageError


class Refusal(MessageError):
    """A request, or a part of it, that is not done. ``about`` is the thing that stands in its way, if it is one thing."""

    def __init__(self, what: str, code: ReplyCode, *, about: ID | None = None, xpath: str = "", do: str = "") -> None:
        super().__init__(what, code=code, xpath=xpath, do=do)
        self.about = about


def identifier(value: str, object_type: str) -> ID:
    """The ID of a thing: its mRID where ``value`` is a UUID, else its name."""
    try:
        UUID(value)
    except ValueError:
        return ID(value=value, kind="name", object_type=object_type)
    return ID(value=value, kind="uuid", object_type=object_type)


def _about(what: str, code: ReplyCode, name: str, object_type: str, do: str = "") -> Refusal:
    return Refusal(what, code, about=identifier(name, object_type), do=do)


def unknown_meter(name: str) -> Refusal:
    return _about(f"no meter {name} is known here", reply_code.INVALID_METER, name, "Meter")


def unknown_usage_point(name: str) -> Refusal:
    return _about(f"no usage point {name} is known here", reply_code.INVALID_USAGE_POINT, name, "UsagePoint")


def meter_not_at_usage_point(meter: str, usage_point: str) -> Refusal:
    what = f"meter {meter} is not at usage point {usage_point}"
    return _about(what, reply_code.METER_NOT_AT_USAGE_POINT, meter, "Meter")


#: The code that says of each kind of thing that one is not known, where there is one.
_UNKNOWN: dict[str, ReplyCode] = {
    "Meter": reply_code.INVALID_METER,
    "EndDevice": reply_code.INVALID_METER,
    "EndDeviceGroup": reply_code.INVALID_METER,
    "UsagePoint": reply_code.INVALID_USAGE_POINT,
    "UsagePointGroup": reply_code.INVALID_USAGE_POINT,
    "ServiceLocation": reply_code.INVALID_SERVICE_LOCATION,
    "CustomerAccount": reply_code.INVALID_CUSTOMER_ACCOUNT,
    "ServiceSupplier": reply_code.INVALID_SERVICE_SUPPLIER,
    "Customer": reply_code.INVALID_CUSTOMER,
    "CustomerAgreement": reply_code.INVALID_CUSTOMER_AGREEMENT,
    "ComModule": reply_code.INVALID_COM_MODULE,
    "ServiceCategory": reply_code.INVALID_SERVICE_CATEGORY,
    "UsagePointLocation": reply_code.INVALID_USAGE_POINT_LOCATION,
    "PricingStructure": reply_code.INVALID_PRICING_STRUCTURE,
}


def unknown_thing(kind: str, name: str) -> Refusal:
    """A thing of this kind (its element's name) is not known here. Kinds without a code of their own have 2.29."""
    code = _UNKNOWN.get(kind, reply_code.OBJECTS_DO_NOT_FIT)
    return _about(f"no {kind} {name} is known here", code, name, kind)


def known_thing(kind: str, name: str) -> Refusal:
    """A thing that is to be created is here already."""
    code = _UNKNOWN.get(kind, reply_code.OBJECTS_DO_NOT_FIT)
    return _about(f"{kind} {name} is known here already", code, name, kind, "change it")


def thing_in_use(kind: str, name: str, by: str) -> Refusal:
    """A thing that another is linked to cannot be deleted."""
    return _about(f"{kind} {name} is in use: {by}", reply_code.OBJECTS_DO_NOT_FIT, name, kind, "end that first")


def device_not_authorized(source: str, what: str, device: str) -> Refusal:
    """The source may do this, and not to this device."""
    return _about(f"{source} may not {what} of {device}", reply_code.NOT_AUTHORIZED, device, "Meter")


def unknown_com_module(name: str) -> Refusal:
    return _about(f"no communication module {name} is known here", reply_code.INVALID_COM_MODULE, name, "ComModule")


def invalid_reading_type(code: str, why: str) -> Refusal:
    """The text is no ReadingType at all: ``why`` says at which field."""
    what = f"{code} is no ReadingType: {why}"
    return _about(what, reply_code.INVALID_READING_TYPE, code, "ReadingType")


def unsupported_reading_type(code: str, meter: str = "") -> Refusal:
    """A ReadingType that this gateway never reads, or not of this meter."""
    of = f" of meter {meter}" if meter else ""
    what = f"readings of the type {code}{of} are not taken here"
    return _about(what, reply_code.READING_TYPE_NOT_SUPPORTED, code, "ReadingType")


def unavailable_reading_type(code: str, meter: str, why: str) -> Refusal:
    """A ReadingType that the meter has, and that could not be read this time."""
    return _about(f"{code} of meter {meter}: {why}", reply_code.READING_TYPES_UNAVAILABLE, code, "ReadingType")


def unfit_install_code(device: str, why: str) -> Refusal:
    """The device cannot be let into the home area network by what was said of it. The code itself is never repeated."""
    return _about(f"{device}: {why}", reply_code.INVALID_METER, device, "EndDevice", "look at the device's label")


def senseless_time(what: str) -> Refusal:
    """A time that no reading can lie in."""
    return Refusal(what, reply_code.AGAINST_SCHEMA, do="correct the times")


def unavailable_data(what: str) -> Refusal:
    """Readings of a time that the meter no longer, or not yet, has."""
    return Refusal(what, reply_code.DATA_UNAVAILABLE)


def unknown_request(identity: str) -> Refusal:
    """What is to be changed, cancelled or closed was never asked for, or is done."""
    return _about(f"no request {identity} is open here", reply_code.INVALID_REQUEST_ID, identity, "")


def unknown_control(code: str, why: str) -> Refusal:
    """An EndDeviceControlType that nothing is done for."""
    what = f"{code} is no control that is done here: {why}"
    return _about(what, reply_code.OBJECTS_DO_NOT_FIT, code, "EndDeviceControlType")


def used_twice(identity: str) -> Refusal:
    """Another message bore this MessageID before."""
    what = f"{identity} was the MessageID of another message"
    return Refusal(
        what, reply_code.INVALID_REQUEST_ID, xpath="/Header/MessageID", do="give each message an id of its own"
    )


def reply_address(address: str) -> Refusal:
    """Answers go only where the configuration lets them: an address in a message proves nothing."""
    what = f"answers to this source are not sent to {address}"
    return Refusal(what, reply_code.NOT_AUTHORIZED, xpath="/Header/ReplyAddress", do="leave it out, or name the sink")


def unknown_source(source: str) -> Refusal:
    return Refusal(f"messages of {source or 'no source'} are not taken here", reply_code.INVALID_SOURCE)


def too_many_items(count: int, most: int, what: str) -> Refusal:
    said = f"{count} {what} in one request; at most {most} are taken"
    return Refusal(said, reply_code.TOO_MANY_ITEMS, do="split the request")


def too_many_requests(most: int) -> Refusal:
    return Refusal(f"{most} requests are waiting already", reply_code.TOO_MANY_REQUESTS, do="wait for a reply")


def timed_out(seconds: float) -> Refusal:
    return Refusal(f"not done within {seconds:g} s", reply_code.TIMED_OUT, do="ask again, or for less")


def too_busy(why: str) -> Refusal:
    return Refusal(why, reply_code.TOO_BUSY, do="ask again later")


def not_attempted(why: str) -> Refusal:
    """Nothing was done, so nothing needs to be undone."""
    return Refusal(why, reply_code.NOT_ATTEMPTED)


def failed(why: str) -> Refusal:
    """It was tried. Whether it had an effect must be found out by asking the meter."""
    return Refusal(why, reply_code.FAILED)


def field_missing(name: str, xpath: str) -> Refusal:
    """The schema does without it, and this request cannot be done without it."""
    return Refusal(f"{name} must be given here", reply_code.FIELDS_MISSING, xpath=xpath)


def aborted_as_a_whole(operation: int) -> Refusal:
    """One step of an OperationSet that must be done as a whole failed."""
    return Refusal(f"operation {operation} failed, so none is done", reply_code.ABORTED_AS_A_WHOLE)


def canceled_by_user(identity: str) -> Refusal:
    return _about(f"{identity} was cancelled on request", reply_code.CANCELED_BY_USER, identity, "")


def canceled_by_rule(why: str) -> Refusal:
    return Refusal(why, reply_code.CANCELED_BY_RULE)


def authentication_required() -> Refusal:
    return Refusal("say who you are", reply_code.AUTHENTICATION_REQUIRED)


def authentication_failed() -> Refusal:
    return Refusal("these credentials are not known here", reply_code.AUTHENTICATION_FAILED)


def mechanism_insufficient(what: str) -> Refusal:
    return Refusal(what, reply_code.MECHANISM_INSUFFICIENT)


def replayed(why: str) -> Refusal:
    return Refusal(f"this message is not new: {why}", reply_code.AUTHENTICATION_FAILED, xpath="/Header/ReplayDetection")


def on_hold(why: str) -> Refusal:
    """Taken, and not done before something else happens."""
    return Refusal(why, reply_code.ON_HOLD)


def encryption_required() -> Refusal:
    return Refusal("requests are taken over TLS only", reply_code.ENCRYPTION_REQUIRED)


def not_authorized(user: str, verb: str, noun: str) -> Refusal:
    return Refusal(f"{user} may not {verb} {noun} here", reply_code.NOT_AUTHORIZED)


def of_meter(problem: MeterError, code: ReplyCode) -> Refusal:
    """What went wrong with a meter, under the code that its kind has."""
    return Refusal(problem.what, code, do=problem.do)


def about_meter(problem: Refusal, name: str) -> Refusal:
    """The same problem, of the meter with this name: an answer about many must say which."""
    code = ReplyCode.parse(problem.code)
    said = problem.what if name in problem.what else f"meter {name}: {problem.what}"
    return Refusal(said, code, about=identifier(name, "Meter"), xpath=problem.xpath, do=problem.do)
