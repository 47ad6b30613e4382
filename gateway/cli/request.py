"""``metergate request``: asks a gateway as a head end would, and shows what it answers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drivers.errors import UsageError
from gateway.cli import exit_codes
from gateway.cli.configured import CONFIG

if TYPE_CHECKING:
    import httpx

    from gateway.messages.envelope import ResponseMessage


@click.command()
@click.argument("what", metavar="FILE|NOUN")
@click.option(
    "--to", "url", metavar="URL", help="Where the gateway takes messages, e.g. https://gateway:8080/messages."
)
@click.option(
    "-c",
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=CONFIG,
    show_default=True,
    help="Without --to: the gateway on this machine with this configuration, by its socket.",
)
@click.option("--source", default="local", show_default=True, metavar="NAME", help="The Source of the request.")
@click.option("--token", metavar="NAME", help="The name of the secret that is sent as bearer token.")
@click.option("--keys", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Key file (0600).")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Authorities to believe, PEM.")
@click.option(
    "--certificate", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Our own, PEM with key."
)
@click.option("--soap", is_flag=True, help="In a SOAP 1.1 envelope.")
@click.option("--meter", "meters", multiple=True, metavar="NAME", help="Of a get: by meter; may be given again.")
@click.option("--usage-point", "points", multiple=True, metavar="NAME", help="Of a get: by usage point.")
@click.option("--reading-type", "types", multiple=True, metavar="CODE", help="Of a get MeterReadings.")
@click.option("--id", "ids", multiple=True, metavar="ID", help="Of a get: by an ID.")
@click.option("--since", metavar="TIME", help="Of a get: from when on, ISO 8601 with zone.")
@click.option("--until", metavar="TIME", help="Of a get: until when.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=120.0, show_default=True, metavar="S")
def request(what: str, url: str | None, file: Path, **options: Any) -> None:
    """Send the message in FILE (- is standard input), or a get of NOUN made of the options, and print the answer.

    What FILE holds is sent as it is when it is a whole message. Exit code 0 when all was done, 5 when part of it was, 6 when
    it was refused or nobody answered.
    """
    import httpx

    from gateway.messages.envelope import FaultMessage, Result

    body = _message(what, options)
    try:
        with _client(url, file, options) as client:
            answer = client.post(url or "http://gateway/messages", content=body, headers=_headers(options))
    except httpx.HTTPError as error:
        where = url or f"the gateway of {file}"
        click.echo(f"metergate: {where} does not answer ({type(error).__name__}: {error})", err=True)
        sys.exit(exit_codes.UPSTREAM)
    click.echo(answer.content.decode("utf-8", "replace"))
    said = _read(answer.content)
    click.echo(_summary(answer.status_code, said), err=True)
    if said is None or isinstance(said, FaultMessage) or said.reply.result is Result.FAILED:
        sys.exit(exit_codes.UPSTREAM)
    if said.reply.result is Result.PARTIAL:
        sys.exit(exit_codes.PARTIAL)


def _message(what: str, options: Mapping[str, Any]) -> bytes:
    from gateway.messages.catalogue import PAYLOADS

    if what == "-":
        return sys.stdin.buffer.read()
    if what in PAYLOADS:
        return _get(what, options)
    try:
        return Path(what).read_bytes()
    except OSError as error:
        do = "give a file, or one of the nouns of `metergate message schema`"
        raise UsageError(f"neither a noun nor a file that can be read ({error.strerror})", where=what, do=do) from error


def _get(noun: str, options: Mapping[str, Any]) -> bytes:
    import uuid
    from datetime import UTC

    from gateway.messages.carriage import BARE, Carriage
    from gateway.messages.codec import to_bytes
    from gateway.messages.editions import ED2
    from gateway.messages.envelope import ID, Header, Option, Request, RequestMessage, Verb
    from gateway.messages.soap import Soap

    criteria = _criteria(noun, options)
    asked = Request(
        start_time=_time("--since", options["since"]),
        end_time=_time("--until", options["until"]),
        id=tuple(ID(value=one) for one in options["ids"]),
        # What nothing narrows is a get of all: the schema wants something to stand there.
        option=() if criteria or options["ids"] else (Option(name="all"),),
        content=criteria,
    )
    name = str(uuid.uuid4())
    header = Header(
        verb=Verb.GET,
        noun=noun,
        timestamp=datetime.now(UTC),
        source=options["source"],
        message_id=name,
        correlation_id=name,
    )
    carriage = Carriage(Soap.V11) if options["soap"] else BARE
    return to_bytes(RequestMessage(header=header, request=asked), ED2, carriage)


def _criteria(noun: str, options: Mapping[str, Any]) -> tuple[Any, ...]:
    """The Get payload of a noun with what the options name, where it has one that they can stand in."""
    from gateway.messages.catalogue import PAYLOADS
    from gateway.messages.declare import items
    from gateway.messages.profiles.parts import Identified, Name

    payload = PAYLOADS.get(f"Get{noun}")
    named = {"meters": ("EndDevice", "Meter"), "points": ("UsagePoint",), "types": ("ReadingType",)}
    said: dict[str, Any] = {}
    for option, elements in named.items():
        if not options[option]:
            continue
        known = {item.name: item for item in items(payload.declared)} if payload else {}
        item = next((known[element] for element in elements if element in known), None)
        if item is None:
            raise UsageError(f"a get of {noun} is not asked for by {elements[0]}", do="use --id")
        kind = item.content if isinstance(item.content, type) else Identified
        said[item.attribute] = tuple(kind(names=(Name(name=one),)) for one in options[option])
    return (payload.declared(**said),) if payload and said else ()


def _time(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time", where=option, do="write 2026-06-01T00:00:00+02:00") from None
    if found.tzinfo is None:
        raise UsageError(f"{text!r} names no zone", where=option, do="write 2026-06-01T00:00:00+02:00")
    return found


def _client(url: str | None, file: Path, options: Mapping[str, Any]) -> httpx.Client:
    import httpx

    if url is not None:
        verify = options["ca"] or True
        return httpx.Client(verify=verify, cert=options["certificate"], timeout=options["timeout"], trust_env=False)
    from gateway.config.load import load
    from gateway.headend.serving import SOCKET

    configured = load(file)
    if configured.config.headend is None:
        raise UsageError("this gateway takes no requests", where=str(file), do="give it a [headend] table")
    socket = configured.config.gateway.state / SOCKET
    return httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), timeout=options["timeout"])


def _headers(options: Mapping[str, Any]) -> dict[str, str]:
    from gateway.keys import load

    headers = {"Content-Type": "text/xml; charset=utf-8" if options["soap"] else "application/xml; charset=utf-8"}
    if options["token"]:
        secret = load(options["keys"]).get(options["token"])
        if secret is None:
            raise UsageError(f"the secret {options['token']!r} is not there", do="put it into the key file")
        headers["Authorization"] = f"Bearer {secret.decode()}"
    return headers


def _read(body: bytes) -> ResponseMessage | None:
    from gateway.messages.codec import read
    from gateway.messages.errors import MessageError

    try:
        found: ResponseMessage = read(body).message
    except MessageError:
        return None
    return found if hasattr(found, "reply") else None


def _summary(status: int, said: ResponseMessage | None) -> str:
    if said is None:
        return f"metergate: HTTP {status}, and no answer of IEC 61968-100"
    reply = said.reply
    errors = "; ".join(f"{one.code} {one.reason or ''}".strip() for one in reply.error)
    return f"metergate: {reply.result}: {errors}"
