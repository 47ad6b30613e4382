"""Everything that is wrong with a document, each with its line and XPath: by the project's own schemas, by the strict
reader where those find nothing, and by a utility's own schema files where a folder of them is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from drivers.errors import UsageError
from gateway.messages import catalogue, codec, intake, sense
from gateway.messages.editions import ED2, KNOWN, Known
from gateway.messages.errors import MessageError
from gateway.messages.reader import xpath
from gateway.messages.xsd import xsd

_XS = "{http://www.w3.org/2001/XMLSchema}"

#: Whose schema the project's own is, in a report.
OWN = "metergate"


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault. ``schema`` says whose rule it is; ``line`` is 0 and ``xpath`` "" where the place is not known."""

    schema: str
    line: int
    xpath: str
    what: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a document is and what is wrong with it: nothing, when it is valid. ``name`` is "" when it cannot be told."""

    name: str
    edition: str
    violations: tuple[Violation, ...]


def judge(data: bytes, *, known: Known = KNOWN, schemas: SchemaFolder | None = None) -> Judgement:
    """Look for faults in a document. Raises UsageError when a utility's schema is missing or damaged."""
    try:
        root = intake.parse(data)
    except MessageError as error:
        return Judgement("", "", (_violation(error),))
    theirs = tuple(_by_folder(root, schemas)) if schemas is not None else ()
    edition = known.to_2013(root, data).name
    found = tuple(_by_own_schemas(root))
    if not found:
        try:
            document = codec.read(data, known=known)
            edition, found = document.edition.name, tuple(map(_violation, _senseless(document.message)))
        except MessageError as error:
            found = (_violation(error),)
    return Judgement(etree.QName(root).localname, edition, found + theirs)


def _senseless(message: Any) -> Iterator[MessageError]:
    """What no schema catches, in a payload by itself or in an envelope."""
    name = type(message).__name__
    yield from sense.faults(message, f"/{name}")
    for part in ("Request", "Payload"):
        inside = getattr(message, part.lower(), None)
        for one in inside.content if inside is not None else ():
            yield from sense.faults(one, f"/{name}/{part}/{type(one).__name__}")


class SchemaFolder:
    """A utility's own schema files: every ``.xsd`` below a folder, found by the elements that it declares."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}
        self._compiled: dict[Path, etree.XMLSchema] = {}
        for file in sorted(folder.rglob("*.xsd")):
            root = _schema_tree(file).getroot()
            namespace = root.get("targetNamespace", "")
            for element in root.findall(f"{_XS}element"):
                self._files.setdefault(f"{{{namespace}}}{element.get('name')}", file)
        if not self._files:
            raise UsageError(
                "no XML Schema that declares an element", where=str(folder), do="name the folder of .xsd files"
            )

    def schema_of(self, element: etree._Element) -> tuple[Path, etree.XMLSchema]:
        """The file that declares this element, and the schema. Raises UsageError where none does."""
        file = self._files.get(str(element.tag))
        if file is None:
            name = etree.QName(element)
            what = f"no schema declares {name.localname} in the namespace {name.namespace}"
            raise UsageError(what, where=str(self._folder), do="add its .xsd")
        if file not in self._compiled:
            try:
                self._compiled[file] = etree.XMLSchema(_schema_tree(file))
            except etree.XMLSchemaParseError as error:
                raise UsageError(f"no usable schema: {error}", where=str(file)) from error
        return file, self._compiled[file]


def _schema_tree(file: Path) -> Any:
    try:
        return etree.parse(file, etree.XMLParser(no_network=True, resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise UsageError(f"no well-formed XML: {error}", where=str(file)) from error
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(file)) from error


def _by_folder(root: etree._Element, schemas: SchemaFolder) -> Iterator[Violation]:
    for element in (root, *_inside(root)):
        file, schema = schemas.schema_of(element)
        yield from _by_schema(element, schema, file.name)


def _by_own_schemas(root: etree._Element) -> Iterator[Violation]:
    for element in (root, *_inside(root)):
        known = catalogue.declared_as(element)
        if known is not None:
            kind: type = known[0]
            yield from _by_schema(element, _own_schema(kind, known[1]), OWN)


def _inside(root: etree._Element) -> Iterator[etree._Element]:
    """The messages inside an envelope: every element that begins another namespace and is a payload by its name."""
    for element in root.iterdescendants("{*}*"):
        name, parent = etree.QName(element), element.getparent()
        if (
            parent is not None
            and name.namespace != etree.QName(parent).namespace
            and name.localname in catalogue.PAYLOADS
        ):
            yield element


@cache
def _own_schema(kind: type, namespace: str) -> etree.XMLSchema:
    text = codec.schema(kind.__name__) if namespace == ED2.envelope else xsd({kind.__name__: kind}, namespace)
    return etree.XMLSchema(etree.XML(text.encode()))


def _by_schema(element: etree._Element, schema: etree.XMLSchema, whose: str) -> Iterator[Violation]:
    alone = etree.ElementTree(element)
    if schema.validate(alone):
        return
    log: Any = schema.error_log
    for entry in log:
        place = _place(alone, entry.path)
        where = element if place is None else place
        line: Any = where.sourceline
        yield Violation(whose, line or entry.line, xpath(where), _plain(entry.message))


def _place(tree: Any, path: str | None) -> etree._Element | None:
    """The element of a path as libxml2 writes it, without names: ``/*/*[3]``."""
    found = tree.xpath(path) if path else []
    return found[0] if found and isinstance(found[0], etree._Element) else None


def _plain(message: str) -> str:
    """libxml2's words without the namespaces, which the XPath's reader knows: ``Element '{http://...#}name': ...``."""
    plain, rest = "", message
    while "{http" in rest:
        before, _, rest = rest.partition("{http")
        plain += before
        rest = rest.partition("}")[2]
    return (plain + rest).strip()


def _violation(error: MessageError) -> Violation:
    return Violation(OWN, error.line, error.xpath, error.what)
