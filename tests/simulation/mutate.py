#!/usr/bin/env python3
"""Writes copies of sources in which every mutant can be switched on by its number at run time.

usage: mutate.py SOURCE_ROOT OUTPUT_DIR MUTANT_FILE...

A mutant is a file `NN-name.mutant`: a comment that says what is broken, then, for each source, `file: PATH` and
pairs of the text that is replaced (after `---`) and its replacement (after `+++`), in which MUTANT says whether
the mutant is on. The text must be there exactly once; white space does not count, so that formatting does not
matter. The sources themselves stay clean: nothing of this reaches a build that is not for the tests.
"""

import pathlib
import re
import sys


def parse(path):
    """(source, original, replacement) for each change of a mutant."""
    number = int(path.name.split("-")[0])
    source, part, texts = None, None, {}
    for line in path.read_text().splitlines() + ["---"]:
        if line == "---" or line.startswith("file: "):
            if part == "+++":
                new = texts["+++"].replace("MUTANT", f"pollhook::is_mutant({number})")
                yield source, texts["---"], new
            if line.startswith("file: "):
                source, part = line.removeprefix("file: "), None
            else:
                part, texts = "---", {"---": "", "+++": ""}
        elif line == "+++":
            part = "+++"
        elif part:
            texts[part] += line + "\n"


def replace(text, original, replacement, where):
    pattern = r"\s+".join(re.escape(word) for word in original.split())
    found = list(re.finditer(pattern, text))
    if len(found) != 1:
        sys.exit(f"{where}: the text to replace is there {len(found)} times:\n{original}")
    return text[: found[0].start()] + replacement.strip() + text[found[0].end() :]


def main():
    root, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    sources = {}
    for mutant in map(pathlib.Path, sys.argv[3:]):
        for source, original, replacement in parse(mutant):
            text = sources.get(source) or (root / source).read_text()
            sources[source] = replace(text, original, replacement, f"{mutant.name}: {source}")
    for source, text in sources.items():
        copy = output / source
        copy.parent.mkdir(parents=True, exist_ok=True)
        # Errors are reported in the copy, whose lines are almost those of the source.
        copy.write_text("namespace pollhook { bool is_mutant(int number) noexcept; }\n" + text)


if __name__ == "__main__":
    main()
