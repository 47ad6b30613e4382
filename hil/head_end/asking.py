"""The mouth of the head end: requests as XML, and the ways they go to a gateway and their answers come back."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from xml.sax.saxutils import escape

#: The envelope of IEC 61968-100:2013.
_ENVELOPE = "http://iec.ch/TC57/2011/schema/message"
_SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
#: An answer may take as long as the gateway waits for a meter.
_ANSWER_S = 90.0

#: Gives a request to a gateway, and its answer back. Raises OSError when there is none.
Way = Callable[[bytes], bytes]


def request(
    verb: str,
    noun: str,
    *,
    source: str,
    message_id: str,
    correlation_id: str,
    at: datetime,
    inside: str = "",
    payload: str = "",
) -> bytes:
    """A RequestMessage. ``inside`` and ``payload`` are XML: what stands in Request and in Payload."""
    stamp = at.isoformat().replace("+00:00", "Z")
    head = {
        "Verb": verb,
        "Noun": noun,
        "Timestamp": stamp,
        "Source": source,
        "MessageID": message_id,
        "CorrelationID": correlation_id,
    }
    header = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in head.items())
    asked = f"<Request>{inside}</Request>" if inside else ""
    carried = f"<Payload>{payload}</Payload>" if payload else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<RequestMessage xmlns="{_ENVELOPE}">'
        f"<Header>{header}</Header>{asked}{carried}</RequestMessage>\n"
    ).encode()


def over_http(url: str, token: str) -> Way:
    """POSTs the bare message."""
    return lambda body: _post(url, token, body, {"Content-Type": "application/xml; charset=utf-8"})


def over_soap(url: str, token: str) -> Way:
    """POSTs the message in a SOAP 1.1 envelope."""

    def ask(body: bytes) -> bytes:
        inner = body.partition(b"?>\n")[2]
        wrapped = f'<s:Envelope xmlns:s="{_SOAP_11}"><s:Body>'.encode() + inner + b"</s:Body></s:Envelope>"
        return _post(url, token, wrapped, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})

    return ask


def over_mqtt(host: str, port: int, topic: str, answers: str) -> Way:
    """Publishes to ``topic``; the answer comes to ``answers`` with the same correlation data (MQTT 5)."""

    def ask(body: bytes) -> bytes:
        return asyncio.run(_publish(host, port, topic, answers, body))

    return ask


async def _publish(host: str, port: int, topic: str, answers: str, body: bytes) -> bytes:
    import aiomqtt
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = answers
    properties.CorrelationData = b"bench"
    async with asyncio.timeout(_ANSWER_S), aiomqtt.Client(host, port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe(answers, qos=1)
        await client.publish(topic, body, qos=1, properties=properties)
        async for message in client.messages:
            if message.properties is not None and getattr(message.properties, "CorrelationData", b"") == b"bench":
                return bytes(message.payload)
    raise OSError("the broker gave no answer")


def _post(url: str, token: str, body: bytes, headers: dict[str, str]) -> bytes:
    asked = urllib.request.Request(url, body, {**headers, "Authorization": f"Bearer {token}"}, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=_ANSWER_S) as answer:  # noqa: S310 - the bench's own gateway
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        # A refusal has its message too.
        return error.read()
