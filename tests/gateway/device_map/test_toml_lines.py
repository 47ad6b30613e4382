"""The line of every key and element, whatever way TOML lets it be written."""

from __future__ import annotations

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.device_map.toml_lines import line_of, lines

TEXT = '''\
# a comment with [brackets] = "and quotes"
top = 1
[a]
"quoted key" = "x # no comment"
'literal \\key' = 2
dotted.deep = 3
text = """
[not.a.table]
key = \\""" still text """""
list = [ # after the bracket
  1,
  { inner = "}" , other = [ "]", 5 ] },

  3 ]
[a.b]
c = { d.e = 1 }
[[rows]]
x = 1
[[rows]]
x = 2
[rows.sub]
y = \'\'\'
"""
\'\'\'
[[rows.deep]]
z = 1979-05-27 07:32:00
'''


def test_every_way_of_writing_a_key() -> None:
    found = lines(TEXT)
    expected = {
        ("top",): 2,
        ("a",): 3,
        ("a", "quoted key"): 4,
        ("a", "literal \\key"): 5,
        ("a", "dotted", "deep"): 6,
        ("a", "text"): 7,
        ("a", "list"): 10,
        ("a", "list", 0): 11,
        ("a", "list", 1): 12,
        ("a", "list", 1, "inner"): 12,
        ("a", "list", 1, "other", 1): 12,
        ("a", "list", 2): 14,
        ("a", "b"): 15,
        ("a", "b", "c", "d", "e"): 16,
        ("rows", 0): 17,
        ("rows", 0, "x"): 18,
        ("rows", 1): 19,
        ("rows", 1, "x"): 20,
        ("rows", 1, "sub", "y"): 22,
        ("rows", 1, "deep", 0): 25,
        ("rows", 1, "deep", 0, "z"): 26,
    }
    assert {path: found.get(path) for path in expected} == expected


def test_a_missing_key_stands_where_its_table_begins() -> None:
    found = lines("[a]\nb = 1\n")
    assert line_of(found, ("a", "c", "d")) == 1
    assert line_of(found, ("nowhere",)) == 1


def paths(value: object, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Every path in a parsed TOML value."""
    found = {path} if path else set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found |= paths(inner, (*path, key))
    return found


VALUES = st.recursive(
    st.sampled_from(["1", "-0.5", "true", '"a]b}#"', "'''\nx=1\n'''", '"\\"="', "2020-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda given: "[\n" + ", # ]\n".join(given) + "\n]")
        | st.lists(inner.filter(lambda text: "\n" not in text), max_size=3).map(
            lambda given: "{" + ", ".join(f"k{number}.v = {text}" for number, text in enumerate(given)) + "}"
        )
    ),
    max_leaves=8,
)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["", "[t]", "[[r]]", "[r2.s]"]), VALUES), max_size=6))
def test_every_path_that_tomllib_sees_has_a_line(rows: list[tuple[str, str]]) -> None:
    text = ""
    for number, (header, value) in enumerate(rows):
        header = "" if header in text else header
        text += f"{header}\nkey{number} = {value}\n"
    found = lines(text)
    assert paths(tomllib.loads(text)) <= set(found)
    for number in range(len(rows)):
        line = next(line for path, line in found.items() if path[-1] == f"key{number}")
        assert text.splitlines()[line - 1].startswith(f"key{number} ")
