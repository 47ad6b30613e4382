"""The definitions are what the generator gives, and are all of SE 1.4."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.zigbee_se.definitions import FILE, definitions
from drivers.zigbee_se.generate import definitions as generated
from drivers.zigbee_se.zcl_types import BY_NAME

#: Cluster -> attributes and commands in the definitions file.
SIZES = {
    0x0025: (2, 0), 0x0700: (1015, 32), 0x0701: (4, 5), 0x0702: (892, 29), 0x0703: (0, 7), 0x0704: (1, 14),
    0x0705: (131, 17), 0x0706: (7, 2), 0x0707: (8, 12), 0x0708: (453, 13), 0x0709: (0, 5), 0x070A: (0, 2),
    0x070B: (5, 2), 0x0800: (2, 7),
}  # fmt: skip


def test_the_data_module_is_what_the_generator_gives(shared: Path) -> None:
    assert generated(shared / "facts" / "zigbee" / "ami.xml") == FILE.read_text()


def test_every_cluster_is_whole() -> None:
    clusters = definitions().clusters
    assert set(clusters) == set(SIZES)
    for code, (attributes, commands) in SIZES.items():
        # Those of "either" side stand under both.
        assert len(set(clusters[code].attributes.values())) <= attributes <= len(clusters[code].attributes)
        assert len(clusters[code].commands) >= commands


def test_every_type_is_known() -> None:
    known = definitions()

    def check(kind: str) -> None:
        made = known.structs.get(kind)
        if isinstance(made, tuple):
            for _, part in made:
                check(part)
        elif made is None:
            assert known.base.get(kind, kind) in BY_NAME, kind

    for cluster in known.clusters.values():
        for attribute in cluster.attributes.values():
            check(attribute.type)
        for command in cluster.commands.values():
            for argument in command.arguments:
                check(argument.type)


@pytest.mark.parametrize(
    ("cluster", "name", "side"), [(0x0702, "GetProfile", "client"), (0x0700, "PublishPrice", "server")]
)
def test_a_command_is_found_by_its_name(cluster: int, name: str, side: str) -> None:
    found, command = definitions().clusters[cluster].command(name)
    assert (found, command.code) == (side, 0)
