"""No nonce of ours comes twice with one key: the gateway, the verbs and a store begun anew never share a system title."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.dlms.meter_map import DlmsMap
from drivers.dlms.settings import association, settings
from drivers.driver import Context, CounterStore
from drivers.meter_url import parse
from gateway.cli.counter_file import CounterFile
from gateway.store.counters import Counters
from gateway.store.store import open_store
from tests.drivers.dlms.conftest import Keys

URL = "dlms://192.0.2.1?client=1&auth=gmac&security=both&counter=stored&meter=MGT-1"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Counters]:
    """The counters of a gateway that runs."""
    store, _ = open_store(tmp_path / "gateway.sqlite")
    yield Counters(store)
    store.close()


def _nonces(counters: CounterStore | None, keys: object, url: str = URL) -> set[tuple[bytes, int]]:
    """Those of 150 APDUs of one association."""
    made = association(settings(parse(url), DlmsMap()), Context(keys=keys, counters=counters))  # type: ignore[arg-type]
    assert made.security is not None
    return {(made.security.title, made.security.counter.take()) for _ in range(150)}


def test_the_gateway_and_the_verbs_with_stored_counters(
    running: Counters, keys: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[set[tuple[bytes, int]]] = []
    for user in ("one", "two"):
        monkeypatch.setenv("METERGATE_STATE", str(tmp_path / user))
        used += [_nonces(running, keys), _nonces(CounterFile(), keys), _nonces(CounterFile(), keys)]
    (tmp_path / "two" / "counters.sqlite").write_bytes(b"lost")
    used += [_nonces(CounterFile(), keys), _nonces(None, keys), _nonces(None, keys)]
    assert len(set.union(*used)) == 150 * len(used)


def test_a_store_keeps_its_title(running: Counters, keys: object) -> None:
    titles = {title for _ in range(2) for title, _ in _nonces(running, keys)}
    assert len(titles) == 1
    assert all(title.startswith(b"MGW") and len(title) == 8 for title in titles)


def test_a_title_that_is_named_stands(running: Counters, keys: object) -> None:
    assert {title for title, _ in _nonces(running, keys, f"{URL}&title=ABC12345")} == {b"ABC12345"}


def test_a_meter_that_is_renamed_and_two_with_one_key(running: Counters, keys: object) -> None:
    """The nonce is of the title and the key; the meter's name has no part in it."""
    used = [_nonces(running, keys, URL.replace("MGT-1", name)) for name in ("MGT-1", "cellar", "MGT-2", "MGT-1")]
    assert len(set.union(*used)) == 150 * len(used)


def test_another_key_counts_for_itself(running: Counters, keys: Keys) -> None:
    first = _nonces(running, keys)
    keys.secrets["ek"] = bytes(range(16, 32))
    assert _nonces(running, keys) == first
