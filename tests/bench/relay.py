#!/usr/bin/env python3
"""A relay of the midjourney-proxy dialect whose tasks go on by one percent with every look at them.

usage: relay.py STAMPS

Appends "NS TASK SEQUENCE" to STAMPS when it hands out a step, which is before the daemon can have seen it; times of
CLOCK_MONOTONIC. The first look tells a running task at 1 percent; at 95 it stands still.
"""

import asyncio
import json
import sys
import time

PADDING = "x" * 300


class Relay(asyncio.Protocol):
    steps = {}
    stamps = None

    def connection_made(self, transport):
        self.transport = transport
        self.bytes = b""

    def data_received(self, data):
        self.bytes += data
        while True:
            head, found, rest = self.bytes.partition(b"\r\n\r\n")
            if not found:
                return
            size = 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    size = int(value)
            if len(rest) < size:
                return
            self.bytes = rest[size:]
            self.answer(head.split(b" ", 2)[1], rest[:size])

    def answer(self, target, body):
        if target.endswith(b"/list-by-condition"):
            ids = json.loads(body)["ids"]
        else:
            ids = [target.split(b"/")[-2].decode()]
        tasks = []
        stamps = []
        for name in ids:
            step = min(self.steps.get(name, 0) + 1, 95)
            if step != self.steps.get(name):
                stamps.append((name, step))
            self.steps[name] = step
            tasks.append(
                {"id": name, "action": "IMAGINE", "status": "IN_PROGRESS", "progress": f"{step}%", "prompt": PADDING}
            )
        payload = json.dumps(tasks if target.endswith(b"condition") else tasks[0]).encode()
        answer = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload
        )
        now = time.monotonic_ns()
        self.transport.write(answer)
        for name, step in stamps:
            self.stamps.write(f"{now} {name} {step}\n")
        self.stamps.flush()


async def main():
    Relay.stamps = open(sys.argv[1], "a", encoding="ascii")
    server = await asyncio.get_running_loop().create_server(Relay, "127.0.0.1", 0)
    print("listening on port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
