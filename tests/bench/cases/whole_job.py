"""The whole job, saturated: each look at a task shows a step, and each step is stored and sent. Beside two peers."""

import statistics

from cases.world import CLIENT, CONNECTIONS, SECRET, SERVER, median_of, percentile, say
from processes import Daemon, Process, Receiver, wait_until

SINK = """[[sink]]
name = "bench"
type = "webhook"
url = "{url}"
secret = "{secret}"
max_in_flight = {connections}
[[provider]]
name = "relay"
type = "midjourney-proxy"
base_url = "{relay}"
api_key = "none"
batch_size = 100
poll_interval = "10ms"
max_poll_interval = "10ms"
max_requests_per_second = 10000
"""


def relay(bench, steps, stamps=None):
    words = [bench.relay, "--steps", steps]
    return Process(words + ([stamps] if stamps else []), SERVER)


def address(process):
    return f"http://127.0.0.1:{process.said(r'listening on port ([0-9]+)')}"


def delays(handed, arrived):
    """From a relay's answer to the first byte at the receiver, in ms."""
    begun = {tuple(line.split()[1:]): int(line.split()[0]) for line in handed.read_text().splitlines()}
    ended = (line.split() for line in arrived.read_text().splitlines())
    return [(int(at) - begun[name, step]) / 1e6 for at, name, step in ended if (name, step) in begun]


def run_pollhook(bench, template, tasks, steps):
    handed, arrived = bench.folder / "handed", bench.folder / "arrived"
    handed.write_text("")
    state = bench.fresh_state(template)
    with relay(bench, steps, handed) as source, Receiver(bench.receiver, SERVER, "--stamps", arrived) as receiver:
        config = bench.configure(
            state,
            "",
            delivery=f"max_in_flight = {CONNECTIONS}\nmax_in_flight_per_origin = {CONNECTIONS}",
            more=SINK.format(
                url=f"http://127.0.0.1:{receiver.port}/hooks",
                secret=SECRET,
                connections=CONNECTIONS,
                relay=address(source),
            ),
        )
        with Daemon(bench.pollhook, CLIENT, config) as daemon:
            daemon.admin_port()
            wait_until(lambda: receiver.stats()["requests"] >= tasks * steps, 600, "the last change")
            used = daemon.settle()
            got = receiver.stats()
            rss = daemon.rss()
    taken = delays(handed, arrived)
    return {
        "rate": got["requests"] / ((got["lastNs"] - got["firstNs"]) / 1e9),
        "cpuUs": used / got["requests"] * 1e6,
        "rssMiB": rss,
        "p50Ms": statistics.median(taken),
        "p99Ms": percentile(taken, 0.99),
        "twice": got["requests"] - tasks * steps,
    }


def run_peer(bench, peer, template, tasks, steps):
    with relay(bench, steps) as source, Receiver(bench.receiver, SERVER) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/hooks"
        return bench.run_peer(
            peer, template, receiver, "whole", address(source), url, SECRET, CONNECTIONS, tasks, steps
        )


def end_to_end(bench):
    sizes = [(1_000, 20), (10_000, 5)] + ([] if bench.options.quick else [(100_000, 2)])
    peers = bench.peers()
    for tasks, steps in sizes:
        template = bench.make_tasks(f"tasks-{tasks}", tasks)
        peer_template = bench.make_peer_database(f"peer-tasks-{tasks}", tasks, 0)
        rounds = {name: [] for name in ("pollhook", *peers)}
        for number in range(bench.options.rounds if tasks < 100_000 else 1):
            rounds["pollhook"].append(run_pollhook(bench, template, tasks, steps))
            for peer in peers:
                rounds[peer].append(run_peer(bench, peer, peer_template, tasks, steps))
            last = {name: values[-1] for name, values in rounds.items()}
            say(
                f"  {tasks} tasks, {steps} steps, round {number + 1}: "
                + ", ".join(f"{name} {v['rate']:.0f}/s at {v['cpuUs']:.0f} us" for name, v in last.items())
                + f"; pollhook p50 {last['pollhook']['p50Ms']:.0f} ms, RSS {last['pollhook']['rssMiB']:.0f} MiB"
            )
        for name, values in rounds.items():
            bench.result[f"end_to_end_{tasks}_{name}_changes_per_s"] = median_of(values, "rate")
            bench.result[f"end_to_end_{tasks}_{name}_cpu_us"] = median_of(values, "cpuUs")
        for name in ("p50Ms", "p99Ms", "rssMiB"):
            bench.result[f"end_to_end_{tasks}_{name}"] = median_of(rounds["pollhook"], name)
        if tasks != 10_000:
            continue
        for peer in peers:
            pairs = list(zip(rounds["pollhook"], rounds[peer]))
            bench.result[f"end_to_end_rate_vs_{peer}"] = statistics.median(a["rate"] / b["rate"] for a, b in pairs)
            bench.result[f"end_to_end_cpu_vs_{peer}"] = statistics.median(a["cpuUs"] / b["cpuUs"] for a, b in pairs)
