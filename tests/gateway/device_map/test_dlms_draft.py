"""What a scan of a DLMS meter found becomes the beginning of a map that the checker takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.dlms.meter_map import DlmsMap
from drivers.dlms.view import Access, ObjectEntry
from drivers.dlms.view_table import view_sweep, view_table
from drivers.reading import Obis
from gateway.device_map import load_text
from gateway.device_map.skeleton import skeleton

OBJECTS = [
    ObjectEntry(3, 0, Obis(1, 0, 1, 8, 0), {1: Access.READ, 2: Access.READ | Access.WRITE}, {1: Access.WRITE}, {}),
    ObjectEntry(5, 0, Obis(1, 0, 1, 4, 0), {}, {}, {}, base_name=0x1230),
    ObjectEntry(9999, 3, Obis(0, 0, 94, 1, 1), {}, {}, {}),
]


def test_the_draft_is_a_map() -> None:
    text = skeleton("acme/x1", "dlms", view_sweep("ACM0001234567890", OBJECTS))
    part = load_text(text, Path("x1.toml"), "acme/x1").parts["dlms"]
    assert isinstance(part, DlmsMap)
    assert [(one.obis, one.class_id) for one in part.registers] == [(Obis(1, 0, 1, 8, 0), 3), (Obis(1, 0, 1, 4, 0), 5)]
    assert part.knows("ACM0001234567890")


def test_the_sweep_of_another_protocol_is_refused() -> None:
    with pytest.raises(ValueError, match="no DLMS meter"):
        skeleton("acme/x1", "dlms", {"unit": 1})


def test_the_view_says_rights_methods_and_classes_that_nobody_knows() -> None:
    lines = view_table(OBJECTS).splitlines()
    assert lines == [
        "0-0:94.1.1*255       class 9999 v3",
        "1-0:1.4.0*255        0x1230 Demand register v0",
        "1-0:1.8.0*255        Register v0  1:r- 2:rw m1",
    ]
