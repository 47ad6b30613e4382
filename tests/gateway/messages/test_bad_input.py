"""Hostile documents are refused with a reply code, in bounded memory and time: each is read by a process with limits.

Run as a script this file is that process: it forks for each case, so that each has its own account.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

#: What one process may take: the address space of a small gateway, and processor time far beyond what any case needs.
MOST_MEMORY = 768 * 2**20
MOST_SECONDS = 20
#: What a file of any size may take that is refused before it is parsed, and what any document may.
REFUSED_EARLY = 64 * 2**20
PARSED = 256 * 2**20

SPACE = b"http://iec.ch/TC57/2011/MeterReadings#"


def readings(inside: bytes, prolog: bytes = b"") -> bytes:
    return prolog + b'<MeterReadings xmlns="' + SPACE + b'">' + inside + b"</MeterReadings>"


def meter(name: bytes) -> bytes:
    return b"<MeterReading><Meter><Names><name>" + name + b"</name></Names></Meter></MeterReading>"


def laughs() -> bytes:
    entities = b'<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("m"))
    )
    return readings(meter(b"&l;"), b"<!DOCTYPE m [" + entities + b"]>")


def interval(number: int) -> bytes:
    return b"<IntervalReadings><timeStamp>2026-01-01T00:00:00Z</timeStamp><value>%d</value></IntervalReadings>" % number


def month_after_month() -> bytes:
    """The largest message that is read: six months of quarter hours of four channels, and then some."""
    rows = b"".join(interval(1) for _ in range(82_000))
    return readings(
        b"<MeterReading><IntervalBlocks>" + rows + b'<ReadingType ref="x"/></IntervalBlocks></MeterReading>'
    )


def hundred_megabytes(file: IO[bytes]) -> None:
    file.write(b'<MeterReadings xmlns="' + SPACE + b'"><MeterReading><IntervalBlocks>')
    for number in range(100):
        file.write(interval(number) * 10_240)
    file.write(b"</IntervalBlocks></MeterReading></MeterReadings>")


#: name -> the document, and the reply codes that may refuse it (1.8 no valid XML or schema violation, 2.5 unknown, 3.1 too much).
CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "entities that multiply": (laughs, "1.8"),
    "one long entity used often": (
        lambda: readings(meter(b"&a;" * 50_000), b'<!DOCTYPE m [<!ENTITY a "' + b"x" * 50_000 + b'">]>'), "1.8",
    ),
    "an entity that is a file": (
        lambda: readings(meter(b"&a;"), b'<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "1.8",
    ),
    "an entity that is a URL": (
        lambda: readings(meter(b"&a;"), b'<!DOCTYPE m [<!ENTITY a SYSTEM "http://127.0.0.1:1/x">]>'), "1.8",
    ),
    "a parameter entity": (
        lambda: readings(b"", b'<!DOCTYPE m [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>'), "1.8",
    ),
    "a DTD elsewhere": (lambda: readings(b"", b'<!DOCTYPE m SYSTEM "http://127.0.0.1:1/m.dtd">'), "1.8"),
    "a DTD that does nothing": (lambda: readings(b"", b"<!DOCTYPE MeterReadings>"), "1.8"),
    "a DTD behind comments": (lambda: readings(b"", b'<?xml version="1.0"?><!-- > --> <?x > ?>\n<!DOCTYPE m>'), "1.8"),
    "a DTD behind a byte order mark": (lambda: b"\xef\xbb\xbf" + readings(b"", b"<!DOCTYPE m>"), "1.8"),
    "a DTD in UTF-16": (lambda: readings(b"", b"<!DOCTYPE m>").decode().encode("utf-16"), "1.8"),
    "an entity that nobody declared": (lambda: readings(meter(b"&nbsp;")), "1.8"),
    "a file to include": (
        lambda: readings(b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'), "1.8",
    ),
    "one text of 15 MiB": (lambda: readings(meter(b"x" * 15 * 2**20)), "1.8"),
    "one attribute of 15 MiB": (lambda: readings(b'<MeterReading a="' + b"x" * 15 * 2**20 + b'"/>'), "1.8"),
    "one name of 15 MiB": (lambda: readings(b"<" + b"x" * 15 * 2**20 + b"/>"), "1.8"),
    "a name of 40 000 letters": (lambda: readings(b"<" + b"x" * 40_000 + b"/>"), "1.8"),
    "eight million elements": (lambda: readings(b"<a/>" * 8_000_000), "3.1"),
    "as many elements as may be": (lambda: readings(b"<MeterReading/>" * 499_990 + b"<wrong/>"), "1.8"),
    "four hundred thousand attributes": (
        lambda: readings(b"<MeterReading " + b"".join(b'a%d="" ' % n for n in range(400_000)) + b"/>"), "1.8",
    ),
    "a hundred thousand namespaces": (
        lambda: readings(b"<MeterReading " + b"".join(b'xmlns:a%d="u" ' % n for n in range(100_000)) + b"/><wrong/>"), "1.8",
    ),
    "ten million levels": (lambda: b"<a>" * 10_000_000, "3.1"),
    "a hundred thousand levels": (lambda: b"<a>" * 100_000 + b"</a>" * 100_000, "3.1"),
    "two hundred levels": (lambda: readings(b"<MeterReading>" * 200 + b"</MeterReading>" * 200), "3.1"),
    "Latin 1 that says it is UTF-8": (lambda: readings(meter(b"Z\xe4hler"), b'<?xml version="1.0" encoding="UTF-8"?>'), "1.8"),
    "UTF-8 cut within a letter": (lambda: readings(meter(b"Z\xc3")), "1.8"),
    "UTF-8 that is longer than need be": (lambda: readings(meter(b"\xc0\xbc")), "1.8"),
    "UTF-16 of an odd number of bytes": (lambda: readings(b"").decode().encode("utf-16") + b"\0", "1.8"),
    "UTF-16 without a byte order mark": (lambda: readings(b"").decode().encode("utf-16-le"), "1.8"),
    "UTF-16 with half a pair": (lambda: b"\xff\xfe" + readings(meter(b"?")).decode().encode("utf-16-le").replace(b"?\0", b"\0\xd8"), "1.8"),
    "UTF-32": (lambda: readings(b"").decode().encode("utf-32"), "1.8"),
    "UTF-7": (lambda: readings(b"", b'<?xml version="1.0" encoding="UTF-7"?>'), "1.8"),
    "EBCDIC": (lambda: readings(b"", b'<?xml version="1.0" encoding="cp037"?>').decode().encode("cp037"), "1.8"),
    "an encoding that is none": (lambda: readings(b"", b'<?xml version="1.0" encoding="x-nobody"?>'), "1.8"),
    "ASCII that says it is UTF-16": (lambda: readings(b"", b'<?xml version="1.0" encoding="UTF-16"?>'), "1.8"),
    "NUL in a text": (lambda: readings(meter(b"a\0b")), "1.8"),
    "NUL in a name": (lambda: readings(b"<a\0/>"), "1.8"),
    "NUL behind the end": (lambda: readings(b"") + b"\0", "1.8"),
    "NUL as a reference": (lambda: readings(meter(b"&#0;")), "1.8"),
    "a control character": (lambda: readings(meter(b"\x0b")), "1.8"),
    "nothing but NUL": (lambda: b"\0" * 2**20, "1.8"),
    "nothing": (lambda: b"", "1.8"),
    "white space": (lambda: b" " * 15 * 2**20, "1.8"),
    "a comment of 15 MiB": (lambda: b"<!--" + b"x" * 15 * 2**20 + b"-->", "1.8"),
    "a prolog without an end": (lambda: b"<?xml version='1.0'" + b" " * 2**20, "1.8"),
    "JSON": (lambda: b'{"MeterReadings": []}', "1.8"),
    "gzip": (lambda: b"\x1f\x8b\x08\0" + b"x" * 100, "1.8"),
    "two documents": (lambda: readings(b"") * 2, "1.8"),
    "another's message": (lambda: b'<Order xmlns="urn:other"/>', "2.5"),
}  # fmt: skip


FILE = "100 MB in a file"


def refusal(name: str) -> dict[str, Any]:
    """Read the case's document, made before the account is opened."""
    from gateway.messages import codec
    from gateway.messages.errors import MessageError

    if name == FILE:
        with tempfile.NamedTemporaryFile(suffix=".xml") as file:
            hundred_megabytes(file)
            file.flush()
            source: Any = Path(file.name)
            size = 0
            return _read(codec.read, MessageError, source, size)
    make = month_after_month if name == "as much as is read" else CASES[name][0]
    document = make()
    return _read(codec.read, MessageError, document, len(document))


def _read(read: Callable[[Any], Any], error_type: Any, source: Any, size: int) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer: dict[str, Any] = {"code": None, "kind": "", "what": ""}
    try:
        read(source)
    except error_type as error:
        answer = {"code": error.code, "kind": type(error).__name__, "what": str(error)}
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {**answer, "size": size, "taken": taken * 1024}


def accounts(names: list[str]) -> Iterator[dict[str, Any]]:
    """Each case in a process of its own, with its limits."""
    import gateway.messages.carriage
    import gateway.messages.codec  # noqa: F401

    for name in names:
        receiver, sender = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(receiver)
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
            with os.fdopen(sender, "w") as pipe:
                json.dump(refusal(name), pipe)
            os._exit(0)
        os.close(sender)
        with os.fdopen(receiver) as pipe:
            said = pipe.read()
        _, status, used = os.wait4(child, 0)
        yield {"case": name, "status": status, "seconds": used.ru_utime, **(json.loads(said) if said else {})}


if __name__ == "__main__":
    for account in accounts(sys.argv[1:]):
        print(json.dumps(account), flush=True)  # noqa: T201 - this is the process with limits
    sys.exit()

import pytest  # noqa: E402 - the process with limits needs none of it

#: Read or refused after seconds of work, so for the slow suite.
HEAVY = ["as many elements as may be", "as much as is read"]


def verdicts_on(names: list[str], repository: Path) -> dict[str, dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, __file__, *names],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return {found["case"]: found for found in map(json.loads, run.stdout.splitlines())}


@pytest.fixture(scope="module")
def verdicts(repository: Path) -> dict[str, dict[str, Any]]:
    return verdicts_on([FILE, *(name for name in CASES if name not in HEAVY)], repository)


@pytest.mark.parametrize("case", [name for name in CASES if name not in HEAVY])
def test_it_is_refused_with_its_reply_code_within_the_limits(verdicts: dict[str, dict[str, Any]], case: str) -> None:
    verdict = verdicts[case]
    assert verdict["status"] == 0, "killed by its limits, or crashed"
    assert verdict["code"] == CASES[case][1], verdict
    assert verdict["taken"] < PARSED
    assert "root:" not in verdict["what"]
    assert len(verdict["what"]) < 1000


def test_a_file_of_100_mb_is_not_even_read_to_its_end(verdicts: dict[str, dict[str, Any]]) -> None:
    verdict = verdicts[FILE]
    assert (verdict["status"], verdict["code"], verdict["kind"]) == (0, "3.1", "TooLarge")
    assert verdict["taken"] < REFUSED_EARLY


@pytest.mark.slow
def test_as_much_as_is_read_fits_a_small_gateway(repository: Path) -> None:
    many, valid = verdicts_on(HEAVY, repository).values()
    assert (many["status"], many["code"]) == (0, "1.8"), many
    assert (valid["status"], valid["code"]) == (0, None), valid
    assert max(many["taken"], valid["taken"]) < PARSED


def test_damaged_bytes_either_read_or_are_refused(documents: Any, declared: Callable[[str], type]) -> None:
    from random import Random

    from gateway.messages import codec
    from gateway.messages.errors import MessageError

    sample = codec.to_bytes(documents.message(declared("RequestMessage"), Random(7)))
    refused = 0
    for seed in range(1500):
        chance, data = Random(seed), bytearray(sample)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 8)] = chance.choice(
                (b"", b"<", b"\xff", b"&", b"xmlns=''", chance.randbytes(3))
            )
        try:
            codec.read(bytes(data))
        except MessageError:
            refused += 1
    assert refused > 500
