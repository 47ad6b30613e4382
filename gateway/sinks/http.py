"""HTTP(S) POST of a message to a head end."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Self

import httpx

from gateway.sinks.dressing import BARE, Dress
from gateway.sinks.http_answer import outcome
from gateway.sinks.sink import Outcome, Retry
from gateway.store.outbox import Waiting


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where to, and how. ``headers`` may hold a credential: its repr is left out."""

    url: str
    dress: Dress = BARE
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 30.0


def _trust(url: str) -> ssl.SSLContext:
    """The machine's authorities for https. An address without TLS needs none, and does not hold 144 certificates (2.4 MB) in
    memory for them; a context without authorities trusts nobody."""
    return ssl.create_default_context() if httpx.URL(url).scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class HttpSink:
    """POSTs the body with its MessageID as ``Idempotency-Key``. What the answer means: ``http_answer``."""

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
            verify=self._tls if self._tls is not None else _trust(self._settings.url),
            timeout=self._settings.timeout_s,
            headers={**self._settings.headers, **self._settings.dress.headers()},
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
        body = self._settings.dress.on(message)
        try:
            answer = await self._client.post(
                self._settings.url, content=body, headers={"Idempotency-Key": message.message_id}
            )
        except (httpx.HTTPError, OSError) as error:
            # In TLS 1.3 the other side refuses our certificate after the handshake: ssl's own error comes through httpx.
            return Retry(f"{self._settings.url}: {type(error).__name__} {error}".strip())
        after = answer.headers.get("Retry-After")
        said = self._without_credentials(answer.content)
        return outcome(self._settings.url, answer.status_code, answer.reason_phrase, after, said)

    def _without_credentials(self, body: bytes) -> bytes:
        """What a head end answers is kept and shown to people; some repeat what they were sent."""
        for value in self._settings.headers.values():
            for word in value.split():
                if len(word) > len("Bearer"):
                    body = body.replace(word.encode(), b"(secret)")
        return body
