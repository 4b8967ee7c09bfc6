"""A backlog of signed webhooks goes out and is settled, beside wrk and two peers with the same durability."""

import statistics

from cases.tls import make_certificate, talk_tls
from cases.world import CONNECTIONS, SECRET, SERVER, median_of, say
from processes import Receiver


def limits(connections):
    return f"max_in_flight = {connections}", (
        f"max_in_flight = {connections}\nmax_in_flight_per_origin = {connections}"
    )


def drain(bench):
    events = bench.options.events
    captured = bench.folder / "captured"
    sink, delivery = limits(CONNECTIONS)
    with Receiver(bench.receiver, SERVER, "--capture", captured) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/hooks"
        template = bench.make_backlog("backlog", events, url)
        if bench.options.profile:
            bench.result["profiled"] = bench.drain_pollhook(
                template, receiver, url, events, sink, delivery, profile=bench.options.profile
            )
            return
        peers = bench.peers()
        rounds = {name: [] for name in ("wrk", "pollhook", *peers)}
        peer_backlog = bench.make_peer_database("peer", min(events, 10_000), 1024)
        # The first drain also captures the request that wrk repeats; it warms up and does not count.
        bench.drain_pollhook(template, receiver, url, events, sink, delivery)
        bench.result["bodyBytes"] = len(captured.read_bytes().partition(b"\r\n\r\n")[2])
        for number in range(bench.options.rounds):
            rounds["wrk"].append(bench.run_wrk(receiver, captured, 2 if bench.options.quick else 4))
            rounds["pollhook"].append(bench.drain_pollhook(template, receiver, url, events, sink, delivery))
            for peer in peers:
                rounds[peer].append(
                    bench.run_peer(peer, peer_backlog, receiver, "deliver", url, SECRET, CONNECTIONS)
                )
            last = {name: values[-1] for name, values in rounds.items()}
            say(
                f"  round {number + 1}: "
                + ", ".join(f"{name} {v['rate']:.0f}/s at {v['cpuUs']:.1f} us" for name, v in last.items())
                + f"; pollhook's threads {last['pollhook']['threadsUs']}"
            )
    for name, values in rounds.items():
        bench.result[f"{name}_deliveries_per_s"] = median_of(values, "rate")
        bench.result[f"{name}_cpu_us"] = median_of(values, "cpuUs")
    bench.result["pollhook_rss_mib"] = max(v["rssMiB"] for v in rounds["pollhook"])
    bench.result["pollhook_sent_twice"] = max(v["twice"] for v in rounds["pollhook"])
    bench.result["delivery_cpu_vs_wrk"] = statistics.median(
        ours["cpuUs"] / theirs["cpuUs"] for ours, theirs in zip(rounds["pollhook"], rounds["wrk"])
    )
    for peer in peers:
        bench.result[f"delivery_rate_vs_{peer}"] = statistics.median(
            ours["rate"] / theirs["rate"] for ours, theirs in zip(rounds["pollhook"], rounds[peer])
        )


def matrix(bench):
    """One drain for each number of connections, over http and https, to a quick and to a slow receiver."""
    certificate, key = make_certificate(bench.folder)
    trust = {"SSL_CERT_FILE": str(certificate), "NODE_EXTRA_CA_CERTS": str(certificate)}
    table = []
    for scheme, delay in (("http", 0), ("http", 50), ("https", 0)):
        for connections in (1, 16, 64, 256):
            events = (2_000 if connections == 1 else 10_000) if delay == 0 else 40 * connections
            captured = bench.folder / "captured"
            options = ["--delay", delay, "--capture", captured]
            options += ["--tls", certificate, key] if scheme == "https" else []
            with Receiver(bench.receiver, SERVER, *options) as receiver:
                if scheme == "https":
                    talk_tls(receiver, certificate)
                url = f"{scheme}://127.0.0.1:{receiver.port}/hooks"
                name = f"{scheme}-{delay}-{connections}"
                template = bench.make_backlog(name, events, url)
                peer_backlog = bench.make_peer_database(f"peer-{name}", events, 1024)
                sink, delivery = limits(connections)
                row = {"scheme": scheme, "delayMs": delay, "connections": connections, "deliveries": events}
                row["pollhook"] = bench.drain_pollhook(
                    template, receiver, url, events, sink, delivery, environment=trust
                )
                row["wrk"] = bench.run_wrk(receiver, captured, 2, connections, scheme)
                for peer in bench.peers():
                    row[peer] = bench.run_peer(
                        peer, peer_backlog, receiver, "deliver", url, SECRET, connections, environment=trust
                    )
                table.append(row)
                say(
                    f"  {scheme}, {delay} ms, {connections} connections: "
                    + ", ".join(
                        f"{who} {row[who]['rate']:.0f}/s at {row[who]['cpuUs']:.1f} us"
                        for who in ("pollhook", "wrk", *bench.peers())
                    )
                )
    bench.result["matrix"] = table
