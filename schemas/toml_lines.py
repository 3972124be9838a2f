"""Where each key of a TOML text stands: the line of every table, key and list member.

`tomllib` reads values and forgets lines; a refusal should name the line. This
scan follows a text that `tomllib` has already accepted, so it is loose about
what it need not understand and never refuses anything.

`lines(text)` maps a path, such as `("rule", 2, "needs", "classes")`, to a line
counted from 1. Follows TOML 1.0.
"""

from __future__ import annotations

import json

Path = tuple[str | int, ...]
_BARE_ENDS = ",]}#\n"


def lines(text: str) -> dict[Path, int]:
    """Give the line of every table, key and list member of a valid TOML text, by its path."""
    return _Scan(text.replace("\r\n", "\n")).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counted = 0  # up to where newlines were counted
        self.line = 1
        self.found: dict[Path, int] = {}
        self.tables: dict[Path, int] = {}  # arrays of tables: the number of the newest

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while True:
            self._blank(newlines=True)
            if self.at >= len(self.text):
                return self.found
            if self.text[self.at] == "[":
                table = self._head()
            else:
                self._pair(table)

    def _here(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def _note(self, path: Path) -> None:
        line = self._here()
        for length in range(1, len(path) + 1):
            self.found.setdefault(path[:length], line)

    def _blank(self, *, newlines: bool) -> None:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif char in " \t" or (newlines and char == "\n"):
                self.at += 1
            else:
                return

    def _head(self) -> Path:
        start = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        names = self._keys()
        self.at = self.text.index("]", self.at) + (2 if many else 1)
        path: Path = ()
        for name in names[:-1]:
            path = (*path, name)
            if path in self.tables:
                path = (*path, self.tables[path])
        path = (*path, names[-1])
        if many:
            self.tables[path] = self.tables.get(path, -1) + 1
            path = (*path, self.tables[path])
        elif path in self.tables:
            path = (*path, self.tables[path])
        end, self.at = self.at, start
        self._note(path)
        self.at = end
        return path

    def _keys(self) -> list[str]:
        """Read a dotted key, up to the sign that ends it."""
        names = []
        while True:
            self._blank(newlines=False)
            if self.text[self.at] in "\"'":
                start = self.at
                self._string()
                quoted = self.text[start : self.at]
                names.append(_unquoted(quoted))
            else:
                start = self.at
                while self.text[self.at] not in ".=] \t":
                    self.at += 1
                names.append(self.text[start : self.at])
            self._blank(newlines=False)
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def _pair(self, table: Path) -> None:
        start = self.at
        names = self._keys()
        end, self.at = self.at, start
        path = (*table, *names)
        self._note(path)
        self.at = end + 1  # past "="
        self._value(path)

    def _value(self, path: Path) -> None:
        self._blank(newlines=True)
        char = self.text[self.at]
        if char in "\"'":
            self._string()
        elif char == "[":
            self._members(path, "]")
        elif char == "{":
            self._members(path, "}")
        else:
            while self.at < len(self.text) and self.text[self.at] not in _BARE_ENDS:
                self.at += 1

    def _members(self, path: Path, close: str) -> None:
        self.at += 1
        count = 0
        while True:
            self._blank(newlines=True)
            if self.text[self.at] == close:
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
            elif close == "}":
                self._pair(path)
            else:
                member = (*path, count)
                count += 1
                self._note(member)
                self._value(member)

    def _string(self) -> None:
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            self.at += 3
            while not self.text.startswith(quote * 3, self.at):
                self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
            self.at += 3
            while self.at < len(self.text) and self.text[self.at] == quote:  # up to two more belong to the text
                self.at += 1
            return
        self.at += 1
        while self.text[self.at] != quote:
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += 1


def _unquoted(quoted: str) -> str:
    if quoted.startswith("'"):
        return quoted[1:-1]
    try:
        return str(json.loads(quoted))
    except ValueError:  # an escape that TOML has and JSON has not
        return quoted[1:-1]
