"""What the store can say, named by what the caller does next."""

from __future__ import annotations


class StoreError(Exception):
    """The store could not do what was asked; nothing of it was kept."""


class StoreFull(StoreError):
    """The disk, or the quota, is full. Keep what you have and try again later."""


class StoreBusy(StoreError):
    """More is waiting to be written than the queue holds. Slow down."""


class StoreClosed(StoreError):
    """The store was closed before the work was committed."""
