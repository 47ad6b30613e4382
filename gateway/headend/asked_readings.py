"""``get MeterReadings``, and ``create MeterReadings`` of older systems, which asks for the same.

The past comes from the store; intervals of a load profile that are not there yet are asked of the meter first. Where no
time is named the meter is read now. What is read so also goes to every sink, as all readings do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from drivers.errors import MeterError
from drivers.reading import Meter, Record
from gateway.acquisition.gaps import pieces
from gateway.acquisition.job import Job, Priority, Result, Wanted
from gateway.headend.addressing import addressed
from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.places import Place, known_as
from gateway.headend.reading_criteria import Criteria, criteria, types_of
from gateway.messages import refusals, replies
from gateway.messages.coincident import coincident_readings, is_asked
from gateway.messages.compose import MeterFacts, meter_readings
from gateway.messages.envelope import Verb
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.meter_readings import MeterReadings
from gateway.messages.profiles.parts import Identified
from gateway.messages.refusals import Refusal
from gateway.store import history
from gateway.store.connection import Connection
from gateway.store.coverage import Span, gaps

#: How long one meter may take when it is asked.
_DEADLINE_S = 300.0
#: Meters in one answer, where others may follow: a month of as many is some ten megabytes.
_METERS_EACH = 50
#: Values of one meter in one answer; a year of a profile with four columns. What is beyond is to be asked for in parts.
_MOST_VALUES = 150_000
#: A gap is asked of the meter when it is not older than this: meters keep some weeks.
_KEPT_BY_METERS = timedelta(days=60)


async def get_meter_readings(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Readings of the meters that are asked for. Raises Refusal, StoreError."""
    asked, wanted = criteria(incoming)
    found = await addressed(
        house,
        incoming,
        devices=asked.end_device,
        usage_points=asked.usage_point,
        device_groups=asked.end_device_group,
        usage_point_groups=asked.usage_point_group,
        everyone=True,
    )
    return await _answers(house, incoming, asked, wanted, found.places, found.refused)


async def create_meter_readings(house: House, incoming: Incoming) -> Sequence[Answer]:
    """The request of the drafts and of 2009: the meters and types of the payload are those that are to be read now."""
    (said,) = incoming.asked.content
    devices = [one.meter for one in said.meter_reading if one.meter is not None]
    points = [one.usage_point for one in said.meter_reading if one.usage_point is not None and one.meter is None]
    found = await addressed(house, incoming, devices=devices, usage_points=points)
    types = frozenset(one.reading_type for meter in said.meter_reading for one in meter.readings)
    wanted = Criteria((), types, frozenset(), frozenset(), frozenset(), from_meter=True)
    return await _answers(house, incoming, GetMeterReadings(), wanted, found.places, found.refused)


@dataclass(slots=True)
class _Of:
    """What came of one place."""

    place: Place
    records: list[Record] = field(default_factory=list)
    problem: Exception | None = None


async def _answers(
    house: House,
    incoming: Incoming,
    asked: GetMeterReadings,
    wanted: Criteria,
    places: Sequence[Place],
    refused: Iterable[Refusal],
) -> list[Answer]:
    gathered = await asyncio.gather(*(_gather(house, incoming, wanted, place) for place in places))
    problems: list[Exception] = list(refused)
    problems += [_named(one) for one in gathered if one.problem is not None]
    size = _METERS_EACH if incoming.may_follow else max(len(gathered), 1)
    parts = [gathered[first : first + size] for first in range(0, max(len(gathered), 1), size)]
    made: list[MeterReadings] = []
    for part in parts:
        message, missing = _composed(house, asked, wanted, part)
        problems += missing
        if message.meter_reading:
            made.append(message)
    if not made and not problems:
        problems.append(refusals.unavailable_data("nothing is kept of this time"))
    before, last = made[:-1], made[-1] if made else None
    verb = Verb.GET
    answers = [Answer(replies.partly_done(more_follows=True), message) for message in before]
    return [*answers, Answer(replies.outcome(problems, verb, anything_done=last is not None), last)]


async def _gather(house: House, incoming: Incoming, wanted: Criteria, place: Place) -> _Of:
    found = _Of(place)
    if wanted.from_meter:
        result = await _ask(house, place, Wanted("registers"), incoming.request_id)
        found.problem = result.error
        found.records = list(result.records)
        if result.error is None and not found.records:
            found.problem = refusals.unavailable_data("the meter gave nothing")
    if wanted.spans:
        here, problem = await _known(house, incoming, place)
        for span in wanted.spans:
            problem = await _fill(house, incoming, here, *span) or problem
        found.problem = problem or found.problem
        kept = await house.read(lambda connection: _kept(connection, here, wanted.spans))
        found.records = [*found.records, *kept]
    return found


async def _known(house: House, incoming: Incoming, place: Place) -> tuple[Place, Exception | None]:
    """The place with who is there: a meter that never answered is read, and what is kept is kept under its own name."""
    if place.meter is not None:
        return place, None
    result = await _ask(house, place, Wanted("registers"), incoming.request_id)
    answered = await house.read(partial(history.place, name=place.name))
    return replace(place, meter=answered.meter if answered else None), result.error


async def _ask(house: House, place: Place, what: Wanted, request_id: str, piece: Span | None = None) -> Result:
    job = Job(place.name, what, Priority.REQUEST, _DEADLINE_S, correlation_id=request_id or None, piece=piece)
    if not house.ask(job):
        return Result(error=refusals.too_busy("too many reads wait at the meter's link"))
    return await job.done


async def _fill(house: House, incoming: Incoming, place: Place, since: datetime, until: datetime) -> Exception | None:
    """Ask the meter for what is missing of the load profiles that are read of it; the error that ended it, if one did."""
    until, since = min(until, incoming.at), max(since, incoming.at - _KEPT_BY_METERS)
    if place.meter is None or since >= until:
        return None
    meter, window = place.meter.key, Span(since, until)
    for profile in {one.profile for one in place.table.read if one.profile is not None}:
        missing = await house.read(partial(gaps, meter=meter, profile=str(profile), within=window))
        for piece in pieces(missing):
            what = Wanted("profile", profile=profile, since=piece.after, until=piece.until)
            result = await _ask(house, place, what, incoming.request_id, piece)
            if result.error is not None:
                return result.error
    return None


def _kept(connection: Connection, place: Place, spans: Iterable[tuple[datetime, datetime]]) -> list[Record]:
    found: list[Record] = []
    for meter in place.meters:
        found.append(meter)
        for since, until in spans:
            found += [kept.reading for kept in history.readings(connection, meter.key, since, until)]
            series = history.rows(connection, meter.key, since, until, _MOST_VALUES + 1)
            if sum(len(one.rows) * len(one.columns) for one in series) > _MOST_VALUES:
                raise refusals.too_many_items(_MOST_VALUES + 1, _MOST_VALUES, f"values of meter {meter.key}")
            found += series
    return found


def _composed(
    house: House, asked: GetMeterReadings, wanted: Criteria, part: Sequence[_Of]
) -> tuple[MeterReadings, list[Refusal]]:
    facts = {
        record.key: MeterFacts(usage_point=Identified(mrid=one.place.usage_point))
        for one in part
        for record in one.records
        if isinstance(record, Meter) and one.place.usage_point
    }
    records = [record for one in part for record in one.records]
    message = meter_readings(records, house.rules, facts=facts, attach_events=is_asked(asked)).message
    if is_asked(asked):
        # Whose readings these are is settled: a place's name is ours, and no message has it.
        found = coincident_readings(message, replace(asked, end_device=(), usage_point=()))
        return found.message, list(found.missing)
    chosen = wanted.choose(message)
    return chosen, list(_missing(wanted, part, chosen, message))


def _missing(wanted: Criteria, part: Sequence[_Of], chosen: MeterReadings, whole: MeterReadings) -> Iterator[Refusal]:
    """The ReadingTypes of which a meter that was read gave none."""
    had = {name: one for one in chosen.meter_reading for name in _called(one)}
    gave = {name for one in whole.meter_reading for name in _called(one)}
    for one in part:
        for meter in (record for record in one.records if isinstance(record, Meter)):
            names = {meter.key, meter.serial}
            said = next((had[name] for name in names if name in had), None)
            types = types_of(said) if said else set()
            if one.problem is None and names & gave:
                for code in sorted(wanted.types - types):
                    yield refusals.unavailable_reading_type(code, meter.key, "the meter has none of this time")


def _called(one: object) -> Sequence[str]:
    return known_as(getattr(one, "meter", None))


def _named(one: _Of) -> Exception:
    """The problem, with the meter's name: a reply names all the meters that failed."""
    problem = one.problem
    assert problem is not None  # noqa: S101 - the caller has looked
    if isinstance(problem, Refusal) and problem.about is None:
        return refusals.about_meter(problem, one.place.name)
    if isinstance(problem, MeterError) and not isinstance(problem, Refusal):
        return refusals.about_meter(refusals.of_meter(problem, replies.code_of(problem, Verb.GET)), one.place.name)
    return problem
