"""Who may ask for what: sources by their credentials, and what each was granted, by verb, noun and device."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.messages import refusals
from gateway.messages.envelope import Verb

#: In a grant: every noun, or every device.
ANY = "*"


@dataclass(frozen=True, slots=True)
class Grant:
    """Verbs of nouns, for some devices (names of meters in the configuration) and some controls; ``*`` for all."""

    verbs: frozenset[str]
    nouns: frozenset[str]
    devices: frozenset[str] = frozenset({ANY})
    controls: frozenset[str] = frozenset({ANY})

    def covers(self, verb: Verb, noun: str) -> bool:
        return bool({ANY, str(verb)} & self.verbs) and bool({ANY, noun} & self.nouns)


@dataclass(frozen=True, slots=True)
class Source:
    """Who asks: the Source of its messages. ``replies`` is the sink that later answers go to, "" where there is none, and
    ``reply_addresses`` what it may call that sink by; ``replay_detection`` whether its messages must have it.
    """

    name: str
    grants: tuple[Grant, ...]
    replies: str = ""
    reply_addresses: frozenset[str] = frozenset()
    per_minute: int = 600
    replay_detection: bool = False

    def check(self, verb: Verb, noun: str) -> None:
        """Raises Refusal (7.5) where no grant covers the verb and noun."""
        if not any(grant.covers(verb, noun) for grant in self.grants):
            raise refusals.not_authorized(self.name, verb, noun)

    def may_touch(self, verb: Verb, noun: str, device: str, control: str = "") -> bool:
        """Whether it may do this, or this control, to the device of that name."""
        return any(
            grant.covers(verb, noun)
            and bool({ANY, device} & grant.devices)
            and (not control or bool({ANY, control} & grant.controls))
            for grant in self.grants
        )


@dataclass(frozen=True, slots=True)
class Credentials:
    """By what a source is known: a bearer token, and the names in the certificate of its TLS connection."""

    token: bytes | None = field(default=None, repr=False)
    certificate: str | None = None


class Access:
    """The sources that are known here."""

    def __init__(self, sources: Iterable[tuple[Source, Credentials]]) -> None:
        self._sources = tuple(sources)

    def by_token(self, token: bytes) -> Source | None:
        """The source whose token this is. Every token is compared, whole, so that time tells nothing."""
        found = None
        for source, known in self._sources:
            if known.token is not None and hmac.compare_digest(known.token, token):
                found = source
        return found

    def by_certificate(self, names: Iterable[str]) -> Source | None:
        """The source that a certificate with these names is of."""
        given = set(names)
        return next((source for source, known in self._sources if known.certificate in given), None)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source."""
        return tuple(source for source, _ in self._sources)

    def named(self, name: str) -> Source | None:
        return next((source for source, _ in self._sources if source.name == name), None)
