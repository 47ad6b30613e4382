"""From a sink's table in the configuration to the sink, with its secrets and certificates."""

from __future__ import annotations

from drivers.driver import KeySource
from drivers.errors import UsageError
from gateway.config.certificates import client_tls
from gateway.config.model import DirectoryTable, HttpTable, MqttTable
from gateway.sinks.dressing import Dress
from gateway.sinks.sink import Sink

#: ``form`` in the configuration -> the version of SOAP.
_SOAP = {"plain": None, "soap": "1.1", "soap12": "1.2"}


def make(table: HttpTable | MqttTable | DirectoryTable, gateway: str, keys: KeySource) -> Sink:
    """The sink. Raises UsageError for a secret that is nowhere, or a certificate that cannot be used."""
    dress = Dress(table.compress_beyond, _SOAP[table.form] if isinstance(table, HttpTable) else None)
    if isinstance(table, DirectoryTable):
        from gateway.sinks.directory import DirectorySink

        return DirectorySink(table.name, table.path, dress)
    tls = client_tls(table.tls, f"sink {table.name}")
    if isinstance(table, HttpTable):
        from gateway.sinks.http import HttpSettings, HttpSink

        headers = {"Authorization": f"Bearer {_secret(table.token, table.name, keys)}"} if table.token else {}
        return HttpSink(table.name, HttpSettings(table.url, dress, headers, table.timeout.total_seconds()), tls)
    from gateway.sinks.mqtt import MqttSettings, MqttSink

    password = _secret(table.password, table.name, keys) if table.password else None
    port = table.port or (8883 if tls else 1883)
    view = table.home_assistant
    settings = MqttSettings(
        table.host, gateway, port, table.prefix, table.user, password, dress=dress, home_assistant=view
    )
    return MqttSink(table.name, settings, tls)


def address(table: HttpTable | MqttTable | DirectoryTable) -> str:
    """Where a sink delivers, as a message may say it."""
    if isinstance(table, HttpTable):
        return table.url
    return str(table.path) if isinstance(table, DirectoryTable) else f"mqtt://{table.host}"


def _secret(name: str, sink: str, keys: KeySource) -> str:
    found = keys.get(name)
    if found is None:
        raise UsageError(f"the secret {name!r} is not there", where=f"sink {sink}", do="put it into the key file")
    return found.decode()
