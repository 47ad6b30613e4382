"""The association view with its rights, as the versions 0 to 3 of the association class write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drivers.dlms import axdr
from drivers.dlms.driver import Dlms
from drivers.dlms.view import Access, ObjectEntry, parse_view
from drivers.driver import Context
from drivers.meter_url import parse
from drivers.reading import Obis, Reading

ENERGY, ASSOCIATION = "0100010800FF", "0000280000FF"
READ, WRITE, BOTH = Access.READ, Access.WRITE, Access.READ | Access.WRITE
AUTHENTICATED = Access.AUTHENTICATED_REQUEST


def view(version: int, modes: dict[int, int], methods: str) -> ObjectEntry:
    """A register's entry in a list of that version: 02 04 class, version, name, rights. ``methods``: A-XDR of their items."""
    items = "".join(f"02030F{number:02X}16{mode:02X}00" for number, mode in modes.items())
    rights = f"020201{len(modes):02X}{items}" + methods
    own = f"020412000F11{version:02X}0906{ASSOCIATION}020201000100"
    register = f"0204120003110009 06{ENERGY}{rights}"
    (_, found) = parse_view(axdr.decode(bytes.fromhex(f"0102{own}{register}")))
    assert found.obis == Obis(1, 0, 1, 8, 0)
    return found


@pytest.mark.parametrize("version", [0, 1, 2])
def test_modes_are_an_enumeration_up_to_version_2(version: int) -> None:
    """Blue Book, class 12: no access, read, write, both; then the same three for authenticated requests."""
    found = view(version, {number: number for number in range(7)}, "0100")
    assert found.attributes == {
        0: Access.NONE,
        1: READ,
        2: WRITE,
        3: BOTH,
        4: READ | AUTHENTICATED,
        5: WRITE | AUTHENTICATED,
        6: BOTH | AUTHENTICATED,
    }
    assert [number for number in found.attributes if found.readable(number)] == [1, 3, 4, 6]


def test_modes_are_bits_from_version_3_on() -> None:
    found = view(3, {1: 0x01, 2: 0x04, 3: 0x2D, 4: 0x02, 5: 0xFF}, "0101" + "02020F01166D")
    assert found.attributes == {
        1: READ,
        2: AUTHENTICATED,
        3: READ | AUTHENTICATED | Access.ENCRYPTED_REQUEST | Access.AUTHENTICATED_RESPONSE,
        4: WRITE,
        5: Access(0xFF),
    }
    assert found.attributes[3].letters == "r-ae"
    assert found.methods[1] & Access.WRITE
    assert found.methods[1] & Access.ENCRYPTED_RESPONSE


@pytest.mark.parametrize(
    ("version", "items", "expected"),
    [
        (0, "0102" + "02020F010301" + "02020F020300", {1: WRITE, 2: Access.NONE}),
        (1, "0102" + "02020F011601" + "02020F021602", {1: WRITE, 2: WRITE | AUTHENTICATED}),
        (2, "0101" + "02020F011600", {1: Access.NONE}),
        (3, "0102" + "02020F011601" + "02020F02160C", {1: WRITE, 2: Access.NONE}),
    ],
)
def test_methods(version: int, items: str, expected: dict[int, Access]) -> None:
    assert view(version, {}, items).methods == expected


def test_a_mode_beyond_the_enumeration_is_bits_whatever_the_version_says() -> None:
    """So that what can be read is not left out for a meter that mixes them."""
    assert view(1, {2: 0x09}, "0100").readable(2)


#: Of the emulated meter: URL parameters and letters of an energy register's value, and of the clock's time, which may be set.
SECURED = {
    "0, both": ("client=24&security=both", "r-a", "rwa"),
    "2, authenticated": ("client=25&security=authenticated", "r-a", "rwa"),
    "1, encrypted": ("client=26&security=encrypted", "r-", "rw"),
    "3, both": ("client=1&auth=gmac&security=both", "r-ae", "rwae"),
}


@pytest.mark.parametrize(("parameters", "energy", "clock"), SECURED.values(), ids=SECURED)
async def test_a_view_over_the_wire_and_every_register_in_it(
    emulated_meter: Callable[..., str], keys: Any, counters: Any, parameters: str, energy: str, clock: str
) -> None:
    where = emulated_meter("dlms/secured")
    async with Dlms(parse(f"dlms://{where}?{parameters}"), Context(keys=keys, counters=counters, timeout=30)) as meter:
        readings = [one async for one in meter.registers() if isinstance(one, Reading)]
        objects = {one.obis: one for one in meter.learned.objects}
    assert objects[Obis(1, 0, 1, 8, 0)].attributes[2].letters == energy
    assert objects[Obis(0, 0, 1, 0, 0)].attributes[2].letters == clock
    assert Obis(1, 0, 1, 8, 0) in {one.obis for one in readings}
