#!/usr/bin/env python3
"""Keeps the code blocks of a page equal to the files that they show and that the tests run.

usage: snippets.py --check|--write PAGE

A block follows a line `<!-- file: PATH -->`; PATH is relative to the page.
"""

import pathlib
import re
import sys

BLOCK = re.compile(r"(<!-- file: (\S+) -->\n```[a-z]*\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)


def renewed(page):
    def fill(found):
        code = (page.parent / found[2]).read_text(encoding="utf-8")
        return found[1] + code + found[4]

    text = page.read_text(encoding="utf-8")
    if not BLOCK.search(text):
        sys.exit(f"{page}: no block shows a file")
    return text, BLOCK.sub(fill, text)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("--check", "--write"):
        sys.exit(__doc__)
    page = pathlib.Path(sys.argv[2])
    text, wanted = renewed(page)
    if sys.argv[1] == "--write":
        page.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        sys.exit(f"{page} shows other code than the files have; run: {sys.argv[0]} --write {page}")


if __name__ == "__main__":
    main()
