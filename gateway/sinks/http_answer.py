"""What a head end's HTTP answer means for the message."""

from __future__ import annotations

import re

from gateway.sinks.sink import Delivered, Outcome, Refused, Retry

#: Answers that say "later": request timeout, too early, too many requests. Every 5xx as well.
_LATER = {408, 425, 429}
#: Answers that say "not you": they end when an operator mends the credentials, so nothing is given up.
_NOT_US = {401, 403, 407}
#: The wait after a refusal of our credentials: asking faster locks accounts and mends nothing.
_NOT_US_AFTER_S = 300.0
#: SOAP answers every fault with 500; the code says whose it is (SOAP 1.1 clause 4.4.1, SOAP 1.2 part 1 clause 5.4.6).
_OUR_FAULT = re.compile(rb"<(?:\w+:)?(?:faultcode|Value)[^>]*>\s*(?:\w+:)?(?:Client|Sender)\b")
#: A message of 61968-100 that came back: what it says of ours.
_RESULT = re.compile(rb"<(?:\w+:)?Result[^>]*>\s*(\w+)\s*<")
#: Of an answer no more than this is looked at.
_LOOK = 64 * 1024


def outcome(where: str, status: int, reason: str, retry_after: str | None, body: bytes) -> Outcome:
    """``where`` is the URL, for the person who reads why."""
    said = f"{where}: {status} {reason}"
    body = body[:_LOOK]
    if 200 <= status < 300:
        result = _RESULT.search(body)
        if result is not None and result[1] == b"FAILED":
            return Refused(f"{said}, and in it FAILED: {_words(body)}")
        return Delivered()
    if status in _NOT_US:
        return Retry(f"{said} (the head end does not accept our credentials)", _NOT_US_AFTER_S)
    if status == 500 and _OUR_FAULT.search(body):
        return Refused(f"{said}, and in it a fault that is the sender's: {_words(body)}")
    if status in _LATER or status >= 500:
        return Retry(said, _seconds(retry_after))
    return Refused(f"{said}: {body[:200].decode(errors='replace')}")


def _words(body: bytes) -> str:
    text = re.sub(rb"<[^>]*>", b" ", body).decode(errors="replace")
    return " ".join(text.split())[:200]


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; its date form and nonsense leave the wait to the back-off. At most an hour is believed."""
    return min(float(text), 3600.0) if text is not None and text.isascii() and text.isdigit() else None
