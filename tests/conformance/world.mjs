// A relay, a daemon and receivers as processes, and every request that arrived, byte for byte.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const pollhook = process.env.POLLHOOK;

// Waits for what `condition` answers to be true; `what`, a text or what yields it, is told when it was not.
export async function until(condition, what, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`within ${seconds} s: ${typeof what === 'function' ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort() {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export class World {
  requests = [];
  #children = [];
  #folder;
  #server;

  static async open() {
    const world = new World();
    world.#folder = await mkdtemp(join(tmpdir(), 'pollhook-conformance-'));
    world.#server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        world.requests.push({
          path: request.url,
          method: request.method,
          headers: request.headers,
          rawHeaders: request.rawHeaders,
          body: Buffer.concat(chunks),
        });
        response.writeHead(204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(world.#server, 'listening');
    return world;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  path(name) {
    return join(this.#folder, name);
  }

  to(path) {
    return this.requests.filter((request) => request.path === path);
  }

  #start(program, words) {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.output = '';
    child.text = '';
    child.stdout.on('data', (data) => (child.output += data));
    child.stderr.on('data', (data) => (child.text += data));
    child.on('error', (error) => (child.text += error));
    this.#children.push(child);
    return child;
  }

  async #said(child, pattern) {
    const found = await until(() => {
      if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended early: ${child.text}`);
      return pattern.exec(child.text) ?? pattern.exec(child.output);
    }, `${pattern} of ${child.spawnfile}`);
    return found[1];
  }

  // A simulated relay with these tasks; its address and the ids.
  async startRelay(lives) {
    const words = ['simulate', '--listen', '127.0.0.1:0', '--tasks', '0', '--seed', '1'];
    for (const life of lives) words.push('--life', life);
    const relay = this.#start(pollhook, words);
    const url = await this.#said(relay, /listens at (http:\/\/127\.0\.0\.1:\d+)/);
    const told = () => relay.output.split('\n').slice(0, -1); // whole lines only
    await until(() => told().length === lives.length, 'the relay tells its tasks');
    return { url, ids: told().map((line) => JSON.parse(line).id) };
  }

  // Debian's webhook with these hooks; the address that hook names are appended to.
  async startDebianWebhook(hooks) {
    await writeFile(this.path('hooks.json'), JSON.stringify(hooks));
    const port = await freePort();
    const words = ['-hooks', this.path('hooks.json'), '-ip', '127.0.0.1', '-port', String(port), '-verbose'];
    const child = this.#start('webhook', words);
    await this.#said(child, /(serving hooks on)/);
    return { url: `http://127.0.0.1:${port}/hooks`, process: child };
  }

  async startDaemon(config) {
    await writeFile(this.path('pollhook.toml'), `[daemon]\nstate_dir = "${this.path('state')}"\n${config}`);
    this.daemon = this.#start(pollhook, ['run', '-c', this.path('pollhook.toml')]);
    await this.#said(this.daemon, /(daemon\.ready)/);
    this.admin = await this.#said(this.daemon, /admin\.listening: address=(http:\/\/127\.0\.0\.1:\d+)/);
  }

  async ask(target, body) {
    const options = body && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await fetch(this.admin + target, options);
    if (!answer.ok) throw new Error(`${target}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async close() {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.pid === undefined) continue;
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await once(child, 'exit');
      clearTimeout(kill);
    }
    if (process.env.CONFORMANCE_LOG) process.stderr.write(this.daemon?.text ?? '');
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
