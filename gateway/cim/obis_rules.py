"""From OBIS to ReadingType, by the rules of ``device_maps/obis.toml``. A code without a rule stays unmapped, with the reason.

``Rules.reading_type`` maps one code; ``Rules.map_all`` maps what one meter said and leaves unmapped what would share a
ReadingType. Each answer is remembered, so that a load profile asks once a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from drivers.reading import CURRENT, Obis, Period
from gateway.cim.reading_type import FIELDS, ReadingType, Unmapped
from gateway.cim.rule_file import OBIS_RULES, Place, RuleFile, dialect, fields, numbers

_PHASES = FIELDS.index("phases")
_TOU = FIELDS.index("tou")
_KIND = FIELDS.index("measurementKind")
_FLOW = FIELDS.index("flowDirection")
_COMMODITY = FIELDS.index("commodity")
_HARMONIC = FIELDS.index("interharmonic.numerator")
_MEASURING = FIELDS.index("measuringPeriod")
_MULTIPLIER = FIELDS.index("multiplier")

#: Channels of group B; 65 and above are a utility's or a maker's own.
_CHANNELS = range(65)


class Asked(NamedTuple):
    """What is to be mapped. ``unit`` in the spelling of ``drivers.unit``; ``capture_period_s`` for a profile's column,
    0 when it is captured on an event; ``profile`` the profile's own code; ``period_known`` whether a stored value's end
    is known; ``device_type`` of an M-Bus device; ``primary`` when transformer ratios are already applied to the value.
    """

    obis: Obis
    unit: str
    capture_period_s: int | None = None
    profile: Obis | None = None
    period_known: bool = False
    device_type: int | None = None
    calendar_month: bool = False
    primary: bool = False


class Derivation(NamedTuple):
    """A mapping and the rules that made it, in the order they were used."""

    result: ReadingType | Unmapped
    rules: tuple[Place, ...]


class _No(Exception):
    """No rule: the reason."""


class _Draft:
    """A ReadingType in the making: its fields, the quantity its unit must be of, and the rules used so far."""

    def __init__(self) -> None:
        self.fields = [0] * len(FIELDS)
        self.quantity = ""
        self.rules: list[Place] = []

    def set(self, settings: Iterable[tuple[int, int]]) -> None:
        for index, value in settings:
            self.fields[index] = value


class Rules:
    """The rules under one dialect."""

    def __init__(self, file: RuleFile, dialect_name: str = "default") -> None:
        self._file = file
        self._rules = file.content
        self.dialect, self._overrides = dialect(dialect_name, file)
        self._named = frozenset((FIELDS[i], value) for override in self._overrides for i, value in override.set)
        self._compile()
        #: 4096 codes: more than all meters of one gateway hold between them.
        self.derive = lru_cache(maxsize=4096)(self._derive)

    @classmethod
    def load(cls, dialect: str = "default", path: Path = OBIS_RULES) -> Rules:
        """The rules under a dialect, named or as the path of a dialect file (``.toml``). Raises UsageError."""
        return cls(RuleFile.read(path), dialect)

    def reading_type(
        self,
        obis: Obis,
        unit: str,
        capture_period_s: int | None = None,
        *,
        profile: Obis | None = None,
        period_known: bool = False,
        device_type: int | None = None,
        calendar_month: bool = False,
        primary: bool = False,
    ) -> ReadingType | Unmapped:
        """The ReadingType of a register or, with a capture period, of a profile's column. Arguments as in ``Asked``."""
        asked = Asked(obis, unit, capture_period_s, profile, period_known, device_type, calendar_month, primary)
        return self.derive(asked).result

    def map_all(
        self, asked: Sequence[tuple[Asked, Period | None]], decided: Mapping[Obis, ReadingType | None] | None = None
    ) -> list[ReadingType | Unmapped]:
        """Map what one meter said, in its order; two codes that would share ReadingType and period are both unmapped.

        ``decided`` is the device map's word: a code's ReadingType, or None to leave the code out.
        """
        decided = decided or {}
        results = [self._decide(one, decided) for one, _ in asked]
        sharing: dict[tuple[ReadingType, Period | None], set[Obis]] = {}
        for (one, period), result in zip(asked, results, strict=True):
            if isinstance(result, ReadingType):
                sharing.setdefault((result, period), set()).add(one.obis)
        for number, (one, period) in enumerate(asked):
            result = results[number]
            if isinstance(result, ReadingType) and len(codes := sharing[result, period]) > 1:
                others = ", ".join(str(code) for code in sorted(codes - {one.obis}))
                results[number] = Unmapped(f"shares ReadingType {result} with {others}; the device map must decide")
        return results

    def _decide(self, one: Asked, decided: Mapping[Obis, ReadingType | None]) -> ReadingType | Unmapped:
        if one.obis not in decided:
            return self.derive(one).result
        chosen = decided[one.obis]
        return chosen if chosen is not None else Unmapped("the device map leaves it out")

    def _compile(self) -> None:
        """Turn the lists of the file into look-ups by group, with the place of each rule."""
        file, electricity = self._file, self._rules["electricity"]
        self._quantities: dict[int, tuple[Place, str, int, int]] = {
            int(c): (file.place(row["id"]), row["measures"], row["flowDirection"], phases)
            for row in electricity["quantity"]
            for c, phases in row["phases"].items()
        }
        self._processings: dict[int, tuple[Place, Mapping[str, Any], tuple[tuple[int, int], ...]]] = {
            row["d"]: (file.place(row["id"]), row, fields(row["set"])) for row in electricity["processing"]
        }
        self._rates = numbers(electricity["rates"]["e"])
        self._harmonic_c = numbers(electricity["harmonics"]["c"])
        self._harmonic_e = numbers(electricity["harmonics"]["e"])
        single = [(file.place(row["id"]), row, _groups(row), fields(row["set"])) for row in self._rules["rule"]]
        # By group C, which tells most of them apart: a code is held against few rules.
        self._single = {c: [rule for rule in single if c in rule[2][2]] for c in range(256)}
        self._history = numbers(self._rules["history"]["f"])

    def _derive(self, asked: Asked) -> Derivation:
        draft = _Draft()
        try:
            self._measure(draft, asked)
            self._dialect(draft, asked)
            self._unit(draft, asked)
            self._capture(draft, asked)
            self._stored(draft, asked)
            made = ReadingType(*draft.fields)
            if objections := made.objections(self._named):
                raise _No("; ".join(f"{part} may not be sent" for part in objections))
        except _No as no:
            return Derivation(Unmapped(str(no)), tuple(draft.rules))
        return Derivation(made, tuple(draft.rules))

    def _measure(self, draft: _Draft, asked: Asked) -> None:
        """What the groups A to E say is measured."""
        obis = asked.obis
        matching = [
            rule
            for rule in self._single.get(obis.c, ())
            if all(group in wanted for group, wanted in zip(obis, rule[2], strict=False))
        ]
        if matching:
            self._one_rule(draft, asked, matching)
        elif obis.a == self._rules["electricity"]["a"] and obis.c in self._quantities and obis.b in _CHANNELS:
            self._electricity(draft, obis)
        else:
            raise _No(self._why_not(obis))
        if asked.primary and obis.a == self._rules["electricity"]["a"]:
            draft.set(fields(self._rules["electricity"]["primary"]))

    def _electricity(self, draft: _Draft, obis: Obis) -> None:
        place, measures, flow, phases = self._quantities[obis.c]
        if obis.d not in self._processings:
            raise _No(f"no rule for D={obis.d} of {measures}")
        how_place, how, settings = self._processings[obis.d]
        kinds = self._rules["electricity"]["measures"][measures]
        if how["as"] not in kinds:
            raise _No(f"D={obis.d} ({how['id']}) is not defined for {measures}")
        draft.rules += [place, how_place]
        draft.set(fields(self._rules["electricity"]["set"]))
        draft.set(settings)
        draft.set([(_FLOW, flow), (_PHASES, phases), (_KIND, kinds[how["as"]])])
        draft.quantity = how.get("of") or (kinds["integral_of"] if how["as"] == "integral" else measures)
        if obis.e:
            self._rate_or_harmonic(draft, obis, how)

    def _rate_or_harmonic(self, draft: _Draft, obis: Obis, how: Mapping[str, Any]) -> None:
        distortion = self._rules["electricity"]["harmonics"]["distortion"]
        harmonics = how.get("harmonics", False) and obis.c in self._harmonic_c
        if how.get("rates") and obis.e in self._rates:
            draft.fields[_TOU] = obis.e
        elif harmonics and obis.e in self._harmonic_e:
            draft.fields[_HARMONIC : _HARMONIC + 2] = [obis.e, 1]
        elif harmonics and obis.e == distortion["e"]:
            draft.fields[_KIND], draft.quantity = distortion["measurementKind"], distortion["of"]
        else:
            raise _No(f"no rule for E={obis.e} under C={obis.c}, D={obis.d}")

    def _one_rule(
        self, draft: _Draft, asked: Asked, matching: Sequence[tuple[Place, Mapping[str, Any], Any, Any]]
    ) -> None:
        """Of rules for the same groups the unit decides (M-Bus: kind by its unit)."""
        fitting = [rule for rule in matching if self._multiplier_and_unit(asked.unit, rule[1]["of"])]
        place, row, _, settings = (fitting or matching)[0]
        if len(matching) > 1 and not fitting:
            raise _No(f"unit {asked.unit!r} is of none of {', '.join(rule[1]['of'] for rule in matching)}")
        draft.rules.append(place)
        draft.quantity = row["of"]
        draft.set(settings)
        if isinstance(row["e"], dict):
            draft.set(fields(row["e"][str(asked.obis.e)]))
        if row.get("by_device_type"):
            draft.fields[_COMMODITY] = self._commodity(asked)

    def _commodity(self, asked: Asked) -> int:
        if asked.device_type is None:
            raise _No(f"the device type of M-Bus channel {asked.obis.b} (0-{asked.obis.b}:24.1.0) is not known")
        commodity = self._rules["device_types"].get(str(asked.device_type))
        if commodity is None:
            raise _No(f"no commodity for M-Bus device type {asked.device_type}")
        return int(commodity)

    def _multiplier_and_unit(self, unit: str, quantity: str) -> list[int] | None:
        spelled = self._rules["units"].get(unit, {})
        names = [quantity, *self._rules["also"].get(quantity, [])]
        return next((spelled[name] for name in names if name in spelled), None)

    def _unit(self, draft: _Draft, asked: Asked) -> None:
        found = self._multiplier_and_unit(asked.unit, draft.quantity)
        if found is not None:
            draft.fields[_MULTIPLIER : _MULTIPLIER + 2] = found
        elif not asked.unit:
            raise _No(f"no unit, and {draft.quantity} needs one")
        elif spelled := self._rules["units"].get(asked.unit):
            raise _No(f"unit {asked.unit} ({', '.join(spelled)}) contradicts {asked.obis}, which is {draft.quantity}")
        else:
            raise _No(f"unit {asked.unit!r} is in no table")

    def _dialect(self, draft: _Draft, asked: Asked) -> None:
        for override in self._overrides:
            if override.holds(asked.obis, draft.fields):
                draft.rules.append(override.place)
                if override.unmapped:
                    raise _No(override.unmapped)
                draft.set(override.set)

    def _capture(self, draft: _Draft, asked: Asked) -> None:
        """The measuring or macro period of a profile's column."""
        seconds, profile = asked.capture_period_s, asked.profile
        how = self._processings.get(asked.obis.d) if asked.obis.a == self._rules["electricity"]["a"] else None
        if seconds is None:
            if how and how[1].get("needs_capture_period"):
                raise _No(f"D={asked.obis.d} ({how[1]['id']}) needs the capture period of a profile")
            return
        billing = self._rules["billing"]
        own = None if profile is None else f"{profile.c}.{profile.d}"
        if seconds == 86400 and own in billing["daily"]["profiles"]:
            settings = fields(billing["daily"]["set"])
        elif seconds == 0:
            if own is not None and own not in billing["on_reset"]["profiles"]:
                raise _No(f"{profile} is captured on an event and is no billing profile: its period is not known")
            settings = fields(billing["calendar_month" if asked.calendar_month else "on_reset"]["set"])
        elif str(seconds) in self._rules["capture_periods"]:
            settings = ((_MEASURING, self._rules["capture_periods"][str(seconds)]),)
        else:
            raise _No(f"no measuringPeriod for a capture period of {seconds} s")
        keeps = how is not None and how[1].get("keeps_measuring_period", False)
        draft.rules.append(self._file.place("profile columns", "[capture_periods]"))
        draft.set(one for one in settings if not (keeps and one[0] == _MEASURING))

    def _stored(self, draft: _Draft, asked: Asked) -> None:
        """Group F: a value of an earlier billing period."""
        f = asked.obis.f
        if f == CURRENT:
            return
        if f not in self._history:
            raise _No(f"no rule for F={f}: only the device map can say which period it is of")
        if not asked.period_known:
            raise _No(f"period unknown: stored value {f} names no end of its period")
        draft.rules.append(self._file.place("history", "[history]"))
        draft.set(fields(self._rules["history"]["set"]))

    def _why_not(self, obis: Obis) -> str:
        for row in self._rules["no_reading"]:
            if obis.a in numbers(row["a"]) and obis.c in numbers(row.get("c", obis.c)):
                return str(row["why"])
        if obis.b not in _CHANNELS:
            return f"B={obis.b} is a utility's or a maker's own channel"
        return f"no rule for {obis.a}-{obis.b}:{obis.c}.{obis.d}.{obis.e}"


def _groups(row: Mapping[str, Any]) -> tuple[frozenset[int], ...]:
    """The values of A to E that a rule is for."""
    e = row["e"]
    rates = frozenset(map(int, e)) if isinstance(e, dict) else numbers(e)
    channels = numbers(row["b"]) if "b" in row else frozenset(_CHANNELS)
    return numbers(row["a"]), channels, numbers(row["c"]), numbers(row["d"]), rates
