"""Modbus/TCP Security: both ends show a certificate, and neither talks to a stranger."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from drivers.driver import Context
from drivers.errors import LinkLost, UsageError
from drivers.link.link import LineSettings
from drivers.meter_url import parse
from drivers.modbus.buses import bus_of
from drivers.modbus.reader import Unit
from drivers.modbus.registers import Table, Timing
from hil.faults import Faults
from hil.modbus.device import Device
from hil.modbus.station import Station
from hil.modbus.tcp_server import TcpServer


def self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and a file with it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.crt").write_bytes(pem)
    (folder / f"{name}.pem").write_bytes(pem + secret)
    return folder / f"{name}.crt", folder / f"{name}.pem"


@asynccontextmanager
async def meter(certificate: Path, trusted: Path) -> AsyncIterator[str]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(trusted))
    tls.load_cert_chain(certificate)
    tls.verify_mode = ssl.CERT_REQUIRED
    server = TcpServer(Station({1: Device({"holding": {7: 4711}})}, Faults({}, {}), 0.0))
    host, port = await server.start("127.0.0.1", 0, tls)
    try:
        yield f"{host}:{port}"
    finally:
        await server.close()


async def read(url: str) -> list[int]:
    async with bus_of(parse(url), Context(), LineSettings(9600)) as bus:
        return await Unit(bus, 1, Timing(timeout_s=2.0)).words(Table.HOLDING, 7, 1)


async def test_both_are_known_to_each_other(tmp_path: Path) -> None:
    theirs, their_pem = self_signed(tmp_path, "meter")
    ours, our_pem = self_signed(tmp_path, "gateway")
    async with meter(their_pem, ours) as where:
        assert await read(f"modbus+tls://{where}?ca={theirs}&cert={our_pem}") == [4711]


async def test_a_stranger_is_not_read(tmp_path: Path) -> None:
    _, their_pem = self_signed(tmp_path, "meter")
    ours, our_pem = self_signed(tmp_path, "gateway")
    async with meter(their_pem, ours) as where:
        with pytest.raises(LinkLost, match="TLS failed"):
            await read(f"modbus+tls://{where}?ca={ours}&cert={our_pem}")


async def test_a_missing_certificate_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="certificate"):
        await read(f"modbus+tls://127.0.0.1:1?ca={tmp_path}/none")
