"""A head end for the bench: hears what a gateway sends, asks it by scripts of real messages, and checks every answer.

It reads and writes XML by its names alone and knows nothing of the gateway: what it finds is what any system would find there.
"""

from hil.head_end.listening import HeadEnd
from hil.head_end.received import Received, read

__all__ = ["HeadEnd", "Received", "read"]
