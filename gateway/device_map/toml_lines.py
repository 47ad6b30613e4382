"""Where in a TOML text each key stands, so that an error can name its line.

``tomllib`` says what a text means and not where. This reads the same text again, after tomllib has found it valid, and
only notes at which line every key and every array element begins (TOML 1.0.0, clauses Keys, Table, Array).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BARE_END = " \t\r\n.=]},#"


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def note(self, path: Path) -> None:
        self.lines.setdefault(path, self.line())

    def skip(self, newlines: bool = True) -> None:
        """Pass over blanks and comments, and over line ends where they may stand."""
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif character in " \t\r" or (newlines and character == "\n"):
                self.at += 1
            else:
                return

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def document(self) -> None:
        table: Path = ()
        self.skip()
        while self.at < len(self.text):
            if self.peek("[["):
                table = self.header(2)
                count = self.counts[table] = self.counts.get(table, -1) + 1
                self.note(table)
                table = (*table, count)
                self.note(table)
            elif self.peek("["):
                table = self.header(1)
                self.note(table)
            else:
                self.pair(table)
            self.skip()

    def header(self, brackets: int) -> Path:
        """A ``[table]`` or ``[[array of tables]]`` line; names that are arrays stand for their last element."""
        start, self.at = self.at, self.at + brackets
        names = self.keys()
        self.skip(newlines=False)
        self.at += brackets
        end, self.at = self.at, start
        path: Path = ()
        for number, name in enumerate(names):
            path = (*path, name)
            if number < len(names) - 1:
                if path in self.counts:
                    path = (*path, self.counts[path])
                self.note(path)
        self.at = end
        return path

    def pair(self, table: Path) -> None:
        path = table
        start = self.at
        names = self.keys()
        end, self.at = self.at, start
        for name in names:
            path = (*path, name)
            self.note(path)
        self.at = end
        self.skip(newlines=False)
        self.at += 1  # the equals sign
        self.skip(newlines=False)
        self.value(path)

    def keys(self) -> list[str]:
        names = []
        while True:
            self.skip(newlines=False)
            start = self.at
            if self.text[self.at] in "\"'":
                self.string()
                quoted = self.text[start : self.at]
                names.append(quoted[1:-1] if quoted[0] == "'" else _unescaped(quoted))
            else:
                while self.text[self.at] not in _BARE_END:
                    self.at += 1
                names.append(self.text[start : self.at])
            self.skip(newlines=False)
            if not self.peek("."):
                return names
            self.at += 1

    def value(self, path: Path) -> None:
        character = self.text[self.at]
        if character in "\"'":
            self.string()
        elif character == "[":
            self.array(path)
        elif character == "{":
            self.inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def array(self, path: Path) -> None:
        self.at += 1
        number = 0
        self.skip()
        while not self.peek("]"):
            self.note((*path, number))
            self.value((*path, number))
            number += 1
            self.skip()
            if self.peek(","):
                self.at += 1
                self.skip()
        self.at += 1

    def inline_table(self, path: Path) -> None:
        self.at += 1
        self.skip()
        while not self.peek("}"):
            self.pair(path)
            self.skip()
            if self.peek(","):
                self.at += 1
                self.skip()
        self.at += 1

    def string(self) -> None:
        quote = self.text[self.at]
        if self.peek(quote * 3):
            self.at += 3
            while not self.peek(quote * 3):
                self.at += 2 if quote == '"' and self.peek("\\") else 1
            self.at += 3
            while self.peek(quote):  # up to two quotes may stand before the closing three
                self.at += 1
            return
        self.at += 1
        while not self.peek(quote):
            self.at += 2 if quote == '"' and self.peek("\\") else 1
        self.at += 1


def _unescaped(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:  # \UXXXXXXXX, which JSON has not
        return quoted[1:-1]


def lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every key and array element of a valid TOML text."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(found: Mapping[Path, int], path: Path) -> int:
    """The line of ``path``; where it is not in the text (a missing key), of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in found:
            return found[path[:length]]
    return 1
