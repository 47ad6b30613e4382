# SPDX-License-Identifier: MIT
"""Reads a COSEM meter with dlms-cosem 25.1.0 and prints what it said, one JSON object. Runs in an environment of its own.

    python dlms_cosem_client.py HOST:PORT [--authentication lls|gmac] [--ciphered] --read 8:0.0.1.0.0.255:2 ...

TCP wrapper only, logical names only: that is what it does dependably. dlms-cosem 25.1.0 is under the Business Source
License: it is an oracle here, never distributed; nothing else of metergate is imported.
"""

import argparse
import datetime
import json
import logging
import sys

import structlog
from dlms_cosem import cosem, enumerations
from dlms_cosem.client import DlmsClient
from dlms_cosem.cosem.capture_object import CaptureObject
from dlms_cosem.cosem.selective_access import RangeDescriptor
from dlms_cosem.io import BlockingTcpIO, TcpTransport
from dlms_cosem.security import (
    HighLevelSecurityCommonAuthentication,
    HighLevelSecurityGmacAuthentication,
    LowLevelSecurityAuthentication,
    NoSecurityAuthentication,
)

# It logs every PDU to stdout, passwords included.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def attribute(text):
    class_id, name, index = text.split(":")
    groups = [int(group) for group in name.split(".")]
    return cosem.CosemAttribute(enumerations.CosemInterface(int(class_id)), cosem.Obis(*groups), int(index))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--client", type=int, default=16)
    parser.add_argument("--server", type=int, default=1)
    parser.add_argument("--authentication", choices=["none", "lls", "hls", "gmac"], default="none")
    parser.add_argument("--password", default="")
    parser.add_argument("--ek", default="000102030405060708090A0B0C0D0E0F")
    parser.add_argument("--ak", default="D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
    parser.add_argument("--suite", type=int, default=0)
    parser.add_argument("--system-title", default="4D4754434C490002")
    parser.add_argument("--ciphered", action="store_true")
    parser.add_argument("--counter", type=int, default=1)
    parser.add_argument("--read", action="append", default=[])
    parser.add_argument("--range", help="profile,since,until")
    given = parser.parse_args()

    host, _, port = given.address.partition(":")
    transport = TcpTransport(given.client, given.server, BlockingTcpIO(host, int(port), 20), 20)
    authentication = {
        "none": NoSecurityAuthentication,
        "lls": lambda: LowLevelSecurityAuthentication(given.password.encode()),
        "hls": lambda: HighLevelSecurityCommonAuthentication(given.password.encode()),
        "gmac": lambda: HighLevelSecurityGmacAuthentication(challenge_length=16),
    }[given.authentication]()
    more = {}
    if given.ciphered or given.authentication == "gmac":
        more = {
            "encryption_key": bytes.fromhex(given.ek),
            "authentication_key": bytes.fromhex(given.ak),
            "security_suite": given.suite,
            "client_system_title": bytes.fromhex(given.system_title),
            "client_initial_invocation_counter": given.counter,
            # Meters that begin at 0 would be refused.
            "meter_initial_invocation_counter": -1,
        }
    client = DlmsClient(transport, authentication, **more)
    found = {"values": {}}
    with client.session() as session:
        for text in given.read:
            found["values"][text] = bytes(session.get(attribute(text))).hex().upper()
        if given.range:
            name, since, until = given.range.split(",")
            clock = CaptureObject(attribute("8:0.0.1.0.0.255:2"), 0)
            moments = [datetime.datetime.fromisoformat(each) for each in (since, until)]
            selection = RangeDescriptor(clock, *moments, selected_values=[])
            raw = session.get(attribute(f"7:{name}:2"), access_descriptor=selection)
            found["range"] = bytes(raw).hex().upper()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
