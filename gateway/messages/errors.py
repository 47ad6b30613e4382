"""What is wrong with a message, with the reply code that says so (61968-9:2013 Annex B) and the XPath of the place.

These are found by reading. What only the gateway can know, such as a meter that is not here, is a ``Refusal`` (``refusals.py``).
"""

from __future__ import annotations

from drivers.errors import UsageError
from gateway.cim import reply_code
from gateway.cim.reply_code import ReplyCode


class MessageError(UsageError):
    """A message that cannot be read or written. ``code`` is of ``cim.reply_code``, ``xpath`` the place, "" where
    none, ``line`` its line in the document, 0 where that is not known.
    """

    def __init__(self, what: str, *, code: ReplyCode, xpath: str = "", line: int = 0, do: str = "") -> None:
        what, xpath = _cut(what), _cut(xpath)
        super().__init__(what, where=xpath, do=do)
        self.code = str(code)
        self.xpath = xpath
        self.line = line


#: Names in a hostile document may be long, and what is said of it goes into a reply and a log.
_MOST_LETTERS = 400


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else text[:_MOST_LETTERS] + "..."


class NotXml(MessageError):
    """The bytes are no XML that this gateway reads: damaged, a document type, an entity, a wrong encoding."""

    def __init__(
        self, what: str, *, line: int = 0, do: str = "send well-formed XML 1.0 in UTF-8 without a DOCTYPE"
    ) -> None:
        super().__init__(what, code=reply_code.AGAINST_SCHEMA, line=line, do=do)


class TooLarge(MessageError):
    """More bytes, elements or levels than a message may have here."""

    def __init__(self, what: str, *, do: str = "split the message") -> None:
        super().__init__(what, code=reply_code.TOO_MANY_ITEMS, do=do)


class SchemaViolation(MessageError):
    """An element, its place, number or content is not what the schema of the message says.

    A verb that is none (``Create`` with a capital for one) has a code of its own.
    """

    def __init__(self, what: str, *, xpath: str, line: int = 0, code: ReplyCode | None = None) -> None:
        verb = _names(xpath)[-2:] == ["Header", "Verb"]
        usual = reply_code.INVALID_VERB if verb else reply_code.AGAINST_SCHEMA
        super().__init__(what, code=code or usual, xpath=xpath, line=line, do="correct the message at this place")


class ElementMissing(SchemaViolation):
    """An element that must be there is not. The code says in which part of the message."""

    def __init__(self, name: str, *, xpath: str, line: int = 0) -> None:
        super().__init__(f"{name} is missing", xpath=xpath, line=line, code=_missing_code(_names(xpath)))


#: The parts of the envelope that codes of their own go with.
_PARTS = {
    "Header": reply_code.HEADER_ELEMENT_MISSING,
    "Request": reply_code.REQUEST_ELEMENT_MISSING,
    "Payload": reply_code.PAYLOAD_ELEMENT_MISSING,
    "Reply": reply_code.AGAINST_SCHEMA,
}


def _missing_code(names: list[str]) -> ReplyCode:
    for name in names:
        if name in _PARTS:
            return _PARTS[name]
    # A payload by itself: that of a Get stands in a Request.
    get = bool(names) and names[0].startswith("Get")
    return reply_code.REQUEST_ELEMENT_MISSING if get else reply_code.PAYLOAD_ELEMENT_MISSING


def _names(xpath: str) -> list[str]:
    """The element names of a path, without numbers."""
    return [step.partition("[")[0] for step in xpath.split("/") if step]


class UnknownMessage(MessageError):
    """The root element is of no message that this gateway knows."""

    def __init__(self, what: str, *, xpath: str = "", code: ReplyCode = reply_code.INVALID_NOUN) -> None:
        super().__init__(what, code=code, xpath=xpath, do="metergate message schema lists the messages")


class CannotWrite(MessageError):
    """A message object holds what its schema cannot say. Our own mistake, so no reply code but 5.3 fits."""

    def __init__(self, what: str, *, xpath: str) -> None:
        super().__init__(
            what, code=reply_code.FAILED, xpath=xpath, do="this is a fault of the program that made the message"
        )
