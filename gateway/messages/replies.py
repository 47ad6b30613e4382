"""The Reply to a request: Result and Errors, from what went wrong and whether a part was done.

Result is OK when every code is of category 0, PARTIAL when a part was done or more is to come, else FAILED (the first is
a rule of the EPRI tests; that 0.1 and 0.2 go with PARTIAL is inferred from their wording).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from drivers.errors import AccessDenied, BadFrame, LinkLost, MeterError, NoAnswer, NotSupported
from gateway.cim import reply_code
from gateway.cim.reply_code import ReplyCode
from gateway.messages.datatypes import parse_qname, sayable
from gateway.messages.envelope import ID, Error, Level, Reply, Result, Verb
from gateway.messages.errors import MessageError
from gateway.messages.refusals import Refusal

#: More errors than these say nothing new; a reply says how many were left out, under the code for several kinds.
MOST_ERRORS = 100

#: What a meter's failure is called when readings were asked for: the data are not to be had.
_WHEN_READING: tuple[tuple[type[MeterError], ReplyCode], ...] = (
    (NotSupported, reply_code.READING_TYPES_UNAVAILABLE),
    (LinkLost, reply_code.DATA_UNAVAILABLE),
    (NoAnswer, reply_code.DATA_UNAVAILABLE),
    (BadFrame, reply_code.DATA_UNAVAILABLE),
    # A meter's keys are the gateway's business: codes 7.x would send the head end to look at its own.
    (AccessDenied, reply_code.DATA_UNAVAILABLE),
)


def code_of(problem: Exception, verb: Verb | None = None) -> ReplyCode:
    """The reply code of anything that can go wrong with a request of this verb."""
    if isinstance(problem, MessageError):
        return ReplyCode.parse(problem.code)
    if isinstance(problem, TimeoutError):
        return reply_code.TIMED_OUT
    if verb is Verb.GET:
        for kind, code in _WHEN_READING:
            if isinstance(problem, kind):
                return code
    if isinstance(problem, NotSupported):
        return reply_code.NOT_ATTEMPTED
    return reply_code.FAILED


def error(problem: Exception, verb: Verb | None = None, *, level: Level = Level.FATAL) -> Error:
    """One problem as the envelope says it. What is not meant for others (our own faults' texts) stays here."""
    code = code_of(problem, verb)
    if not isinstance(problem, MeterError):
        reason = "the time for this request is over" if isinstance(problem, TimeoutError) else "a fault in the gateway"
        return Error(code=str(code), level=level, reason=reason)
    path = problem.xpath if isinstance(problem, MessageError) else ""
    details = "; ".join(part for part in (problem.where, problem.do) if part)
    return Error(
        code=str(code),
        level=level,
        reason=sayable(problem.what),
        details=sayable(details) or None,
        xpath=_element(path),
        id=problem.about if isinstance(problem, Refusal) else None,
    )


def _element(path: str) -> str | None:
    """The name at the end of a path, which is all that the schema has room for; None where it ends with none."""
    try:
        return parse_qname(path.rpartition("/")[2].partition("[")[0])
    except ValueError:
        return None


def _note(code: ReplyCode, count: int = 0) -> Error:
    reason = f"{code.meaning}: {count} more are not listed" if count else code.meaning
    return Error(code=str(code), level=Level.INFORM, reason=reason)


def acknowledged(ids: Sequence[ID] = ()) -> Reply:
    """Taken, and to be done or answered later; also the answer to an event. ``ids`` name what was accepted."""
    return Reply(result=Result.OK, error=(_note(reply_code.ACKNOWLEDGED),), id=tuple(ids))


def done(ids: Sequence[ID] = ()) -> Reply:
    """Everything was done."""
    return Reply(result=Result.OK, error=(_note(reply_code.NO_ERRORS),), id=tuple(ids))


def partly_done(
    problems: Iterable[Exception] = (), verb: Verb | None = None, *, more_follows: bool = False, ids: Sequence[ID] = ()
) -> Reply:
    """A part was done. ``problems`` are those of the rest; ``more_follows`` where other messages bring further results."""
    first = reply_code.MORE_FOLLOWS if more_follows else reply_code.PART_DONE
    errors = _errors(problems, verb, Level.WARNING)
    return Reply(result=Result.PARTIAL, error=(_note(first), *errors), id=tuple(ids))


def failed(problems: Iterable[Exception], verb: Verb | None = None) -> Reply:
    """Nothing was done. Raises ValueError without a problem: a failure with no reason helps nobody."""
    errors = _errors(problems, verb, Level.FATAL)
    if not errors:
        raise ValueError("a request that failed needs a reason")
    return Reply(result=Result.FAILED, error=errors)


def outcome(problems: Sequence[Exception], verb: Verb | None = None, *, anything_done: bool) -> Reply:
    """The reply to a request of many parts, from the problems of those that were not done."""
    if not problems:
        return done()
    return partly_done(problems, verb) if anything_done else failed(problems, verb)


def of_operations(each: Mapping[int, Reply]) -> Reply:
    """The reply to an OperationSet, from that of each operation: every error says of which operation it is.

    Raises ValueError without an operation.
    """
    if not each:
        raise ValueError("an OperationSet without operations has no outcome")
    results = {reply.result for reply in each.values()}
    ids = tuple(one for reply in each.values() for one in reply.id)
    if results == {Result.OK}:
        return done(ids)
    failed_only = results == {Result.FAILED}
    errors = [
        replace(one, operation_id=number)
        for number, reply in each.items()
        for one in reply.error
        if reply.result is not Result.OK
    ]
    first = () if failed_only else (_note(reply_code.PART_DONE),)
    result = Result.FAILED if failed_only else Result.PARTIAL
    return Reply(result=result, error=(*first, *_not_too_many(errors)), id=ids)


def _errors(problems: Iterable[Exception], verb: Verb | None, level: Level) -> tuple[Error, ...]:
    return _not_too_many([error(problem, verb, level=level) for problem in problems])


def _not_too_many(errors: Sequence[Error]) -> tuple[Error, ...]:
    left = len(errors) - MOST_ERRORS
    if left <= 0:
        return tuple(errors)
    return (*errors[:MOST_ERRORS], replace(_note(reply_code.SEVERAL_KINDS, left), level=errors[0].level))
