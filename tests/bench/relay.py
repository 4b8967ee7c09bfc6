#!/usr/bin/env python3
"""A relay of the midjourney-proxy dialect whose tasks go on by one step with every look at them.

usage: relay.py [--steps N] [STAMPS]

Appends "NS TASK SEQUENCE" to STAMPS when it hands out a step, which is before the daemon can have seen it; times of
CLOCK_MONOTONIC. With --steps the last of so many steps ends a task; without, a task goes on by one percent at a time and
stands still at 95. With --steps 0 every task stays submitted. GET /requests tells how many requests
for tasks came.
"""

import asyncio
import json
import sys
import time

PADDING = "x" * 300


class Relay(asyncio.Protocol):
    steps = {}
    stamps = None
    requests = 0
    scale = 100
    last_step = 95
    ends = False

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
        if target == b"/requests":
            told = b"%d\n" % Relay.requests
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told))
            return
        if target.endswith(b"/list-by-condition"):
            ids = json.loads(body)["ids"]
        else:
            ids = [target.split(b"/")[-2].decode()]
        Relay.requests += 1
        tasks = []
        stamps = []
        for name in ids:
            step = min(self.steps.get(name, 0) + 1, self.last_step)
            if step != self.steps.get(name):
                stamps.append((name, step))
            self.steps[name] = step
            ends = self.ends and step == self.last_step
            tasks.append(
                {
                    "id": name,
                    "action": "IMAGINE",
                    "status": "SUCCESS" if ends else "IN_PROGRESS" if self.last_step > 1 else "SUBMITTED",
                    "progress": f"{100 if ends else 100 * step // self.scale if self.last_step > 1 else 0}%",
                    "imageUrl": "https://cdn.example.com/1.png" if ends else "",
                    "buttons": [{"customId": "U1", "label": "U1"}] if ends else [],
                    "prompt": PADDING,
                }
            )
        payload = json.dumps(tasks if target.endswith(b"condition") else tasks[0]).encode()
        answer = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload
        )
        now = time.monotonic_ns()
        self.transport.write(answer)
        if self.stamps:
            self.stamps.writelines(f"{now} {name} {step}\n" for name, step in stamps)
            self.stamps.flush()


async def main():
    words = sys.argv[1:]
    if words[:1] == ["--steps"]:
        steps = int(words[1])
        Relay.ends = steps > 0
        Relay.scale, Relay.last_step = steps or 100, max(steps, 1)
        del words[:2]
    if words:
        Relay.stamps = open(words[0], "a", encoding="ascii")
    server = await asyncio.get_running_loop().create_server(Relay, "127.0.0.1", 0)
    print("listening on port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
