"""Security setup (class 64) and the invocation counter that a public client may read."""

from __future__ import annotations

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from hil.dlms.axdr import ARRAY, ENUM, UINT32, Data, array, octets
from hil.dlms.cosem_object import OTHER, TYPE_UNMATCHED, CosemObject, Refused, computed, fixed
from hil.dlms.obis import logical_name
from hil.dlms.security import Keys

#: Which key a transfer replaces: key-id -> attribute of Keys (global unicast, authentication, master).
_TRANSFERRED = {0: "ek", 2: "ak", 3: "master"}


def objects(keys: Keys, system_title: bytes) -> list[CosemObject]:
    """The counter holds the last one that was taken; a client must go on above it."""
    counter = CosemObject(1, 0, logical_name("0-0:43.1.0*255"), {2: computed(lambda: Data(UINT32, max(keys.heard, 0)))})
    policy = [0]

    def activate(parameter: Data | None) -> None:
        if parameter is None or parameter.tag != ENUM:
            raise Refused(TYPE_UNMATCHED)
        policy[0] = parameter.value

    def transfer(parameter: Data | None) -> None:
        if parameter is None or parameter.tag != ARRAY:
            raise Refused(TYPE_UNMATCHED)
        fresh: dict[str, bytes] = {}
        for element in parameter.value:
            number, wrapped = (part.value for part in element.value)
            try:
                fresh[_TRANSFERRED[number]] = aes_key_unwrap(keys.master, wrapped)
            except (KeyError, InvalidUnwrap, ValueError):
                raise Refused(OTHER) from None
        for name, key in fresh.items():
            setattr(keys, name, key)

    setup = CosemObject(
        64,
        1,
        logical_name("0-0:43.0.0*255"),
        {
            2: computed(lambda: Data(ENUM, policy[0])),
            3: fixed(Data(ENUM, keys.suite)),
            4: fixed(octets(b"")),
            5: fixed(octets(system_title)),
            6: fixed(array(())),
        },
        {1: activate, 2: transfer},
    )
    return [counter, setup]
