"""A drain over TLS: how often a connection is made anew."""

import http.client
import json
import ssl
import statistics
import subprocess

from cases.world import SERVER, say
from processes import Receiver


def tls(bench):
    certificate, key = make_certificate(bench.folder)
    events = 5_000 if bench.options.quick else 10_000
    environment = {"SSL_CERT_FILE": str(certificate)}
    with Receiver(bench.receiver, SERVER, "--tls", certificate, key) as receiver:
        talk_tls(receiver, certificate)
        url = f"https://127.0.0.1:{receiver.port}/hooks"
        template = bench.make_backlog("tls", events, url)
        rounds = []
        for number in range(bench.options.rounds):
            rounds.append(bench.drain_pollhook(template, receiver, url, events, "", environment=environment))
            last = rounds[-1]
            say(
                f"  round {number + 1}: {last['rate']:.0f}/s at {last['cpuUs']:.1f} us over "
                f"{last['handshakes']} connections"
            )
    bench.result["tls_deliveries_per_s"] = statistics.median(v["rate"] for v in rounds)
    bench.result["tls_cpu_us"] = statistics.median(v["cpuUs"] for v in rounds)
    bench.result["tls_handshakes_per_1000"] = statistics.median(v["handshakes"] * 1000 / events for v in rounds)
    bench.result["tls_deliveries"] = events


def make_certificate(folder):
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return certificate, key


def talk_tls(receiver, certificate):
    """Asks a receiver over one TLS connection that stays, so that asking adds no handshake after the first."""
    asker = http.client.HTTPSConnection(
        "127.0.0.1", receiver.port, context=ssl.create_default_context(cafile=certificate)
    )

    def ask(target):
        asker.request("GET", target)
        return json.loads(asker.getresponse().read())

    receiver.stats = lambda: ask("/stats")
    receiver.reset = lambda: ask("/reset")
