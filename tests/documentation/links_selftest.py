#!/usr/bin/env python3
"""Plants broken links and checks that links.py names them and nothing else."""

import pathlib
import sys
import tempfile

import links

PAGE = """# The page

[good](other.md) [good too](other.md#a-heading-with-code) [here](#the-page) [out](https://example.com/x.md)
[gone](nowhere.md)
[no heading](other.md#nothing)
`[code](is-not-a-link.md)`
```
[nor](is-this.md)
```
[[brackets]](#tables-1)
[outside](../../etc/passwd)
"""
OTHER = """# Other

## A heading, with `code`
"""
EXPECTED = [
    "docs/page.md:4: nowhere.md: no such file",
    "docs/page.md:5: other.md#nothing: no such heading",
    "docs/page.md:10: #tables-1: no such heading",
    "docs/page.md:11: ../../etc/passwd: ",
]


def main():
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch) / "project"
        (root / "docs").mkdir(parents=True)
        (root / "docs" / "page.md").write_text(PAGE, encoding="utf-8")
        (root / "docs" / "other.md").write_text(OTHER, encoding="utf-8")
        found = list(links.problems(root))
    good = len(found) == len(EXPECTED) and all(a.startswith(b) for a, b in zip(found, EXPECTED))
    if not good:
        print("\n".join(found))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
