"""Flows of the interoperability tests, as scripts: what is asked, what the answer must say, and what must be told after it.

A script is TOML under ``hil/flows``: ``[[step]]`` tables with the verb and noun of a request, the XML in its Request
(``inside``) and Payload, in which ``$name`` stands for a value of the bench, what must stand in its answer (``result``,
``codes``, ``says``), and in ``[[step.then]]`` the messages that the gateway sends by itself afterwards.
"""

from __future__ import annotations

import queue
import time
import tomllib
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

from hil.head_end.asking import Way, request
from hil.head_end.received import Received, read

FLOWS = Path(__file__).resolve().parent.parent / "flows"
#: A message that follows, where the script does not say how long it may take.
_WITHIN_S = 60.0


class FlowFailed(Exception):
    """A step did not go as its script says; the text says which, and what came instead."""


@dataclass(frozen=True, slots=True)
class Then:
    """A message that must follow: its verb and noun, texts that must stand in it, whether it bears the request's
    CorrelationID, and of how many meters and how many events it must tell at least."""

    verb: str
    noun: str
    says: tuple[str, ...]
    within_s: float
    correlated: bool
    meters: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One request, and what must come of it; it is asked again for ``within_s`` seconds until the answer is right."""

    say: str
    verb: str
    noun: str
    inside: str
    payload: str
    result: tuple[str, ...]
    codes: tuple[str, ...]
    says: tuple[str, ...]
    then: tuple[Then, ...]
    within_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Flow:
    """A script."""

    title: str
    steps: tuple[Step, ...]


def load(name: str) -> Flow:
    """The script ``hil/flows/<name>.toml``. Raises OSError, KeyError for a step without verb or noun."""
    table = tomllib.loads((FLOWS / f"{name}.toml").read_text())
    return Flow(table["title"], tuple(_step(one) for one in table["step"]))


def _step(table: Mapping[str, Any]) -> Step:
    result = table.get("result", "OK")
    return Step(
        table["say"],
        table["verb"],
        table["noun"],
        table.get("inside", ""),
        table.get("payload", ""),
        (result,) if isinstance(result, str) else tuple(result),
        tuple(table.get("codes", ())),
        tuple(table.get("says", ())),
        tuple(
            Then(
                one["verb"],
                one["noun"],
                tuple(one.get("says", ())),
                float(one.get("within_s", _WITHIN_S)),
                one.get("correlated", True),
                one.get("meters", 0),
                one.get("events", 0),
            )
            for one in table.get("then", ())
        ),
        float(table.get("within_s", 0)),
    )


class Runner:
    """Runs flows against one gateway. ``way`` carries the requests, ``heard`` is what the gateway sends by itself.

    ``check`` is told every message that came; it raises AssertionError for one that is not valid. ``say`` gets a line a step.
    """

    def __init__(
        self,
        source: str,
        way: Way,
        heard: queue.Queue[Received],
        check: Callable[[bytes], None] = lambda body: None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._source = source
        self._way = way
        self._heard = heard
        self._check = check
        self._say = say
        self._kept: list[Received] = []

    def run(self, flow: Flow, values: Mapping[str, str]) -> list[Received]:
        """Every message of the flow, in order. Raises FlowFailed, OSError, AssertionError of ``check``."""
        # Names of things bear the moment at which the flow began: it is the same for all of its steps.
        began = _moments()["now"]
        return [message for step in flow.steps for message in self._run(step, {**_moments(), "began": began, **values})]

    def _run(self, step: Step, values: Mapping[str, str]) -> Iterable[Received]:
        correlation_id = str(uuid.uuid4())
        self._say(f"head end: {step.verb} {step.noun}: {step.say}")
        deadline = time.monotonic() + step.within_s
        while True:
            answer = self._asked(step, correlation_id, values)
            try:
                self._judge(step, answer, correlation_id, values)
                break
            except FlowFailed:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(1)
        self._say(f"gateway:  {answer.result} {' '.join(answer.codes)}{_amount(answer)}")
        yield answer
        for then in step.then:
            message = self._await(then, correlation_id, values, step)
            self._say(
                f"gateway:  {message.verb} {message.noun}{_amount(message)} {' '.join(_texts(then.says, values))}"
            )
            yield message

    def _asked(self, step: Step, correlation_id: str, values: Mapping[str, str]) -> Received:
        body = request(
            step.verb,
            step.noun,
            source=self._source,
            message_id=str(uuid.uuid4()),
            correlation_id=correlation_id,
            at=datetime.now(UTC),
            inside=_filled(step.inside, values),
            payload=_filled(step.payload, values),
        )
        return self._read(self._way(body))

    def _read(self, body: bytes) -> Received:
        self._check(body)
        return read(body)

    def _judge(self, step: Step, answer: Received, correlation_id: str, values: Mapping[str, str]) -> None:
        missing = [text for text in _texts(step.says, values) if text not in answer.said]
        wrong = [
            problem
            for problem, is_so in (
                (f"the result is {answer.result or 'none'}, not {' or '.join(step.result)}", answer.result not in step.result),
                (f"the verb is {answer.verb}, not reply", answer.verb != "reply"),
                (f"the noun is {answer.noun}, not {step.noun}", answer.noun != step.noun),
                ("it bears another CorrelationID", answer.correlation_id != correlation_id),
                ("it has no MessageID", not answer.message_id),
                ("its Timestamp names no zone", not _has_zone(answer.timestamp)),
                (f"the codes are {answer.codes}", bool(step.codes) and not set(step.codes) <= set(answer.codes)),
                (f"it does not say {missing}", bool(missing)),
            )
            if is_so
        ]  # fmt: skip
        if wrong:
            raise FlowFailed(f"{step.verb} {step.noun} ({step.say}): {'; '.join(wrong)}\n{answer.body.decode()}")

    def _await(self, then: Then, correlation_id: str, values: Mapping[str, str], step: Step) -> Received:
        wanted = set(_texts(then.says, values))
        deadline = time.monotonic() + then.within_s
        while True:
            for message in self._kept:
                same = not then.correlated or message.correlation_id == correlation_id
                right = (message.verb, message.noun) == (then.verb, then.noun) and wanted <= message.said
                enough = len(message.meters) >= then.meters and message.events >= then.events
                if right and same and enough:
                    self._kept.remove(message)
                    return message
            try:
                message = self._heard.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                came = ", ".join(f"{one.verb} {one.noun}" for one in self._kept) or "nothing"
                what = f"no {then.verb} {then.noun} with {sorted(wanted)} within {then.within_s:g} s; there came {came}"
                raise FlowFailed(f"after {step.verb} {step.noun} ({step.say}): {what}") from None
            self._check(message.body)
            self._kept.append(message)


def _texts(texts: Sequence[str], values: Mapping[str, str]) -> list[str]:
    return [_filled(text, values) for text in texts]


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Raises KeyError for a value that the bench does not have: a script with a slip must not pass."""
    return Template(text).substitute(values)


def _moments() -> dict[str, str]:
    """Moments that a step needs: now, an hour either side, and the day that is over (UTC)."""
    now = datetime.now(UTC).replace(microsecond=0)
    midnight = now.replace(hour=0, minute=0, second=0)
    moments = {
        "now": now,
        "soon": now + timedelta(seconds=5),
        "in_an_hour": now + timedelta(hours=1),
        "an_hour_ago": now - timedelta(hours=1),
        "yesterday": midnight - timedelta(days=1),
        "today": midnight,
    }
    return {name: moment.isoformat().replace("+00:00", "Z") for name, moment in moments.items()}


def _has_zone(stamp: str) -> bool:
    try:
        return datetime.fromisoformat(stamp).tzinfo is not None
    except ValueError:
        return False


def _amount(message: Received) -> str:
    counted = ((message.readings, "readings"), (message.intervals, "interval readings"), (message.events, "events"))
    said = [f"{number} {what}" for number, what in counted if number]
    return f": {', '.join(said)}" if said else ""
