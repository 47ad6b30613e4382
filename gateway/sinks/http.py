"""HTTP(S) POST of a message to a head end."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Self

import httpx

from gateway.sinks.sink import Delivered, Outcome, Refused, Retry
from gateway.store.outbox import Waiting

#: Answers that say "later": request timeout, too early, too many requests. Every 5xx as well.
_LATER = {408, 425, 429}
#: Answers that say "not you": they end when an operator mends the credentials, so nothing is given up.
_NOT_US = {401, 403, 407}
#: The wait after a refusal of our credentials: asking faster locks accounts and mends nothing.
_NOT_US_AFTER_S = 300.0


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where to, and how. ``headers`` may hold a credential: its repr is left out."""

    url: str
    content_type: str = "application/xml"
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 30.0


class HttpSink:
    """POSTs the body with its MessageID as ``Idempotency-Key``. 2xx is delivered; what else, see the tables above."""

    def __init__(self, name: str, settings: HttpSettings, tls: ssl.SSLContext | None = None) -> None:
        self._name = name
        self._settings = settings
        self._tls = tls
        self._client: httpx.AsyncClient | None = None

    @property
    def name(self) -> str:
        return self._name

    async def __aenter__(self) -> Self:
        self._client = httpx.AsyncClient(
            verify=self._tls if self._tls is not None else ssl.create_default_context(),
            timeout=self._settings.timeout_s,
            headers={**self._settings.headers, "Content-Type": self._settings.content_type},
            limits=httpx.Limits(max_connections=1),
            trust_env=False,
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def deliver(self, message: Waiting) -> Outcome:
        if self._client is None:
            raise RuntimeError("the sink is not open")
        try:
            answer = await self._client.post(
                self._settings.url, content=message.body, headers={"Idempotency-Key": message.message_id}
            )
        except httpx.HTTPError as error:
            return Retry(f"{self._settings.url}: {type(error).__name__} {error}".strip())
        status = answer.status_code
        said = f"{self._settings.url}: {status} {answer.reason_phrase}"
        if 200 <= status < 300:
            return Delivered()
        if status in _NOT_US:
            return Retry(f"{said} (the head end does not accept our credentials)", _NOT_US_AFTER_S)
        if status in _LATER or status >= 500:
            return Retry(said, _seconds(answer.headers.get("Retry-After")))
        return Refused(f"{said}: {answer.text[:200]}")


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; its date form and nonsense leave the wait to the back-off. At most an hour is believed."""
    return min(float(text), 3600.0) if text is not None and text.isascii() and text.isdigit() else None
