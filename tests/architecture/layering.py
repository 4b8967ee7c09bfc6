#!/usr/bin/env python3
"""Keeps the rule of the rooms: a room includes only rooms on floors below its own.

usage: layering.py ROOT

Reads every #include in ROOT/include/pollhook and ROOT/src, prints one line `file:line: reason` for each that points up,
sideways or nowhere, and for each room or file that has no floor; exits 1 when there was any.
"""

import pathlib
import re
import sys

FLOORS = (
    ("base",),
    ("config", "task"),
    ("http",),
    ("provider", "sink", "store"),
    ("poll", "delivery"),
    ("admin", "simulator"),
    ("service",),
    ("cli",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Compiles the libraries' own sources; it is no room and sees none.
LIBRARIES = "asio"

SUFFIXES = {".hpp", ".cpp", ".ipp", ".inc", ".h", ".hh", ".cc", ".cxx"}
DIRECTIVE = re.compile(r"^\s*#\s*include(?:_next)?\b\s*(.*)$")
HEADER = re.compile(r'(?:"(?P<quoted>[^"]+)"|<(?P<angled>[^>]+)>)')


def without_comments(text):
    """Blanks comments out and keeps the lines; strings are left alone as far as a line of code goes."""
    pattern = r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/'

    def blank(match):
        found = match.group(0)
        return found if found.startswith('"') else "\n" * found.count("\n")

    return re.sub(pattern, blank, text, flags=re.DOTALL)


class Checker:
    def __init__(self, root):
        self.root = root
        self.public = root / "include" / "pollhook"
        self.sources = root / "src"
        self.problems = []
        self.arrows = 0

    def run(self):
        for top in (self.public, self.sources):
            if not top.is_dir():
                self.problems.append(f"{self.name(top)}: is not there")
                continue
            for path in sorted(top.rglob("*")):
                if path.is_file() and path.suffix in SUFFIXES:
                    self.check_file(path)
            for path in sorted(top.iterdir()):
                if path.is_dir() and path.name not in FLOOR and path.name != LIBRARIES:
                    self.problems.append(f"{self.name(path)}: the room {path.name} has no floor")
        return self.problems

    def name(self, path):
        return path.relative_to(self.root).as_posix()

    def room_of(self, path):
        """The room that a file lives in; None for a file directly at the top."""
        for top in (self.public, self.sources):
            if path.is_relative_to(top):
                parts = path.relative_to(top).parts
                return parts[0] if len(parts) > 1 else None
        return None

    def check_file(self, path):
        room = self.room_of(path)
        if room is None:
            self.problems.append(f"{self.name(path)}: lives in no room")
            return
        for number, line in enumerate(without_comments(path.read_text(encoding="utf-8")).splitlines(), 1):
            directive = DIRECTIVE.match(line)
            if directive:
                reason = self.fault(path, room, directive.group(1))
                if reason:
                    self.problems.append(f"{self.name(path)}:{number}: {reason}")

    def fault(self, path, room, operand):
        """What is wrong with an #include of `operand` in `path`; None when it is allowed."""
        header = HEADER.match(operand)
        if not header:
            return f"cannot tell what is included: {operand.strip()}"
        spelled = header.group("quoted") or header.group("angled")
        own = spelled.startswith("pollhook/")
        if not own and header.group("angled"):
            return None
        places = [self.root / "include" / spelled] if own else [path.parent / spelled, self.sources / spelled]
        target = next((place.resolve() for place in places if place.is_file()), None)
        if own and len(pathlib.PurePosixPath(spelled).parts) > 2:
            other = spelled.split("/")[1]
        elif target:
            other = self.room_of(target)
        else:
            other = None
        if other is not None and other not in FLOOR:
            return f"{other} is no room"
        if target is None or other is None:
            return f"{spelled} is no file of a room"
        self.arrows += 1
        if other == room:
            return None
        if room not in FLOOR:
            return f"{room} is no room and must not include {other}"
        if not own:
            return f"{spelled} is private to {other}"
        if FLOOR[other] >= FLOOR[room]:
            way = "the same floor" if FLOOR[other] == FLOOR[room] else f"floor {FLOOR[other]}"
            return f"{room} (floor {FLOOR[room]}) must not include {spelled} ({way})"
        return None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    checker = Checker(pathlib.Path(sys.argv[1]).resolve())
    problems = checker.run()
    for problem in problems:
        print(problem, flush=True)
    if problems:
        sys.exit(f"{len(problems)} violations of the rule of the rooms")
    print(f"{checker.arrows} includes between our files, all of them downwards")


if __name__ == "__main__":
    main()
