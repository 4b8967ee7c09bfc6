"""What every case shares: the programs, a folder, a configuration, backlogs, and the clients that are compared."""

import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from processes import ROOT, Daemon, Failure, wait_until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CLIENT, SERVER = 0, 1  # the cores of what is measured and of what stands at its other end
CONNECTIONS = 64
BUILD = "cmake --preset release && cmake --build --preset release --target bench"
PEERS = {
    "python": ["/usr/bin/python3", ROOT / "tests/bench/peers/asyncio_client.py"],  # Debian's has aiohttp and uvloop
    "node": ["node", ROOT / "tests/bench/peers/undici_client.mjs"],
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median_of(rows, name):
    return statistics.median(row[name] for row in rows)


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.pollhook = options.build / "pollhook"
        self.receiver = self.program("bench_receiver")
        self.relay = self.program("bench_relay")
        self.backlog = self.program("bench_backlog")
        if not self.pollhook.exists():
            raise Failure(f"{self.pollhook} is missing: {BUILD}")
        self.result = {}

    def program(self, name):
        path = self.options.build / "bench" / name
        if not path.exists():
            raise Failure(f"{path} is missing: {BUILD}")
        return path

    def make_backlog(self, name, events, url):
        host = url.rpartition("/")[0] if url.count("/") > 2 else url
        directory = self.folder / name
        say(f"  writing a backlog of {events} deliveries ({name})")
        subprocess.run(
            [self.backlog, "--state-dir", directory, "--sink", "bench", "--host", host, "--events", str(events)]
            + ["--per-task", str(self.options.per_task), "--normal"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return directory

    def make_tasks(self, name, count):
        directory = self.folder / name
        say(f"  writing {count} pending tasks ({name})")
        subprocess.run(
            [self.backlog, "--state-dir", directory, "--pending", str(count), "--normal"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return directory

    def peers(self):
        """Those that can run here."""
        if self.has_node():
            return ["python", "node"]
        say("  no Node peer: npm ci --prefix tests/bench/peers --build-from-source")
        return ["python"]

    def configure(self, state, url, sink="", delivery="", more=""):
        config = self.folder / "pollhook.toml"
        config.write_text(
            f"""[daemon]
state_dir = "{state}"
[store]
synchronous = "full"
[admin]
listen = ["127.0.0.1:0"]
[task_webhooks]
signing_secret = "{SECRET}"
allow_networks = ["127.0.0.0/8"]
allow_http = true
[delivery]
{delivery}
"""
            + (
                f"""[[sink]]
name = "bench"
type = "webhook"
url = "{url}"
secret = "{SECRET}"
{sink}
"""
                if url
                else ""
            )
            + more
        )
        return config

    def fresh_state(self, template):
        state = self.folder / "state"
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(template, state)
        os.sync()
        return state

    def drain_pollhook(self, template, receiver, url, events, sink, delivery="", environment=None, profile=None):
        state = self.fresh_state(template)
        config = self.configure(state, url, sink, delivery)
        receiver.reset()
        with Daemon(self.pollhook, CLIENT, config, environment) as daemon:
            wait_until(lambda: receiver.stats()["requests"] > 0, 60, "the first delivery")
            if profile:
                recorder = subprocess.Popen(
                    ["perf", "record", "-q", "-e", "cpu-clock", "-F", "5000", "-p", str(daemon.pid), "-o", profile],
                    stdin=subprocess.DEVNULL,
                )
            cpu, threads, early = daemon.ticks(), daemon.threads(), receiver.stats()["requests"]
            wait_until(lambda: receiver.stats()["requests"] >= events, 600, "an empty backlog")
            used = daemon.settle() - cpu
            if profile:
                recorder.send_signal(2)
                recorder.wait()
            by_thread = {
                name: (now - threads.get(name, 0)) / (events - early) * 1e6 for name, now in daemon.threads().items()
            }
            got = receiver.stats()
            for open_state in ("pending", "inFlight"):
                left = daemon.ask(f"/v1/deliveries?state={open_state}&limit=1")["deliveries"]
                if left:
                    raise Failure(f"after the drain a delivery is still {open_state}: {left[0]}")
            return {
                "rate": events / ((got["lastNs"] - got["firstNs"]) / 1e9),
                "cpuUs": used / (events - early) * 1e6,
                "threadsUs": {name: round(value, 1) for name, value in by_thread.items() if value > 0.5},
                "twice": got["requests"] - events,
                "connections": got["connections"],
                "handshakes": got["handshakes"],
                "rssMiB": daemon.rss(),
            }

    def run_wrk(self, receiver, captured, seconds, connections=CONNECTIONS, scheme="http"):
        """The captured request again and again."""
        head, _, body = captured.read_bytes().partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        target = lines[0].split(" ")[1]
        headers = [line.split(": ", 1) for line in lines[1:]]
        script = self.folder / "post.lua"
        quoted = "".join(f"\\{byte:03d}" for byte in body)
        script.write_text(
            'wrk.method = "POST"\n'
            + f'wrk.body = "{quoted}"\n'
            + "".join(
                f'wrk.headers["{name}"] = "{value}"\n'
                for name, value in headers
                if name.lower() not in ("host", "content-length")
            )
        )
        receiver.reset()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            ["taskset", "-c", str(CLIENT), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script]
            + [f"{scheme}://127.0.0.1:{receiver.port}{target}"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        got = receiver.stats()
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {
            "rate": got["requests"] / ((got["lastNs"] - got["firstNs"]) / 1e9),
            "cpuUs": used / got["requests"] * 1e6,
        }

    def make_peer_database(self, name, count, size):
        """For both peers: `count` deliveries of `size` bytes, or so many watched tasks when it is 0."""
        folder = self.folder / name
        folder.mkdir()
        subprocess.run([*PEERS["python"], "prepare", folder / "peer.db", str(count), str(size)], check=True)
        return folder

    def run_peer(self, peer, template, receiver, *words, environment=None):
        """`words` follow the database; the peer says what it did, and the receiver what came."""
        state = self.fresh_state(template)
        receiver.reset()
        told = subprocess.run(
            ["taskset", "-c", str(CLIENT), *PEERS[peer], words[0], state / "peer.db", *map(str, words[1:])],
            check=True,
            stdout=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        mine = json.loads(told.stdout)
        got = receiver.stats()
        if mine["delivered"] != got["requests"]:
            raise Failure(f"{peer} counts {mine['delivered']} deliveries, the receiver {got['requests']}")
        return {
            "rate": got["requests"] / ((got["lastNs"] - got["firstNs"]) / 1e9),
            "cpuUs": mine["cpuSeconds"] / got["requests"] * 1e6,
        }

    def has_node(self):
        return (ROOT / "tests/bench/peers/node_modules").exists()

    def conditions(self):
        model = next(
            (line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?"
        )
        kind = subprocess.run(
            ["stat", "-f", "-c", "%T", self.folder], stdout=subprocess.PIPE, text=True, check=True
        ).stdout.strip()
        return {
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "cpu": f"{os.cpu_count()} x {model}",
            "kernel": platform.release(),
            "fileSystem": kind,
            "load": os.getloadavg()[0],
            "rounds": self.options.rounds,
            "quick": self.options.quick,
            "synchronous": "full",
            "pollhook": subprocess.run(
                [self.pollhook, "version"], stdout=subprocess.PIPE, text=True, check=True
            ).stdout.splitlines()[0],
        }
