#!/usr/bin/python3
"""The delivery job as a competent asyncio program does it: aiohttp on uvloop, SQLite with WAL and synchronous = FULL.

usage: asyncio_client.py prepare DATABASE COUNT SIZE
       asyncio_client.py deliver DATABASE URL SECRET CONCURRENCY
       asyncio_client.py whole DATABASE RELAY URL SECRET CONCURRENCY TASKS STEPS

A backlog of due deliveries is claimed in batches, each is signed as Standard Webhooks wants it and posted, and settled
durably: its row gets a state and an attempt is recorded. One thread commits whatever has gathered while it committed
what came before (group commit). `deliver` prints one JSON line: delivered, cpuSeconds (of the drain alone), seconds.

`whole` does all of it: it asks RELAY for TASKS tasks, 100 at a time and four requests at once, until each has made STEPS
steps; each step is one transaction's task, event and delivery before it is posted, and a task's posts keep their order.
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
CREATE TABLE tasks (id TEXT PRIMARY KEY, status TEXT NOT NULL, progress INTEGER NOT NULL, sequence INTEGER NOT NULL)
    WITHOUT ROWID;
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
    """`count` deliveries of `size` bytes that wait; of size 0: so many tasks that are watched."""
    database = connect(path)
    database.executescript(SCHEMA)
    database.execute("BEGIN")
    if size == 0:
        database.executemany("INSERT INTO tasks VALUES (?, '', -1, 0)", ((f"task-{i}",) for i in range(count)))
        count = 0
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


class WholeJob(Client):
    """Polls, compares, records and sends."""

    def __init__(self, path, relay, url, secret, concurrency, tasks, steps):
        super().__init__(path, url, secret, concurrency)
        self.relay = relay
        self.known = {f"task-{i}": ["", -1, 0] for i in range(tasks)}
        self.waiting = list(self.known)
        self.unfinished = tasks
        self.wanted = tasks * steps
        self.lanes = {}
        self.ended = asyncio.Event()
        self.jobs = []

    def commit(self, jobs):
        """One transaction for all that gathered: steps to record, attempts to settle."""
        self.database.execute("BEGIN IMMEDIATE")
        for changes, attempts, _ in jobs:
            for change in changes:
                name, task, sequence, status, progress, body = change
                self.database.execute(
                    "UPDATE tasks SET status = ?, progress = ?, sequence = ? WHERE id = ?",
                    (status, progress, sequence, task),
                )
                row = self.database.execute(
                    "INSERT INTO events (id, task, sequence, body) VALUES (?, ?, ?, ?)", (name, task, sequence, body)
                ).lastrowid
                self.database.execute("INSERT INTO deliveries VALUES (?, 0, 0, 0)", (row,))
                change.append(row)
            for state, due, event, at, status, total in attempts:
                self.database.execute(
                    "UPDATE deliveries SET state = ?, due = ?, attempts = attempts + 1 WHERE event = ?",
                    (state, due, event),
                )
                self.database.execute(
                    "INSERT INTO attempts SELECT ?1, attempts, ?2, ?3, ?4, ?5 FROM deliveries WHERE event = ?1",
                    (event, at, status, "delivered" if state == DELIVERED else f"retry: {status}", total),
                )
        self.database.execute("COMMIT")

    async def durably(self, changes, attempts):
        done = asyncio.get_running_loop().create_future()
        self.jobs.append((changes, attempts, done))
        self.woken.set()
        await done

    async def writer(self):
        loop = asyncio.get_running_loop()
        while True:
            await self.woken.wait()
            self.woken.clear()
            jobs, self.jobs = self.jobs, []
            if jobs:
                await loop.run_in_executor(self.store, self.commit, jobs)
                for _, _, done in jobs:
                    done.set_result(None)

    async def look(self, session):
        while self.unfinished > 0:
            ids, self.waiting = self.waiting[:100], self.waiting[100:]
            if not ids:
                await asyncio.sleep(0.002)
                continue
            async with session.post(f"{self.relay}/mj/task/list-by-condition", json={"ids": ids}) as answer:
                tasks = json.loads(await answer.read())
            changes = []
            for seen in tasks:
                known = self.known[seen["id"]]
                status, progress = seen["status"], int(seen["progress"].rstrip("%"))
                if known[0] == status and known[1] == progress:
                    continue
                known[0], known[1], known[2] = status, progress, known[2] + 1
                body = json.dumps(
                    {
                        "type": "task.succeeded" if status == "SUCCESS" else "task.progress",
                        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                        "data": {
                            "provider": "relay",
                            "id": seen["id"],
                            "sequence": known[2],
                            "status": status,
                            "progress": progress,
                            "upstream": seen,
                        },
                    }
                ).encode()
                name = "evt_" + hashlib.sha256(f"{seen['id']}.{known[2]}".encode()).hexdigest()[:32]
                changes.append([name, seen["id"], known[2], status, progress, body])
            if changes:
                await self.durably(changes, [])
            for name, task, sequence, _, _, body, row in changes:
                lane = self.lanes.setdefault(task, [])
                lane.append((row, name, task, sequence, body))
                if len(lane) == 1:
                    self.work.put_nowait(lane)
            for task in ids:
                if self.known[task][0] == "SUCCESS":
                    self.unfinished -= 1
                else:
                    self.waiting.append(task)

    async def worker(self, session):
        while True:
            lane = await self.work.get()
            await self.post(session, lane[0])
            attempts, self.settled = self.settled, []
            await self.durably([], attempts)
            ended = sum(1 for one in attempts if one[0] == DELIVERED)
            self.delivered += ended
            if self.delivered == self.wanted:
                self.ended.set()
            if attempts and attempts[-1][0] == DELIVERED:
                lane.pop(0)
            if lane:
                self.work.put_nowait(lane)

    async def run(self):
        timeout = aiohttp.ClientTimeout(total=15)
        connector = aiohttp.TCPConnector(limit=self.concurrency + 4)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            began, cpu = time.monotonic(), time.process_time()
            jobs = [asyncio.create_task(self.writer())]
            jobs += [asyncio.create_task(self.worker(session)) for _ in range(self.concurrency)]
            await asyncio.gather(*(self.look(session) for _ in range(4)))
            await self.ended.wait()
            used, seconds = time.process_time() - cpu, time.monotonic() - began
            for job in jobs:
                job.cancel()
        print(json.dumps({"delivered": self.delivered, "cpuSeconds": used, "seconds": seconds}), flush=True)


def main(words):
    if len(words) == 4 and words[0] == "prepare":
        prepare(words[1], int(words[2]), int(words[3]))
        return
    if len(words) == 5 and words[0] == "deliver":
        kind, arguments = Client, (*words[1:4], int(words[4]))
    elif len(words) == 8 and words[0] == "whole":
        kind, arguments = WholeJob, (*words[1:5], *map(int, words[5:8]))
    else:
        sys.exit(__doc__)
    uvloop.install()

    async def run():
        await kind(*arguments).run()

    asyncio.run(run())


main(sys.argv[1:])
