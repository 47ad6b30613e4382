"""The beginning of a new map: the head with what has to be filled in, and a section's own beginning."""

from __future__ import annotations

import json

from gateway.device_map.sections import section

_HEAD = """\
# {what}
# What every key means: device_maps/README.md. Step by step: docs/adding-a-meter.md. Then: metergate map check {file}

[meter]
manufacturer = {manufacturer}
models = [{model}]

[evidence]
level = "decoded"
sources = [
  {{ name = "the manual, its number and issue", where = "the pages" }},
]
# What is not certain, a sentence each. A value nobody can vouch for is left out, and said here.
doubts = []

"""


def skeleton(name: str, key: str, found: object | None) -> str:
    """The text of a new map ``maker/model`` with the section ``key``. Raises ValueError for a scan that is not its."""
    maker, _, model = name.partition("/")
    head = _HEAD.format(
        what=f"{maker} {model}".strip(),
        file=f"{name}.toml",
        manufacturer=json.dumps(maker, ensure_ascii=False),
        model=json.dumps(model, ensure_ascii=False),
    )
    return head + section(key).skeleton(found)
