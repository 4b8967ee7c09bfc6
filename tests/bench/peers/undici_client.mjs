// The delivery job and the whole job as a competent Node program does them: undici and better-sqlite3 with WAL and
// synchronous = FULL. Same commands, same tables and same durability as asyncio_client.py, which explains them.
import { createHmac } from "node:crypto";

import Database from "better-sqlite3";
import { Pool } from "undici";

const now = () => Number(process.hrtime.bigint() / 1000n) / 1e6;

function open(path) {
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  return database;
}

/// Commits whatever has gathered since the last commit, one turn of the loop later.
class GroupCommit {
  constructor(database, write) {
    this.waiting = [];
    this.transaction = database.transaction((batch) => batch.forEach(({ row }) => write(row)));
  }
  add(row) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ row, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.flush());
    });
  }
  flush() {
    const batch = this.waiting;
    this.waiting = [];
    try {
      this.transaction.immediate(batch);
      batch.forEach(({ resolve }) => resolve());
    } catch (failure) {
      batch.forEach(({ reject }) => reject(failure));
    }
  }
}

class Sender {
  constructor(database, url, secret, concurrency) {
    const target = new URL(url);
    this.pool = new Pool(target.origin, { connections: concurrency, pipelining: 1 });
    this.path = target.pathname;
    this.key = Buffer.from(secret.replace("whsec_", ""), "base64");
    const settle = database.prepare(
      "UPDATE deliveries SET state = ?, due = ?, attempts = attempts + 1 WHERE event = ?",
    );
    const attempt = database.prepare(
      "INSERT INTO attempts SELECT event, attempts, ?, ?, ?, ? FROM deliveries WHERE event = ?",
    );
    this.settling = new GroupCommit(database, ({ event, at, status, total }) => {
      const delivered = status >= 200 && status < 300;
      settle.run(delivered ? 2 : 0, delivered ? 0 : Date.now() + 5000, event);
      attempt.run(at, status, delivered ? "delivered" : `retry: ${status}`, total, event);
    });
  }
  async post({ row, id, task, sequence, body }) {
    const at = Date.now();
    const stamp = String(Math.floor(at / 1000));
    const signature = createHmac("sha256", this.key).update(`${id}.${stamp}.`).update(body).digest("base64");
    let status = 0;
    try {
      const answer = await this.pool.request({
        method: "POST",
        path: this.path,
        body,
        headers: {
          "content-type": "application/json",
          "user-agent": "peer/1",
          "webhook-id": id,
          "webhook-timestamp": stamp,
          "webhook-signature": `v1,${signature}`,
          "pollhook-task": task,
          "pollhook-sequence": String(sequence),
        },
        headersTimeout: 15000,
        bodyTimeout: 15000,
      });
      await answer.body.dump();
      status = answer.statusCode;
    } catch {
      status = 0;
    }
    await this.settling.add({ event: row, at, status, total: Date.now() - at });
    return status >= 200 && status < 300;
  }
}

function report(delivered, cpu, began) {
  const used = process.cpuUsage(cpu);
  console.log(JSON.stringify({ delivered, cpuSeconds: (used.user + used.system) / 1e6, seconds: now() - began }));
}

async function deliver(path, url, secret, concurrency) {
  const database = open(path);
  const sender = new Sender(database, url, secret, concurrency);
  const due = database.prepare("SELECT event FROM deliveries WHERE state = 0 AND due <= ? ORDER BY due LIMIT 1000");
  const mark = database.prepare("UPDATE deliveries SET state = 1 WHERE event = ?");
  const read = database.prepare("SELECT row, id, task, sequence, body FROM events WHERE row = ?");
  const claim = database.transaction(() => due.all(Date.now()).map(({ event }) => (mark.run(event), event)));
  const began = now();
  const cpu = process.cpuUsage();
  let work = [];
  let exhausted = false;
  let delivered = 0;
  const worker = async () => {
    for (;;) {
      if (work.length === 0 && !exhausted) {
        work = claim.immediate().map((event) => read.get(event));
        exhausted = work.length === 0;
      }
      const next = work.shift();
      if (!next) return;
      if (await sender.post(next)) ++delivered;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  report(delivered, cpu, began);
  await sender.pool.close();
}

async function whole(path, relay, url, secret, concurrency, tasks, steps) {
  const database = open(path);
  const sender = new Sender(database, url, secret, concurrency);
  const update = database.prepare("UPDATE tasks SET status = ?, progress = ?, sequence = ? WHERE id = ?");
  const note = database.prepare("INSERT INTO events (id, task, sequence, body) VALUES (?, ?, ?, ?)");
  const outbox = database.prepare("INSERT INTO deliveries VALUES (?, 0, 0, 0)");
  const recording = new GroupCommit(database, (event) => {
    update.run(event.status, event.progress, event.sequence, event.task);
    event.row = note.run(event.id, event.task, event.sequence, event.body).lastInsertRowid;
    outbox.run(event.row);
  });
  const known = new Map();
  for (let i = 0; i < tasks; ++i)
    known.set(`task-${i}`, { status: "", progress: -1, sequence: 0, queue: [], busy: false });
  const asking = new Pool(new URL(relay).origin, { connections: 4, pipelining: 1 });
  const began = now();
  const cpu = process.cpuUsage();
  let delivered = 0;
  let under_way = 0;
  const free = [];
  // At most `concurrency` posts, and of one task one after the other.
  const drain = async (task) => {
    if (task.busy) return;
    task.busy = true;
    while (task.queue.length > 0) {
      if (under_way >= concurrency) await new Promise((resolve) => free.push(resolve));
      ++under_way;
      const event = task.queue.shift();
      while (!(await sender.post(event)));
      ++delivered;
      --under_way;
      free.shift()?.();
    }
    task.busy = false;
  };
  const open_tasks = new Set(known.keys());
  const waiting = [...open_tasks];
  const look = async () => {
    while (open_tasks.size > 0) {
      const ids = waiting.splice(0, 100);
      if (ids.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        continue;
      }
      const answer = await asking.request({
        method: "POST",
        path: "/mj/task/list-by-condition",
        body: JSON.stringify({ ids }),
        headers: { "content-type": "application/json", authorization: "Bearer none" },
      });
      const changes = [];
      for (const seen of await answer.body.json()) {
        const task = known.get(seen.id);
        const progress = Number.parseInt(seen.progress, 10);
        if (seen.status === task.status && progress === task.progress) continue;
        Object.assign(task, { status: seen.status, progress, sequence: task.sequence + 1 });
        const body = Buffer.from(
          JSON.stringify({
            type: seen.status === "SUCCESS" ? "task.succeeded" : "task.progress",
            timestamp: new Date().toISOString(),
            data: { provider: "relay", id: seen.id, sequence: task.sequence, status: seen.status, progress, upstream: seen },
          }),
        );
        const id = `evt_${createHmac("sha256", "id").update(`${seen.id}.${task.sequence}`).digest("hex").slice(0, 32)}`;
        changes.push({ id, task: seen.id, sequence: task.sequence, status: seen.status, progress, body });
      }
      await Promise.all(changes.map((event) => recording.add(event)));
      for (const event of changes) {
        const task = known.get(event.task);
        task.queue.push(event);
        drain(task);
      }
      for (const id of ids)
        if (known.get(id).status === "SUCCESS") open_tasks.delete(id);
        else waiting.push(id);
    }
  };
  await Promise.all(Array.from({ length: 4 }, look));
  while (delivered < tasks * steps) await new Promise((resolve) => setTimeout(resolve, 2));
  report(delivered, cpu, began);
  await Promise.all([sender.pool.close(), asking.close()]);
}

const [command, ...words] = process.argv.slice(2);
if (command === "deliver" && words.length === 4) await deliver(words[0], words[1], words[2], Number(words[3]));
else if (command === "whole" && words.length === 7)
  await whole(...words.slice(0, 4), ...words.slice(4).map(Number));
else {
  console.error("usage: undici_client.mjs deliver DATABASE URL SECRET CONCURRENCY");
  console.error("       undici_client.mjs whole DATABASE RELAY URL SECRET CONCURRENCY TASKS STEPS");
  process.exit(64);
}
