"""Starts what a benchmark needs, reads what it costs, and ends it again."""

import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICK = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """What a person has to know; no traceback."""


def ask(port, target, method="GET", body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"{what} did not happen within {seconds} s")
        time.sleep(0.01)


class Process:
    """A child on one core, ended with the benchmark."""

    def __init__(self, words, core, environment=None, log=None):
        self.log = Path(log or tempfile.mktemp(prefix="pollhook-bench-", suffix=".log"))
        with open(self.log, "wb") as output:
            self.child = subprocess.Popen(
                ["taskset", "-c", str(core), *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def said(self, pattern):
        """What the pattern's group matched in the output, waiting for it."""

        def look():
            if self.child.poll() is not None:
                raise Failure(f"{self.child.args[3]} ended early:\n{self.log.read_text(errors='replace')[-2000:]}")
            return re.search(pattern, self.log.read_text(errors="replace"))

        return wait_until(look, 60, f'"{pattern}" of {self.child.args[3]}').group(1)

    def ticks(self):
        """User and system time of all threads, in seconds."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICK

    def threads(self):
        """CPU seconds by thread, the one that began first."""
        found = {}
        for task in sorted(Path(f"/proc/{self.pid}/task").iterdir(), key=lambda path: int(path.name)):
            name = f"{(task / 'comm').read_text().strip()} {task.name}"
            found[name] = int((task / "schedstat").read_text().split()[0]) / 1e9
        return found

    def rss(self):
        """Resident memory in MiB."""
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text()).group(1)) / 1024

    def settle(self):
        """Waits until it has been idle for a fifth of a second; the CPU it has used by then."""
        before = self.ticks()
        while True:
            time.sleep(0.2)
            now = self.ticks()
            if now == before:
                return now
            before = now

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.log.unlink(missing_ok=True)


class Receiver(Process):
    def __init__(self, program, core, *options):
        super().__init__([program, *options], core)
        self.port = int(self.said(r"listening on port (\d+)"))

    def stats(self):
        return json.loads(ask(self.port, "/stats")[1])

    def reset(self):
        ask(self.port, "/reset")


class Daemon(Process):
    def __init__(self, program, core, config, environment=None):
        super().__init__([program, "run", "-c", config], core, environment)

    def admin_port(self):
        self.said(r"(daemon\.ready)")
        return int(self.said(r"admin\.listening: address=http://127\.0\.0\.1:(\d+)"))

    def ask(self, target, method="GET", body=None):
        status, answer = ask(self.admin_port(), target, method, body)
        if status >= 300:
            raise Failure(f"{method} {target}: {status} {answer.decode(errors='replace')}")
        return json.loads(answer)
