#!/usr/bin/env python3
"""Checks that every relative link in the Markdown files leads to a file that exists and, after #, to a heading in it.

usage: links.py SOURCE_DIR
"""

import pathlib
import re
import sys
import urllib.parse

LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)|!\[[^\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
FENCE = re.compile(r"^\s*(```|~~~)")
CODE = re.compile(r"`[^`]*`")


def lines_of(page):
    """Numbered lines outside of fenced blocks."""
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchor(heading):
    """As the forges make them: lower case, no punctuation, hyphens for blanks."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors_of(page):
    seen = {}
    for _, line in lines_of(page):
        found = HEADING.match(line)
        if found:
            name = anchor(found[1])
            count = seen.get(name, 0)
            seen[name] = count + 1
            yield f"{name}-{count}" if count else name


def problems_of(root, page):
    for number, line in lines_of(page):
        for found in LINK.finditer(CODE.sub("", line)):
            target = found[1] or found[2]
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            path, _, fragment = target.partition("#")
            file = (page.parent / urllib.parse.unquote(path)).resolve() if path else page
            where = f"{page.relative_to(root)}:{number}"
            if not file.exists():
                yield f"{where}: {target}: no such file"
            elif root not in file.parents:
                yield f"{where}: {target}: leads out of the project"
            elif fragment and file.suffix == ".md" and fragment not in set(anchors_of(file)):
                yield f"{where}: {target}: no such heading"


def pages_of(root):
    yield from root.glob("*.md")
    for folder in ("docs", "tests", "config", "src"):
        yield from sorted((root / folder).rglob("*.md"))


def problems(root):
    root = root.resolve()
    for page in pages_of(root):
        if "node_modules" not in page.parts:
            yield from problems_of(root, page)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = list(problems(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
