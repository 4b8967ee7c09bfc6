"""Sources that are read together by a lint.

Most of the time in which clang reads a source goes into the headers. A batch is a file that includes several sources
of one folder, so that their headers are read once. Sources that do not go together, mostly because their anonymous
namespaces use the same name, are found by compiling, and are put into different batches.
"""

import concurrent.futures
import contextlib
import dataclasses
import itertools
import json
import pathlib
import re
import shlex
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPILER = "clang++-19"
MOST_SOURCES = 12


class NotCompiled(Exception):
    """A source cannot be read as the build says it is compiled."""


@dataclasses.dataclass(frozen=True)
class Source:
    """A source and how its build compiles it, without the flags that ask for warnings."""

    path: pathlib.Path
    flags: tuple
    directory: str


@dataclasses.dataclass(frozen=True)
class Batch:
    """A file that includes the sources, which are compiled alike."""

    path: pathlib.Path
    sources: list

    @property
    def flags(self):
        return self.sources[0].flags

    @property
    def directory(self):
        return self.sources[0].directory


def sources_of(build):
    """The project's own sources in a clang build's compile database, each once."""
    database = build / "compile_commands.json"
    if not database.exists():
        raise NotCompiled(f"{database} is not there: configure that build first, e.g. cmake --preset release")
    found = {}
    for entry in json.loads(database.read_text(encoding="utf-8")):
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if path.exists() and any(path.is_relative_to(ROOT / folder) for folder in ("include", "src", "tests")):
            found.setdefault(path, Source(path, flags_of(entry), entry["directory"]))
    return [source for path, source in sorted(found.items()) if not path.is_relative_to(build)]


def flags_of(entry):
    """The flags of one entry of a compile database that say what the source means."""
    words = entry.get("arguments") or shlex.split(entry["command"])
    compiler = next((i for i, word in enumerate(words) if re.search(r"clang\+\+(-\d+)?$", word)), None)
    if compiler is None:
        raise NotCompiled(f"{entry['file']}: not compiled by clang; name a build of the preset release or tsan")
    flags = words[compiler + 1:]
    for name in ("-o", "-c", "-MF", "-MT"):
        if name in flags:
            at = flags.index(name)
            del flags[at:at + 2]
    flags = [flag for flag in flags if not flag.startswith("-W") and flag != "-MD"]
    if "-include-pch" in flags:
        at = flags.index("-include-pch")  # -Xclang -include-pch -Xclang FILE
        if not pathlib.Path(flags[at + 2]).exists():
            # The same headers as text: slower, but it needs no build.
            del flags[at - 1:at + 3]
    return tuple(flags)


@contextlib.contextmanager
def batches(sources, jobs):
    """The sources in as few batches as possible, the largest first. Their files are gone at the end."""
    alike = itertools.groupby(
        sorted(sources, key=lambda source: (str(source.path.parent), source.flags, str(source.path))),
        key=lambda source: (source.path.parent, source.flags),
    )
    chunks = [chunk for _, group in alike for chunk in even_chunks(list(group))]
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()

        def write(some):
            path = pathlib.Path(folder) / f"batch{next(numbers)}.cpp"
            path.write_text("".join(f'#include "{source.path}"\n' for source in some), encoding="utf-8")
            return Batch(path, some)

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            found = [batch for some in pool.map(lambda chunk: that_compile(chunk, write), chunks) for batch in some]
        yield sorted(found, key=lambda batch: -len(batch.sources))


def even_chunks(group):
    count = -(-len(group) // MOST_SOURCES)
    return [group[i::count] for i in range(count)]


def that_compile(sources, write):
    """The sources in one batch, or in halves of halves until each half compiles."""
    batch = write(sources)
    if len(sources) == 1 or compiles(batch):
        return [batch]
    half = len(sources) // 2
    return that_compile(sources[:half], write) + that_compile(sources[half:], write)


def compiles(batch):
    command = [COMPILER, *batch.flags, "-w", "-fsyntax-only", "-ferror-limit=1", str(batch.path)]
    return subprocess.run(command, cwd=batch.directory, capture_output=True, check=False).returncode == 0
