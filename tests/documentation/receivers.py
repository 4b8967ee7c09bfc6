#!/usr/bin/env python3
"""Runs the receivers that the documentation shows. A real pollhook delivers to each of them, and each has to refuse what
is forged, changed or stale.

usage: receivers.py POLLHOOK RECEIVERS_DIR
"""

import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

DEADLINE = 60  # seconds; only a failing test waits for so long
LIFE = "0s SUBMITTED 0%, 50ms IN_PROGRESS 30%, 100ms SUCCESS 100%"
BODY = json.dumps({"type": "task.succeeded", "timestamp": "2026-11-21T03:18:39.123Z", "data": {"id": "ünï-1"}})


def wait_for(what, condition):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def program(name):
    path = shutil.which(name)
    if path is None:
        raise AssertionError(f"{name} is missing; scripts/install-dependencies test installs it")
    return path


class Bench:
    """The program under test, a folder, and every process that was started, ended at the end."""

    def __init__(self, pollhook, receivers, folder):
        self.pollhook, self.receivers, self.folder = pollhook, receivers, folder
        self.processes = []
        self.secret, self.old_secret, self.other_secret = (self.run("sign", "--generate").strip() for _ in range(3))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()

    def run(self, *arguments, text=None):
        done = subprocess.run(
            [self.pollhook, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=DEADLINE
        )
        if done.returncode != 0:
            raise AssertionError(f"pollhook {arguments}: {done.stderr}")
        return done.stdout

    def start(self, name, command, **environment):
        log = open(self.folder / f"{name}.log", "wb")
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            cwd=self.folder,
        )
        self.processes.append(process)
        return process

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def signed(self, secrets, body=BODY, at=None, event_id="evt_1"):
        """The three headers, made by pollhook itself."""
        file = self.file("secrets", "\n".join(secrets) + "\n")
        lines = self.run(
            "sign", "--secret-file", file, "--id", event_id, "--timestamp", int(at or time.time()), text=body
        )
        return dict(line.split(": ", 1) for line in lines.splitlines())


def servers_of(bench):
    """Each receiver's name and the command that runs it on a port."""
    go = program("go")
    binary = bench.folder / "receiver-go"
    cache = {} if os.access(os.path.expanduser("~"), os.W_OK) else {"GOCACHE": str(bench.folder / "go-cache")}
    built = subprocess.run(
        [go, "build", "-o", binary, bench.receivers / "receiver.go"],
        capture_output=True,
        text=True,
        env={**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off", **cache},
    )
    assert built.returncode == 0, f"go build: {built.stderr}"
    return {
        "python": lambda port: [sys.executable, bench.receivers / "receiver.py", port],
        "node": lambda port: [program("node"), bench.receivers / "receiver.mjs", port],
        "go": lambda port: [binary, port],
        "php": lambda port: [program("php"), "-S", f"127.0.0.1:{port}", bench.receivers / "receiver.php"],
    }


def post(port, headers, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("POST", "/", body.encode(), {**headers, "content-type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def cases(bench):
    """Whether it is genuine, what it is, its headers and its body."""
    genuine = bench.signed([bench.secret])
    now = time.time()
    yield True, "a genuine one", genuine, BODY
    yield True, "the same again", genuine, BODY
    yield True, "one signed with the next secret too", bench.signed([bench.other_secret, bench.secret]), BODY
    yield True, "one of four minutes ago", bench.signed([bench.secret], at=now - 240), BODY
    yield False, "a changed body", genuine, BODY.replace("succeeded", "failed")
    yield False, "another id", {**genuine, "webhook-id": "evt_2"}, BODY
    yield False, "another time", {**genuine, "webhook-timestamp": str(int(genuine["webhook-timestamp"]) - 1)}, BODY
    yield False, "another secret", bench.signed([bench.other_secret]), BODY
    yield False, "a stale one", bench.signed([bench.secret], at=now - 600), BODY
    yield False, "one from the future", bench.signed([bench.secret], at=now + 600), BODY
    yield False, "a time that is none", {**genuine, "webhook-timestamp": "1e9"}, BODY
    yield False, "an empty signature", {**genuine, "webhook-signature": ""}, BODY
    cut = genuine["webhook-signature"][:-4]
    yield False, "half a signature", {**genuine, "webhook-signature": cut}, BODY
    untold = genuine["webhook-signature"].removeprefix("v1,")
    yield False, "a signature of no version", {**genuine, "webhook-signature": f"v2,{untold}"}, BODY
    yield False, "no header at all", {}, BODY


def check_shell(bench):
    script = bench.receivers / "verify.sh"
    for genuine, what, headers, body in cases(bench):
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        done = subprocess.run(
            [program("bash"), script, *(headers.get(name, "") for name in names)],
            input=body.encode(),
            capture_output=True,
            env={**os.environ, "WEBHOOK_SECRET": bench.secret},
        )
        assert (done.returncode == 0) == genuine, f"verify.sh, {what}: {done.returncode} {done.stderr.decode()}"
    print("verify.sh: every case")


def check_cases(bench, ports):
    for name, port in ports.items():
        for genuine, what, headers, body in cases(bench):
            status = post(port, headers, body)
            assert status == (204 if genuine else 401), f"{name}, {what}: {status}\n{bench.log(name)}"
        told = bench.log(name).count("task.succeeded")
        # PHP's built-in server keeps nothing between two requests.
        assert told == (4 if name == "php" else 1), f"{name}: an event that came again was taken {told} times"
        print(f"{name}: every case")


def check_deliveries(bench, ports):
    """A daemon watches a task to its end and tells every receiver."""
    relay, admin = free_port(), free_port()
    bench.start("relay", [bench.pollhook, "simulate", "--listen", f"127.0.0.1:{relay}", "--tasks", 0, "--life", LIFE])
    wait_for("the relay's task", lambda: '"id"' in bench.log("relay"))
    lines = [line for line in bench.log("relay").splitlines() if line.startswith("{")]
    task = json.loads(lines[0])["id"]

    configuration = f"""
[daemon]
state_dir = "{bench.folder}/state"
[admin]
listen = ["127.0.0.1:{admin}"]
[[provider]]
name = "relay"
type = "midjourney-proxy"
base_url = "http://127.0.0.1:{relay}"
api_key = "any"
poll_interval = "50ms"
"""
    for name, port in ports.items():
        configuration += f"""
[[sink]]
name = "{name}"
type = "webhook"
url = "http://127.0.0.1:{port}/"
secret = "{bench.secret}"
"""
    bench.start("daemon", [bench.pollhook, "run", "-c", bench.file("pollhook.toml", configuration)])
    wait_for("the daemon", lambda: "daemon.ready" in bench.log("daemon"))
    api = ["--admin", f"http://127.0.0.1:{admin}"]
    bench.run("task", "add", "relay", task, *api)

    def delivered():
        rows = [json.loads(line) for line in bench.run("delivery", "list", "-o", "ndjson", *api).splitlines()]
        ends = [row for row in rows if row["type"] == "task.succeeded"]
        return len(ends) == len(ports) and all(row["state"] == "delivered" for row in rows)

    try:
        wait_for("the delivery to every receiver", delivered)
    except AssertionError:
        print(bench.log("daemon"), bench.run("delivery", "list", *api))
        raise
    for name in ports:
        assert f"task.succeeded {task}" in bench.log(name), f"{name} did not take the event: {bench.log(name)}"
    print("daemon: delivered to", ", ".join(ports))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    pollhook, receivers = (pathlib.Path(each).resolve() for each in sys.argv[1:])
    with tempfile.TemporaryDirectory() as scratch, Bench(pollhook, receivers, pathlib.Path(scratch)) as bench:
        check_shell(bench)
        ports = {}
        for name, command in servers_of(bench).items():
            ports[name] = free_port()
            bench.start(name, command(ports[name]), WEBHOOK_SECRET=bench.secret)
        for name, port in ports.items():
            wait_for(f"{name}'s start", lambda port=port: accepts(port))
        check_cases(bench, ports)
        check_deliveries(bench, ports)


if __name__ == "__main__":
    main()
