"""Which namespace means which edition (61968-9 payloads, 61968-100 envelope).

Written is the edition of 2013 unless the configuration says 2024. The drafts of 2010 and 2011 are read and never written:
their documents differ from 2013 by namespace. Edition 1 (2009) is another structure, ``profiles/edition1.py``.

Of the edition of 2024 only this is publicly known: the envelope's namespace, that instance documents change by namespace
alone, and that MeterReadSchedule is redesigned and renamed MeterReadSchedules. Its payload namespaces are not known: who
owns the standard sets them in the configuration. A MeterReadSchedules message is read strictly as the MeterReadSchedule of
2013 and refused, with its place, where the redesign differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from gateway.cim import reply_code
from gateway.messages.errors import UnknownMessage


@dataclass(frozen=True, slots=True)
class Edition:
    """A set of namespaces. ``pattern`` makes the namespace of a noun; ``nouns`` names those that a pattern cannot."""

    name: str
    envelope: str
    pattern: str = ""
    nouns: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    written: bool = False

    def namespace(self, noun: str) -> str:
        """The namespace of a payload. Raises UnknownMessage where this edition has none for it."""
        if noun in self.nouns:
            return self.nouns[noun]
        if not self.pattern:
            raise UnknownMessage(
                f"no namespace is set for {noun} of edition {self.name}", code=reply_code.REVISION_NOT_SUPPORTED
            )
        return self.pattern.format(noun=noun)

    def element(self, noun: str) -> str:
        """The root element of a payload."""
        return self.renamed.get(noun, noun)

    def noun(self, element: str) -> str:
        """The name in 2013 of what this edition calls ``element``."""
        return next((noun for noun, name in self.renamed.items() if name == element), element)

    def noun_of(self, namespace: str) -> str:
        """The noun whose payload namespace this is; "" where it is none of this edition."""
        for noun, uri in self.nouns.items():
            if uri == namespace:
                return noun
        before, _, after = self.pattern.partition("{noun}")
        if self.pattern and namespace.startswith(before) and namespace.endswith(after):
            noun = namespace[len(before) : len(namespace) - len(after)]
            return noun if noun.isalnum() else ""
        return ""

    def marks(self) -> list[bytes]:
        """Bytes of which one stands in every document of this edition."""
        texts = [self.envelope, self.pattern.partition("{noun}")[0], *self.nouns.values()]
        return [text.encode() for text in texts if text]


#: Part 9 of 2013 with part 100 of 2013: what is written.
ED2 = Edition("2013", "http://iec.ch/TC57/2011/schema/message", pattern="http://iec.ch/TC57/2011/{noun}#", written=True)
#: Drafts: the hosts and years that were seen.
DRAFTS = (
    Edition("draft 2011", "http://www.iec.ch/TC57/2011/schema/message", "http://www.iec.ch/TC57/2011/{noun}#"),
    Edition("draft 2010", "http://www.iec.ch/TC57/2010/schema/message", "http://iec.ch/TC57/2010/{noun}#"),
    Edition("draft 2010", "http://iec.ch/TC57/2010/schema/message", "http://www.iec.ch/TC57/2010/{noun}#"),
)
#: Edition 1 of 2009 had no envelope of its own.
ED1 = Edition("2009", "", pattern="http://iec.ch/TC57/2009/{noun}#")
#: The envelope of part 100 of 2022, with which edition 3 of part 9 goes.
ED3_ENVELOPE = "http://iec.ch/TC57/2021/schema/message"


def edition3(nouns: Mapping[str, str]) -> Edition:
    """The edition of 2024 with the payload namespaces that the owner of the standard has configured."""
    return Edition(
        "2024",
        ED3_ENVELOPE,
        nouns={("MeterReadSchedule" if noun == "MeterReadSchedules" else noun): uri for noun, uri in nouns.items()},
        renamed={"MeterReadSchedule": "MeterReadSchedules", "GetMeterReadSchedule": "GetMeterReadSchedules"},
        written=True,
    )


class Known:
    """The editions that are read: those that are known, and the one of 2024 as far as it is configured."""

    def __init__(self, third: Edition | None = None) -> None:
        self._all = (ED2, *DRAFTS, third or edition3({}))

    def modern(self, namespace: str) -> tuple[Edition, str] | None:
        """The edition that a namespace is of, and the namespace of 2013 for the same; None where it is not known."""
        for edition in self._all:
            if namespace == edition.envelope:
                return edition, ED2.envelope
            if noun := edition.noun_of(namespace):
                return edition, ED2.namespace(noun)
        # Another structure, so no other namespace.
        return (ED1, namespace) if ED1.noun_of(namespace) else None

    def to_2013(self, root: etree._Element, data: bytes) -> Edition:
        """Give the elements of ``root`` the namespaces of 2013, in place; which edition its root had.

        ``data`` is the document, looked through for other editions' names before any element is. Edition 1 stays as it
        is, and so do namespaces that are not known, which count as 2013. Where the root is SOAP's or a strongly typed
        wrapper, the first element of a known edition counts for it.
        """
        found = self.modern(etree.QName(root).namespace or "")
        if any(mark in data for edition in (*self._all[1:], ED1) for mark in edition.marks()):
            looked_up: dict[str, tuple[Edition, str] | None] = {}
            for element in root.iter("{*}*"):
                name = etree.QName(element)
                space = name.namespace or ""
                if space not in looked_up:
                    looked_up[space] = self.modern(space)
                known = looked_up[space]
                if known is None:
                    continue
                found = found or known
                if known[0] not in (ED2, ED1):
                    local = known[0].noun(name.localname)
                    element.tag = f"{{{known[1]}}}{local}"
        return found[0] if found else ED2


KNOWN = Known()
