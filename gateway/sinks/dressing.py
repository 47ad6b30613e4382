"""How a message travels to one sink: its payload compressed, the whole in SOAP. The outbox keeps it bare and once.

What goes out is made from the same bytes at every try and is the same every time; the MessageID stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.store.outbox import Waiting


@dataclass(frozen=True, slots=True)
class Dress:
    """``compress_beyond`` bytes a payload travels as gzip in Compressed; ``soap`` is the version, "1.1" or "1.2"."""

    compress_beyond: int | None = None
    soap: str | None = None

    def on(self, message: Waiting) -> bytes:
        """The bytes to send. Raises MessageError for a body that is no message of 61968-100."""
        compress = self.compress_beyond is not None and len(message.body) > self.compress_beyond
        if not compress and self.soap is None:
            return message.body
        from gateway.messages import codec
        from gateway.messages.compressed import compress as compressed
        from gateway.messages.soap import Soap

        read = codec.read(message.body)
        said, payload = read.message, read.message.payload
        if compress and payload is not None and len(payload.content) == 1:
            said = replace(said, payload=compressed(payload.content[0], read.edition))
        carriage = codec.Carriage(Soap.V12 if self.soap == "1.2" else Soap.V11) if self.soap else codec.BARE
        return codec.to_bytes(said, read.edition, carriage)

    def headers(self) -> dict[str, str]:
        """What HTTP says of it."""
        if self.soap is None:
            return {"Content-Type": "application/xml"}
        from gateway.messages.soap import Soap

        version = Soap.V12 if self.soap == "1.2" else Soap.V11
        # The generic envelope has no action; SOAP 1.1 wants the header all the same.
        return {"Content-Type": version.content_type} | ({"SOAPAction": '""'} if version is Soap.V11 else {})


BARE = Dress()
