"""From the relay's answer to the first byte at the receiver: under light load, and beside an origin that hangs."""

import json
import os
import shutil
import statistics
import time

from cases.world import CLIENT, SERVER, percentile, say
from processes import Daemon, Failure, Process, Receiver


def fsync_delay(bench, rounds=400):
    """One write and fdatasync in the databases' directory, with pauses as under light load: p50 and p99 in ms."""
    path = bench.folder / "fsync"
    taken = []
    with open(path, "wb", buffering=0) as file:
        file.write(bytes(4 << 20))
        os.fsync(file.fileno())
        for i in range(rounds):
            file.seek(i * 8192)
            time.sleep(0.005)
            before = time.perf_counter_ns()
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter_ns() - before) / 1e6)
    path.unlink()
    return statistics.median(taken), percentile(taken, 0.99)


def follow(bench, tasks, seconds, pace):
    """Delays in ms from the relay's answer to the first byte at the receiver, by task, for `tasks`: a list of
    (id, address of the webhook). `pace` is the number of looks a second, each at one task."""
    handed, arrived = bench.folder / "handed", bench.folder / "arrived"
    handed.write_text("")
    state = bench.folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    with Process([bench.relay, handed], SERVER) as relay, Receiver(bench.receiver, SERVER, "--stamps", arrived) as receiver:
        base = f"http://127.0.0.1:{relay.said(r'listening on port ([0-9]+)')}"
        interval = max(1, round(len(tasks) * 1000 / pace))
        config = bench.configure(
            state,
            "",
            more=f"""[[provider]]
name = "relay"
type = "midjourney-proxy"
base_url = "{base}"
api_key = "none"
batch_size = 1
poll_interval = "{interval}ms"
max_poll_interval = "{interval}ms"
max_requests_per_second = {pace * 2}
""",
        )
        with Daemon(bench.pollhook, CLIENT, config) as daemon:
            daemon.admin_port()
            for name, address in tasks:
                daemon.ask(
                    "/v1/tasks",
                    "POST",
                    json.dumps(
                        {
                            "provider": "relay",
                            "id": name,
                            "webhookUrl": f"http://{address}:{receiver.port}/{name}",
                        }
                    ),
                )
                time.sleep(1 / pace)  # so that the looks at them are spread over the interval
            time.sleep(seconds)
        begun = {}
        for line in handed.read_text().splitlines():
            at, name, step = line.split()
            begun[name, step] = int(at)
        delays = {}
        seen = set()
        for line in arrived.read_text().splitlines():
            at, name, step = line.split()
            if (name, step) in begun and (name, step) not in seen:
                seen.add((name, step))
                delays.setdefault(name, []).append((int(at) - begun[name, step]) / 1e6)
        return delays


def latency(bench):
    tasks = [(f"light-{i}", "127.0.0.1") for i in range(50)]
    p50s, p99s, syncs = [], [], []
    for number in range(bench.options.rounds):
        sync_p50, sync_p99 = fsync_delay(bench)
        syncs.append(sync_p99)
        delays = [d for all_of in follow(bench, tasks, 8 if bench.options.quick else 20, 50).values() for d in all_of]
        p50s.append(statistics.median(delays))
        p99s.append(percentile(delays, 0.99))
        say(
            f"  round {number + 1}: {len(delays)} changes, p50 {p50s[-1]:.2f} ms, p99 {p99s[-1]:.2f} ms; "
            f"one fsync p50 {sync_p50:.2f} ms, p99 {sync_p99:.2f} ms"
        )
    bench.result["commit_to_first_byte_p50_ms"] = statistics.median(p50s)
    bench.result["commit_to_first_byte_p99_ms"] = statistics.median(p99s)
    bench.result["fsync_p99_ms"] = statistics.median(syncs)
    bench.result["commit_to_first_byte_p99_over_fsync_ms"] = statistics.median(
        p99 - sync for p99, sync in zip(p99s, syncs)
    )


def hung(bench):
    healthy = [(f"healthy-{i}", f"127.0.0.{i + 1}") for i in range(100)]
    ratios, without, with_one = [], [], []
    for number in range(bench.options.rounds):
        measured = []
        for last in ("127.0.1.2", "127.0.1.1"):  # the receiver never answers the second
            tasks = [(f"other-{i}", last) for i in range(50)]
            mixed = [task for pair in zip(healthy[:50], healthy[50:], tasks) for task in pair]
            delays = follow(bench, mixed, 8 if bench.options.quick else 20, 150)
            if not any(name.startswith("other") for name in delays):
                raise Failure("nothing came to the other origin")
            own = [d for name, all_of in delays.items() if name.startswith("healthy") for d in all_of]
            measured.append(percentile(own, 0.99))
        without.append(measured[0])
        with_one.append(measured[1])
        ratios.append(measured[1] / measured[0])
        say(
            f"  round {number + 1}: healthy p99 {measured[0]:.2f} ms without, {measured[1]:.2f} ms with a hung origin"
        )
    bench.result["healthy_p99_ms_without_hung_origin"] = statistics.median(without)
    bench.result["healthy_p99_ms_with_hung_origin"] = statistics.median(with_one)
    bench.result["hung_origin_p99_ratio"] = statistics.median(ratios)
