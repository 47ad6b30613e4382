"""Invocation counters of the verbs that talk to meters: a small store of its own, opened when a counter is first wanted.

It lies in ``$METERGATE_STATE``, else ``$XDG_STATE_HOME/metergate``, else ``~/.local/state/metergate``. A gateway that runs
has its own store; both ask the meter first, so that neither falls behind the other, and each store has an identity that is
part of our system title, so that no nonce of one can be the other's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drivers.errors import UsageError

if TYPE_CHECKING:  # the store is imported when a counter is first wanted
    from gateway.store.counters import Counters


def state_folder() -> Path:
    """Where the verbs keep what must outlive them."""
    named = os.environ.get("METERGATE_STATE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "metergate"


class CounterFile:
    """A ``drivers.driver.CounterStore`` that opens its file for each reservation: a hundred values at a time, synced."""

    def reserve(self, name: str, count: int, at_least: int = 0) -> int:
        """As the protocol says. Raises UsageError when the folder cannot be written: without a counter nothing is sent."""
        with _opened() as counters:
            return counters.reserve(name, count, at_least)

    def identity(self) -> bytes:
        """As the protocol says. Raises UsageError as ``reserve`` does."""
        with _opened() as counters:
            return counters.identity()


@contextmanager
def _opened() -> Iterator[Counters]:
    from gateway.store.counters import Counters
    from gateway.store.errors import StoreError
    from gateway.store.store import open_store

    folder = state_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        store, aside = open_store(folder / "counters.sqlite")
    except (OSError, StoreError) as error:
        raise UsageError(
            f"the invocation counters cannot be kept ({error})",
            where=str(folder),
            do="name a folder that can be written in METERGATE_STATE",
        ) from error
    if aside is not None:
        click.echo(f"metergate: the invocation counters were damaged and put aside as {aside}", err=True)
    try:
        yield Counters(store)
    finally:
        store.close()
