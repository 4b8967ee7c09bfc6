#!/usr/bin/env python3
"""Proves that layering.py finds what it is there to find, on small trees made for it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).with_name("layering.py")

GOOD = {
    "include/pollhook/base/clock.hpp": "#pragma once\n#include <chrono>\n",
    "include/pollhook/task/key.hpp": '#pragma once\n#include "pollhook/base/clock.hpp"\n',
    "include/pollhook/config/load.hpp": '#pragma once\n#include "pollhook/base/clock.hpp"\n',
    "include/pollhook/http/client.hpp": '#pragma once\n#include "pollhook/base/clock.hpp"\n',
    "src/http/parts.hpp": "#pragma once\n",
    "src/http/client.cpp": '#include "pollhook/http/client.hpp"\n\n#include "parts.hpp"\n#include "http/parts.hpp"\n',
    "src/cli/main.cpp": '#include "pollhook/task/key.hpp"\n#include "pollhook/http/client.hpp"\n#include <vector>\n',
    "src/asio/asio.cpp": "#include <boost/asio/impl/src.hpp>\n",
}


class LayeringTest(unittest.TestCase):
    def check(self, changes):
        """Runs the checker over the good tree with some files changed."""
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            for name, text in (GOOD | changes).items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return subprocess.run(
                [sys.executable, CHECKER, root], capture_output=True, text=True, check=False, timeout=60
            )

    def assert_finds(self, changes, *expected):
        result = self.check(changes)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertEqual(sorted(result.stdout.splitlines()), sorted(expected))

    def test_accepts_arrows_that_point_down(self):
        result = self.check({})
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_ignores_comments_and_other_text(self):
        text = '// #include "pollhook/cli/x.hpp"\n/*\n#include "pollhook/cli/x.hpp"\n*/\nauto s = "/*";\n'
        result = self.check({"src/base/clock.cpp": text})
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_finds_an_arrow_that_points_up(self):
        self.assert_finds(
            {"src/base/clock.cpp": '// why\n\n#  include "pollhook/http/client.hpp"  // why\n'},
            "src/base/clock.cpp:3: base (floor 0) must not include pollhook/http/client.hpp (floor 2)",
        )

    def test_finds_an_arrow_that_points_sideways(self):
        self.assert_finds(
            {"include/pollhook/task/key.hpp": '#pragma once\n#include <pollhook/config/load.hpp>\n'},
            "include/pollhook/task/key.hpp:2: "
            "task (floor 1) must not include pollhook/config/load.hpp (the same floor)",
        )

    def test_finds_an_arrow_behind_a_comment_that_spans_lines(self):
        self.assert_finds(
            {"src/base/clock.cpp": '/* one\ntwo */ #include "pollhook/task/key.hpp"\n'},
            "src/base/clock.cpp:2: base (floor 0) must not include pollhook/task/key.hpp (floor 1)",
        )

    def test_finds_a_room_without_a_floor(self):
        self.assert_finds(
            {"src/cellar/wine.cpp": "#include <vector>\n"},
            "src/cellar: the room cellar has no floor",
        )

    def test_finds_an_include_of_a_room_that_does_not_exist(self):
        self.assert_finds(
            {"src/cli/main.cpp": '#include "pollhook/cellar/wine.hpp"\n'},
            "src/cli/main.cpp:1: cellar is no room",
        )

    def test_finds_a_private_header_of_another_room(self):
        self.assert_finds(
            {"src/cli/main.cpp": '#include "../http/parts.hpp"\n#include "http/parts.hpp"\n'},
            "src/cli/main.cpp:1: ../http/parts.hpp is private to http",
            "src/cli/main.cpp:2: http/parts.hpp is private to http",
        )

    def test_finds_a_header_that_is_not_there(self):
        self.assert_finds(
            {"src/cli/main.cpp": '#include "pollhook/base/gone.hpp"\n#include "gone.hpp"\n'},
            "src/cli/main.cpp:1: pollhook/base/gone.hpp is no file of a room",
            "src/cli/main.cpp:2: gone.hpp is no file of a room",
        )

    def test_finds_an_include_that_it_cannot_read(self):
        self.assert_finds(
            {"src/cli/main.cpp": "#include SOMETHING\n"},
            "src/cli/main.cpp:1: cannot tell what is included: SOMETHING",
        )

    def test_finds_a_room_included_by_the_libraries_sources(self):
        self.assert_finds(
            {"src/asio/asio.cpp": '#include "pollhook/base/clock.hpp"\n'},
            "src/asio/asio.cpp:1: asio is no room and must not include base",
        )

    def test_finds_a_file_in_no_room(self):
        self.assert_finds(
            {"include/pollhook/all.hpp": "#pragma once\n"},
            "include/pollhook/all.hpp: lives in no room",
        )

    def test_refuses_a_tree_without_sources(self):
        with tempfile.TemporaryDirectory() as directory:
            result = subprocess.run(
                [sys.executable, CHECKER, directory], capture_output=True, text=True, check=False, timeout=60
            )
            self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    unittest.main()
