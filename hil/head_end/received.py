"""One message as a head end sees it: what its header says, how it went, and everything that is said in it."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

#: Envelopes of SOAP 1.1 and 1.2: what is inside is the message.
_SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")


@dataclass(frozen=True, slots=True)
class Received:
    """A message: its header, its reply, the names of its meters, and how many values or events it holds.

    ``codes`` are the reply codes in their order; ``said`` every text and every ``ref`` in it; ``body`` the message as it came.
    """

    verb: str
    noun: str
    source: str
    message_id: str
    meters: tuple[str, ...]
    readings: int
    intervals: int
    events: int
    correlation_id: str = ""
    timestamp: str = ""
    result: str = ""
    codes: tuple[str, ...] = ()
    said: frozenset[str] = frozenset()
    body: bytes = b""


def read(body: bytes) -> Received:
    """Read a message by its element names. Raises ElementTree.ParseError for what is no XML."""
    root = _unwrapped(ElementTree.fromstring(body))  # noqa: S314 - from the gateway on this bench

    def texts(*path: str) -> list[str]:
        found = [root]
        for name in path:
            found = [child for one in found for child in one.iter() if local(child) == name and child is not one]
        return [one.text or "" for one in found]

    def count(name: str) -> int:
        return sum(local(one) == name for one in root.iter())

    header = next((one for one in root if local(one) == "Header"), None)
    head = {local(one): one.text or "" for one in header} if header is not None else {}
    names = [*texts("Meter", "Names", "name"), *texts("Assets", "Names", "name")]
    meters = tuple(dict.fromkeys(name for name in names if name not in ("serialNumber", "meterKey")))
    said = {text for one in root.iter() for text in ((one.text or "").strip(), one.get("ref", "")) if text}
    return Received(
        head.get("Verb", ""),
        head.get("Noun", ""),
        head.get("Source", ""),
        head.get("MessageID", ""),
        meters,
        count("Readings"),
        count("IntervalReadings"),
        count("EndDeviceEvent"),
        head.get("CorrelationID", ""),
        head.get("Timestamp", ""),
        next(iter(texts("Reply", "Result")), ""),
        tuple(texts("Reply", "Error", "code")),
        frozenset(said),
        body,
    )


def local(element: ElementTree.Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _unwrapped(root: ElementTree.Element) -> ElementTree.Element:
    space = str(root.tag).rpartition("}")[0].lstrip("{")
    if space not in _SOAP:
        return root
    body = next((one for one in root if local(one) == "Body"), None)
    return next(iter(body), root) if body is not None else root
