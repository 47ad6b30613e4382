"""Flows of the interoperability tests: a real gateway process, an emulated meter, and a head end of the bench that runs scripts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from hil.head_end import HeadEnd
from hil.head_end.asking import over_http, over_mqtt, over_soap
from hil.head_end.flow import Runner, load

pytestmark = pytest.mark.paced

TOKEN = "the token of the bench"
CONFIG = """
[gateway]
name = "bench-1"
state = "{state}"
jitter = "0s"

[headend]
answer_within = "60s"
[headend.http]
port = {port}
[[headend.source]]
name = "HE-001"
token = "he-001/token"
replies = "mdm"
[[headend.source.may]]
verbs = ["*"]
nouns = ["*"]

[[sink]]
type = "http"
name = "mdm"
url = "{head_end}"
"""
METERS = """
[[meter]]
name = "main"
url = "dlms://{url}?client=1&auth=lls"
usage_point = "up-7"

[[meter]]
name = "other"
url = "dlms://{other}?client=16"
"""
HOUSE = """
[[meter]]
name = "{name}"
url = "{url}?client=1&auth=lls"
[[meter.read]]
what = "events"
every = "10s"
"""
PAN = """
[[meter]]
name = "home"
url = "zigbee:{stick}?database={database}"
"""
#: Of the emulated stick (hil/profiles/zigbee-stick/house.toml).
STICK = "00124b00deadbe01"
KILOWATT_HOURS = "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
VALUES = {
    "meter": "main",
    "unlinked": "other",
    "run": "1",
    "reading_type": "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0",
    "connected": "3.31.0.42",
}


@pytest.fixture(scope="module")
def check(oracle_xsd: Path, oracle: Callable[[str], etree.XMLSchema]) -> Callable[[bytes], None]:
    """Every message valid by the independent schemas: the envelope, and each payload in it."""

    def valid(body: bytes) -> None:
        root = etree.fromstring(body)
        if "envelope" in root.tag.lower():
            root = root[-1][0]
        oracle("Message").assertValid(root)
        for payload in root.iterfind("{*}Payload/*"):
            name = etree.QName(payload)
            if (oracle_xsd / f"{name.localname}.xsd").exists():  # of some payloads no schema is public
                oracle(name.localname).assertValid(payload)

    return valid


@pytest.fixture
def head_end() -> Iterator[HeadEnd]:
    listening = HeadEnd()
    yield listening
    listening.close()


@contextmanager
def house(link: Path, *more: str) -> Iterator[Path]:
    """An emulated stick, and the devices behind it."""
    command = [sys.executable, "-m", "gateway.cli", "emulate", "zigbee-stick/house", "--link", str(link)]
    with subprocess.Popen([*command, *more], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield link
        process.terminate()


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Path]:
    """A stick with a network and its devices; it is there longer than the gateway."""
    with house(tmp_path / "stick", "--speed", "max", "--fault", "formed") as link:
        yield link


@pytest.fixture
def new_stick(tmp_path: Path) -> Iterator[Path]:
    """A stick with no network, whose devices wait at the door."""
    with house(tmp_path / "stick") as link:
        yield link


def certificates() -> dict[str, str]:
    """The stick's own, of the bench's authority, as the environment gives them to a gateway."""
    command = [sys.executable, "-m", "hil.zigbee.certificates", STICK]
    printed = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    names = {"certificate": "CERTIFICATE", "private_key": "PRIVATE", "authority": "AUTHORITY"}
    return {
        f"METERGATE_KEY_{STICK.upper()}_CS{suite}_{name}": f"hex:{printed[f'suite_{suite}'][part]}"
        for suite in (1, 2)
        for part, name in names.items()
    }


@pytest.fixture
def gateway(tmp_path: Path, head_end: HeadEnd) -> Iterator[Callable[[str], str]]:
    """Starts a gateway with these tables in its configuration, and gives the address where it takes messages."""
    running: list[subprocess.Popen[bytes]] = []

    def start(meters: str, **more: str) -> str:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        file = tmp_path / "metergate.toml"
        file.write_text(CONFIG.format(state=tmp_path / "state", port=port, head_end=head_end.url) + meters)
        secrets = {"METERGATE_KEY_HE_001_TOKEN": f"text:{TOKEN}", "METERGATE_KEY_DEFAULT_LLS": "text:00000000"}
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "run", "-c", str(file)], env={**os.environ, **secrets, **more}
        )
        running.append(process)
        at = f"http://127.0.0.1:{port}/messages"
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(at, trust_env=False)
            except httpx.TransportError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return at

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_meters(
    gateway: Callable[[str], str],
    emulated_meter: Callable[..., str],
    head_end: HeadEnd,
    check: Callable[[bytes], None],
) -> None:
    meters = METERS.format(url=emulated_meter("dlms/idis"), other=emulated_meter("dlms/household"))
    url = gateway(meters)
    for name, way in (
        ("on-request-read", over_http(url, TOKEN)),
        ("scheduled-read", over_http(url, TOKEN)),
        ("disconnect-and-reconnect", over_soap(url, TOKEN)),
        ("customer-switching", over_soap(url, TOKEN)),
    ):
        Runner("HE-001", way, head_end.received, check, print).run(load(name), VALUES)


def test_what_a_meter_is_told_beside_its_switch(
    gateway: Callable[[str], str],
    emulated_meter: Callable[..., str],
    head_end: HeadEnd,
    check: Callable[[bytes], None],
) -> None:
    meters = "".join(
        f'\n[[meter]]\nname = "{name}"\nurl = "dlms://{emulated_meter(profile)}?client=1&auth=lls"\n'
        for name, profile in (("main", "dlms/idis"), ("by-hand", "dlms/idis-by-hand"))
    )
    runner = Runner("HE-001", over_http(gateway(meters), TOKEN), head_end.received, check, print)
    runner.run(load("demand-reset-clock-and-arm"), {**VALUES, "by_hand": "by-hand"})


@pytest.mark.slow
def test_other_families(
    gateway: Callable[[str], str],
    emulated_meter: Callable[..., str],
    head_end: HeadEnd,
    check: Callable[[bytes], None],
) -> None:
    families = {
        "optical": f'url = "iec62056-21:{emulated_meter("iec62056-21/history-star")}"',
        "modbus": f'url = "modbus:{emulated_meter("modbus/eastron/sdm630")}?unit=1&baud=9600"\nmap = "eastron/sdm630"',
    }
    url = gateway("".join(f'\n[[meter]]\nname = "{name}"\n{table}\n' for name, table in families.items()))
    for name in families:
        runner = Runner("HE-001", over_http(url, TOKEN), head_end.received, check, print)
        for flow in ("on-request-read", "scheduled-read"):
            runner.run(load(flow), {**VALUES, "meter": name, "reading_type": KILOWATT_HOURS})


@pytest.mark.slow
def test_an_inverter(
    gateway: Callable[[str], str], head_end: HeadEnd, check: Callable[[bytes], None], repository: Path
) -> None:
    command = [sys.executable, "-m", "gateway.cli", "emulate", "modbus/sunspec-inverter", "--speed", "max"]
    listening = [*command, "--listen", "modbus://127.0.0.1:0"]
    with subprocess.Popen(listening, cwd=repository, stdout=subprocess.PIPE, text=True) as inverter:
        assert inverter.stdout is not None
        where = inverter.stdout.readline().strip()
        codes = '[headend.controls]\n"limit an inverter" = "16.15.99.13"\n'
        try:
            url = gateway(f'{codes}\n[[meter]]\nname = "roof"\nurl = "{where}"\n')
            runner = Runner("HE-001", over_http(url, TOKEN), head_end.received, check, print)
            runner.run(load("der-limit"), {**VALUES, "meter": "roof", "limit": "16.15.99.13"})
        finally:
            inverter.terminate()


@pytest.mark.slow
def test_a_street_loses_its_supply(
    gateway: Callable[[str], str], head_end: HeadEnd, check: Callable[[bytes], None], repository: Path
) -> None:
    """Twenty meters: the outage, its end, and each tamper arrive as one message, over the wire."""
    command = [sys.executable, "-m", "gateway.cli", "emulate", "dlms/idis", "--speed", "max", "--count", "20"]
    command += ["--listen", "dlms://127.0.0.1:0", "--fault", "power-fails=3000", "--fault", "cover-opens=18000"]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True) as street:
        assert street.stdout is not None
        houses = {f"house-{number}": street.stdout.readline().strip() for number in range(20)}
        try:
            url = gateway("".join(HOUSE.format(name=name, url=url) for name, url in houses.items()))
            runner = Runner("HE-001", over_http(url, TOKEN), head_end.received, check, print)
            members = "".join(f"<EndDevices><Names><name>{name}</name></Names></EndDevices>" for name in houses)
            runner.run(load("outage-and-tamper"), {**VALUES, "meter": "house-0", "street": members})
        finally:
            street.terminate()


@pytest.mark.peer
def test_over_mqtt(
    gateway: Callable[[str], str],
    emulated_meter: Callable[..., str],
    head_end: HeadEnd,
    check: Callable[[bytes], None],
    broker: Any,
) -> None:
    door = f'[headend.mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n'
    gateway(door + METERS.format(url=emulated_meter("dlms/idis"), other=emulated_meter("dlms/household")))
    way = over_mqtt("127.0.0.1", broker.port, "metergate/bench-1/request/HE-001", "metergate/bench-1/response/HE-001")
    # The gateway's session at the broker begins a moment after its door for HTTP does.
    time.sleep(1)
    for name in ("on-request-read", "disconnect-and-reconnect"):
        Runner("HE-001", way, head_end.received, check, print).run(load(name), VALUES)


@pytest.mark.slow
def test_a_device_joins_by_its_install_code(
    new_stick: Path, gateway: Callable[[str], str], head_end: HeadEnd, check: Callable[[bytes], None], tmp_path: Path
) -> None:
    """Over the gateway's own radio: the code opens the door for this device, and the MessageID of the request is in what
    is told of it."""
    pytest.importorskip("bellows", reason="the extra zigbee is not installed")
    url = gateway(
        PAN.format(stick=new_stick, database=tmp_path / "zigbee.db").replace("?", "?form=yes&"), **certificates()
    )
    runner = Runner("HE-001", over_http(url, TOKEN), head_end.received, check, print)
    device = {"device": "0022a30000000101", "install_code": "83FED3407A939723A5C639B26916D505C3B5"}
    mrid = str(uuid.uuid4())
    runner.run(
        load("join-a-device"),
        {
            **VALUES,
            **device,
            "device_mrid": mrid,
            "meter": "home",
            "value": "25873.421",
            "reading_type": KILOWATT_HOURS,
        },
    )


@pytest.mark.slow
def test_home_area_network(
    stick: Path, gateway: Callable[[str], str], head_end: HeadEnd, check: Callable[[bytes], None], tmp_path: Path
) -> None:
    pytest.importorskip("bellows", reason="the extra zigbee is not installed")
    url = gateway(PAN.format(stick=stick, database=tmp_path / "zigbee.db"))
    # Devices that the database does not know yet are asked what they are when they are first heard.
    time.sleep(6)
    runner = Runner("HE-001", over_http(url, TOKEN), head_end.received, check, print)
    runner.run(load("home-area-network"), VALUES)
