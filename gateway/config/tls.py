"""``tls`` of whatever connects to another system."""

from __future__ import annotations

from pydantic import model_validator

from gateway.config.values import FilePath
from gateway.device_map.strict import Strict


class TlsTable(Strict):
    """``tls`` of a sink or a broker: authorities to believe, and our own certificate with its key where the other side asks."""

    ca: FilePath | None = None
    """The authorities to believe, PEM; the system's where none is given."""
    certificate: FilePath | None = None
    """Our own certificate, PEM, where the other side asks for one."""
    key: FilePath | None = None
    """Its private key, PEM, readable by the gateway alone."""

    @model_validator(mode="after")
    def _pair(self) -> TlsTable:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        return self
