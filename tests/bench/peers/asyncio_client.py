#!/usr/bin/python3
"""The delivery job as a competent asyncio program does it: aiohttp on uvloop, SQLite with WAL and synchronous = FULL.

usage: asyncio_client.py prepare DATABASE COUNT SIZE
       asyncio_client.py deliver DATABASE URL SECRET CONCURRENCY

A backlog of due deliveries is claimed in batches, each is signed as Standard Webhooks wants it and posted, and settled
durably: its row gets a state and an attempt is recorded. One thread commits whatever has gathered while it committed
what came before (group commit). `deliver` prints one JSON line: delivered, cpuSeconds (of the drain alone), seconds.
"""

import asyncio
import base64
import concurrent.futures
import hashlib
import hmac
import json
import sqlite3
import sys
import time

import aiohttp
import uvloop

PENDING, IN_FLIGHT, DELIVERED = 0, 1, 2
SCHEMA = """
CREATE TABLE events (row INTEGER PRIMARY KEY, id TEXT NOT NULL, task TEXT NOT NULL, sequence INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE TABLE deliveries (event INTEGER PRIMARY KEY, state INTEGER NOT NULL, due INTEGER NOT NULL,
    attempts INTEGER NOT NULL);
CREATE INDEX due_deliveries ON deliveries(due) WHERE state = 0;
CREATE TABLE attempts (event INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL,
    decision TEXT NOT NULL, total_ms INTEGER NOT NULL, PRIMARY KEY (event, number)) WITHOUT ROWID;
"""


def connect(path):
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    return database


def prepare(path, count, size):
    database = connect(path)
    database.executescript(SCHEMA)
    database.execute("BEGIN")
    for row in range(1, count + 1):
        data = {"provider": "relay", "id": str(row), "sequence": 1, "status": "succeeded", "prompt": ""}
        body = {"type": "task.succeeded", "timestamp": "2026-11-21T03:18:39.123Z", "data": data}
        data["prompt"] = "x" * (size - len(json.dumps(body)))
        name = "evt_" + hashlib.sha256(str(row).encode()).hexdigest()[:32]
        database.execute("INSERT INTO events VALUES (?, ?, ?, 1, ?)", (row, name, str(row), json.dumps(body).encode()))
        database.execute("INSERT INTO deliveries VALUES (?, 0, 0, 0)", (row,))
    database.execute("COMMIT")
    database.close()


class Client:
    def __init__(self, path, url, secret, concurrency):
        self.database = connect(path)
        self.url = url
        self.key = base64.b64decode(secret.removeprefix("whsec_"))
        self.concurrency = concurrency
        self.work = asyncio.Queue()
        self.settled = []
        self.woken = asyncio.Event()
        self.delivered = 0
        self.open = 0
        self.store = concurrent.futures.ThreadPoolExecutor(1)

    def claim(self, limit):
        rows = self.database.execute(
            "SELECT event FROM deliveries WHERE state = 0 AND due <= ? ORDER BY due LIMIT ?", (time.time_ns(), limit)
        ).fetchall()
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("UPDATE deliveries SET state = 1 WHERE event = ?", rows)
        self.database.execute("COMMIT")
        return [
            self.database.execute("SELECT row, id, task, sequence, body FROM events WHERE row = ?", row).fetchone()
            for row in rows
        ]

    def settle(self, batch):
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany(
            "UPDATE deliveries SET state = ?, due = ?, attempts = attempts + 1 WHERE event = ?",
            [(state, due, event) for state, due, event, _, _, _ in batch],
        )
        self.database.executemany(
            "INSERT INTO attempts SELECT ?1, attempts, ?2, ?3, ?4, ?5 FROM deliveries WHERE event = ?1",
            [
                (event, at, status, "delivered" if state == DELIVERED else f"retry: {status}", total)
                for state, _, event, at, status, total in batch
            ],
        )
        self.database.execute("COMMIT")

    async def post(self, session, delivery):
        event, name, task, sequence, body = delivery
        now = time.time()
        stamp = str(int(now))
        signed = hmac.digest(self.key, f"{name}.{stamp}.".encode() + body, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "peer/1",
            "webhook-id": name,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(signed).decode(),
            "pollhook-task": task,
            "pollhook-sequence": str(sequence),
        }
        try:
            async with session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, asyncio.TimeoutError):
            status = 0
        state = DELIVERED if 200 <= status < 300 else PENDING
        due = 0 if state == DELIVERED else time.time_ns() + 5_000_000_000
        self.settled.append((state, due, event, int(now * 1000), status, int((time.time() - now) * 1000)))
        self.woken.set()

    async def worker(self, session):
        while True:
            await self.post(session, await self.work.get())

    async def run(self):
        loop = asyncio.get_running_loop()
        timeout = aiohttp.ClientTimeout(total=15)
        connector = aiohttp.TCPConnector(limit=self.concurrency)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            workers = [asyncio.create_task(self.worker(session)) for _ in range(self.concurrency)]
            began, cpu = time.monotonic(), time.process_time()
            exhausted = False
            while True:
                if not exhausted and self.work.qsize() < self.concurrency:
                    more = await loop.run_in_executor(self.store, self.claim, 1000)
                    exhausted = not more
                    self.open += len(more)
                    for delivery in more:
                        self.work.put_nowait(delivery)
                if exhausted and self.open == 0:
                    break
                await self.woken.wait()
                self.woken.clear()
                batch, self.settled = self.settled, []
                if batch:
                    await loop.run_in_executor(self.store, self.settle, batch)
                    self.open -= len(batch)
                    self.delivered += sum(1 for one in batch if one[0] == DELIVERED)
            used = time.process_time() - cpu
            for worker in workers:
                worker.cancel()
        print(
            json.dumps(
                {"delivered": self.delivered, "cpuSeconds": used, "seconds": time.monotonic() - began}
            ),
            flush=True,
        )


def main(words):
    if len(words) == 4 and words[0] == "prepare":
        prepare(words[1], int(words[2]), int(words[3]))
    elif len(words) == 5 and words[0] == "deliver":
        uvloop.install()

        async def deliver():
            await Client(words[1], words[2], words[3], int(words[4])).run()

        asyncio.run(deliver())
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
