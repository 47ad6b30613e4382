"""From a ``tls`` table to what a connection to another system believes and shows."""

from __future__ import annotations

import ssl

from drivers.errors import UsageError
from gateway.config.tls import TlsTable


def client_tls(table: TlsTable | None, where: str) -> ssl.SSLContext | None:
    """What a connection to another system believes and shows. Raises UsageError for a certificate that cannot be used."""
    if table is None:
        return None
    try:
        context = ssl.create_default_context(cafile=str(table.ca) if table.ca else None)
        if table.certificate is not None:
            context.load_cert_chain(table.certificate, table.key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"a certificate cannot be used ({error})", where=where) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
