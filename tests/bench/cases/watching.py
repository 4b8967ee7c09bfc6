"""What watching costs: while nothing changes, idle, and as the number of tasks and of waiting deliveries grows."""

import shutil
import time

from cases.whole_job import address, relay
from cases.world import CLIENT, SECRET, SERVER, say
from processes import Daemon, Receiver, ask, wait_until

PROVIDER = """[[provider]]
name = "relay"
type = "midjourney-proxy"
base_url = "{relay}"
api_key = "none"
batch_size = {batch}
poll_interval = "{interval}"
max_poll_interval = "{interval}"
max_requests_per_second = {rate}
"""


def requests_of(source):
    return int(ask(int(address(source).rpartition(":")[2]), "/requests")[1])


def idle(bench):
    state = bench.folder / "idle"
    shutil.rmtree(state, ignore_errors=True)
    seconds = 10 if bench.options.quick else 30
    with Daemon(bench.pollhook, CLIENT, bench.configure(state, "")) as daemon:
        daemon.admin_port()
        time.sleep(2)
        before = daemon.ticks()
        time.sleep(seconds)
        bench.result["idle_cpu_percent"] = (daemon.ticks() - before) / seconds * 100
        bench.result["idle_rss_mib"] = daemon.rss()
    say(f"  {bench.result['idle_cpu_percent']:.3f} % of a core, {bench.result['idle_rss_mib']:.1f} MiB")


def watch(bench, template, batch, interval, rate, seconds):
    """Start-up, memory, and what a look at a task costs while nothing changes."""
    state = bench.fresh_state(template)
    with relay(bench, 0) as source:
        config = bench.configure(
            state,
            "",
            more=PROVIDER.format(relay=address(source), batch=batch, interval=interval, rate=rate),
        )
        began = time.monotonic()
        with Daemon(bench.pollhook, CLIENT, config) as daemon:
            daemon.said(r"(provider\.loaded)")
            wait_until(lambda: requests_of(source) > 0, 120, "the first request")
            start = time.monotonic() - began
            return start, measure(daemon, source, batch, seconds)


def measure(daemon, source, batch, seconds):
    daemon.admin_port()
    time.sleep(3)
    cpu, asked = daemon.ticks(), requests_of(source)
    time.sleep(seconds)
    used, looks = daemon.ticks() - cpu, (requests_of(source) - asked) * batch
    return {"cpuPercent": used / seconds * 100, "looks": looks, "lookUs": used / looks * 1e6, "rssMiB": daemon.rss()}


def unchanged(bench):
    """10,000 tasks that stand still, each looked at every five seconds. The first looks, at which each of them has
    its only change, are over when the measurement begins."""
    template = bench.make_tasks("standing", 10_000)
    _, told = watch(bench, template, 100, "5s", 1000, 20 if bench.options.quick else 60)
    bench.result["unchanged_poll_us_per_task"] = told["lookUs"]
    bench.result["unchanged_cpu_percent"] = told["cpuPercent"]
    say(f"  {told['cpuPercent']:.2f} % of a core for {told['looks']} looks: {told['lookUs']:.2f} us each")


def scale(bench):
    if "idle_rss_mib" not in bench.result:
        idle(bench)
    base = bench.result["idle_rss_mib"]
    for tasks in (1_000, 10_000, 100_000) + (() if bench.options.quick else (1_000_000,)):
        template = bench.make_tasks(f"pending-{tasks}", tasks)
        # At one pace for all: 100 requests a second of 100 tasks each, where there are so many.
        start, told = watch(bench, template, 100, "100ms", 100, 10)
        shutil.rmtree(template)
        bench.result[f"start_{tasks}_seconds"] = start
        bench.result[f"look_us_{tasks}_tasks"] = told["lookUs"]
        bench.result[f"bytes_per_pending_task_{tasks}"] = (told["rssMiB"] - base) * 1024 * 1024 / tasks
        say(
            f"  {tasks} tasks: first request after {start:.2f} s, {told['lookUs']:.2f} us a look, "
            f"{told['rssMiB']:.1f} MiB"
        )
    if not bench.options.quick:
        bench.result["start_1m_seconds"] = bench.result["start_1000000_seconds"]
        bench.result["bytes_per_pending_task"] = bench.result["bytes_per_pending_task_1000000"]
    backlog(bench, base)


def backlog(bench, base):
    """A million deliveries wait: start, memory, and the rate of the first hundred thousand."""
    events = 100_000 if bench.options.quick else 1_000_000
    drained = events // 10
    with Receiver(bench.receiver, SERVER) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/hooks"
        template = bench.make_backlog("million", events, url)
        config = bench.configure(template, url, "max_in_flight = 64", "max_in_flight = 64\nmax_in_flight_per_origin = 64")
        began = time.monotonic()
        with Daemon(bench.pollhook, CLIENT, config) as daemon:
            wait_until(lambda: receiver.stats()["requests"] > 0, 120, "the first delivery")
            start = time.monotonic() - began
            most = 0.0
            while (got := receiver.stats())["requests"] < drained:
                most = max(most, daemon.rss())
                time.sleep(0.05)
    shutil.rmtree(template)
    rate = got["requests"] / ((got["lastNs"] - got["firstNs"]) / 1e9)
    bench.result["backlog_start_seconds"] = start
    bench.result["backlog_rss_above_idle_mib"] = most - base
    bench.result["backlog_deliveries_per_s"] = rate
    say(f"  {events} deliveries wait: first one after {start:.2f} s, then {rate:.0f}/s, {most - base:.1f} MiB above idle")
