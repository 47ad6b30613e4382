"""Bytes from outside to an element tree, or a refusal: the one door for XML of others.

Nothing is fetched, no entity is ever expanded, and what a message may cost is bounded before it is parsed: bytes, markup
(each element costs the parser about 100 bytes of memory), levels. A DOCTYPE is refused whatever stands in it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

from lxml import etree

from gateway.messages.errors import NotXml, TooLarge

#: A month of 15-minute rows of 4 channels is 2 MB; eight such months are no single message.
MOST_BYTES = 16 * 1024 * 1024
#: Tags and attributes: the same month has 80 000. Each costs the reader up to 6 microseconds and 200 bytes.
MOST_MARKUP = 500_000
#: The deepest message of the standard has 14 levels, in an OperationSet in SOAP 20.
MOST_LEVELS = 40

#: Encodings in which ASCII is ASCII, so that markup can be counted before parsing; UTF-16 is turned into UTF-8 first.
_ENCODINGS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"}
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._\-]{1,40})["']""")
_WHITE = re.compile(rb"[ \t\r\n]*")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def load(source: bytes | Path | IO[bytes], most_bytes: int = MOST_BYTES) -> bytes:
    """The bytes of a message, at most ``most_bytes`` of them. Raises TooLarge, and OSError of the file."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            return load(file, most_bytes)
    data = source if isinstance(source, bytes) else source.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise TooLarge(f"the message is larger than {most_bytes} bytes")
    return data


def parse(data: bytes) -> etree._Element:
    """The root element, without comments and processing instructions. Raises NotXml and TooLarge."""
    data = _plain(data)
    if data.count(b"<") + data.count(b"=") > MOST_MARKUP:
        raise TooLarge(f"the message has more than {MOST_MARKUP} tags and attributes")
    _refuse_document_type(data)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error).lower():
            raise TooLarge("elements are nested too deeply") from error
        raise NotXml(f"no well-formed XML: {error.msg}", line=error.lineno or 0) from error
    except (ValueError, LookupError) as error:
        raise NotXml(f"no XML: {error}") from error
    _refuse_depth(root)
    return root


def _plain(data: bytes) -> bytes:
    """The document in an encoding whose markup is ASCII. Raises NotXml for other encodings and for NUL."""
    if data[:2] in _UTF16:
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise NotXml("the bytes are no UTF-16") from error
        data = re.sub(r"^<\?xml[^>]*\?>", "", text).encode(errors="replace")
    if b"\0" in data:
        raise NotXml("a NUL byte stands in the message")
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared.group(1).decode().lower() not in _ENCODINGS:
        raise NotXml(f"the encoding {declared.group(1).decode()} is not read here", do="send UTF-8")
    return data


def _refuse_document_type(data: bytes) -> None:
    """Walk the prolog: a DOCTYPE can only stand before the root element."""
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while True:
        at = _WHITE.match(data, at).end()  # type: ignore[union-attr]  # it matches anywhere
        if data.startswith(b"<?", at):
            end = data.find(b"?>", at)
        elif data.startswith(b"<!--", at):
            end = data.find(b"-->", at)
        else:
            break
        if end < 0:
            break
        at = data.index(b">", end) + 1
    if data.startswith(b"<!", at):
        raise NotXml("a document type (DOCTYPE) is not read here: entities could hide anything")


def _refuse_depth(root: etree._Element) -> None:
    deep = root.xpath(f"boolean({'/'.join(['*'] * MOST_LEVELS)})")
    if deep:
        raise TooLarge(f"elements are nested deeper than {MOST_LEVELS} levels")
