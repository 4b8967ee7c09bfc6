// What a running pollhook delivers, as standardwebhooks, svix, cloudevents, Debian's webhook and openssl see it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { until, World } from './world.mjs';

const packages = createRequire(join(process.env.CONFORMANCE_FOLDER, 'package.json'));
const { Webhook: StandardWebhook } = packages('standardwebhooks');
const { Webhook: SvixWebhook } = packages('svix');
const { HTTP } = packages('cloudevents');
const verifiers = { standardwebhooks: StandardWebhook, svix: SvixWebhook };

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const secret = newSecret();
const current = newSecret();
const previous = newSecret();
const seed = randomBytes(32);
const hubSecret = randomBytes(20).toString('hex');

// An id with what CloudEvents asks to be percent-encoded in a header; the relay does not know it, so it is lost soon.
const strangeId = 'a%20b%zz';

let world;
let ids;
let debian;
// What became an event: a machine that is busy sees the ends of all tasks, but not each step on the way.
let stored;

const sinks = {
  standard: `secret = "${secret}"`,
  rotated: `secret = "${current}"\nprevious_secrets = ["${previous}"]`,
  asymmetric: `secret = "${secret}"\nsigning_key = "whsk_${seed.toString('base64')}"`,
  structured: `format = "cloudevents"\nsecret = "${secret}"`,
  binary: `format = "cloudevents-binary"\nsecret = "${secret}"`,
  batched: `format = "cloudevents"\nsecret = "${secret}"\nbatch = { max_events = 10, max_delay = "200ms" }`,
  bare: `format = "bare"\nsecret = "${secret}"`,
  hub: `hub_secret = "${hubSecret}"`,
};

function verifyBy(name, key, request, body = request.body) {
  return new verifiers[name](key).verify(body.toString('utf8'), request.headers);
}

function changed(body) {
  const copy = Buffer.from(body);
  copy[copy.length >> 1] ^= 1;
  return copy;
}

// What both libraries of Standard Webhooks make of one request.
function expectGenuine(request, keys, wrong = newSecret()) {
  for (const name of Object.keys(verifiers)) {
    for (const key of keys) {
      verifyBy(name, key, request);
      assert.throws(() => verifyBy(name, key, request, changed(request.body)), `${name}: a changed byte`);
      for (const header of ['webhook-id', 'webhook-timestamp']) {
        const digit = request.headers[header].at(-1) === '1' ? '2' : '1';
        const forged = { ...request.headers, [header]: request.headers[header].slice(0, -1) + digit };
        assert.throws(() => verifyBy(name, key, { ...request, headers: forged }), `${name}: ${header}`);
      }
    }
    assert.throws(() => verifyBy(name, wrong, request), `${name}: a wrong secret`);
  }
}

function expectAttributes(event) {
  assert.equal(event.validate(), true);
  assert.equal(event.specversion, '1.0');
  assert.match(event.id, /^evt_[0-9a-f]{32}$/);
  assert.match(event.source, /^\S+$/);
  assert.match(event.type, /^[a-z]+(\.[a-z]+)*\.task\.[a-z]+$/);
  assert.ok(event.subject);
  assert.match(event.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(event.datacontenttype, 'application/json');
  assert.match(String(event.sequence), /^\d+$/);
  assert.equal(event.data.sequence, Number(event.sequence));
  assert.equal(typeof event.data.provider, 'string');
}

// The same events, whatever the form; told apart by event id.
function eventsOf(path) {
  const requests = world.to(path);
  if (path === '/batched') return requests.flatMap((request) => JSON.parse(request.body)).map((event) => event.id);
  return requests.map((request) => request.headers['webhook-id']);
}

before(async () => {
  world = await World.open();
  const relay = await world.startRelay([
    '0s SUBMITTED 0%, 1s IN_PROGRESS 10%, 1s IN_PROGRESS 55%, 1s SUCCESS 100%',
    '0s IN_PROGRESS 5%, 2s FAILURE',
    '0s SUBMITTED 0%, 2s CANCEL',
    '0s SUCCESS 100%',
  ]);
  ids = relay.ids;

  writeFileSync(world.path('received'), '');
  writeFileSync(world.path('receive'), `#!/bin/sh\nprintf '%s\\n' "$1" >>'${world.path('received')}'\n`);
  chmodSync(world.path('receive'), 0o700);
  const hook = (id, key) => ({
    id,
    'execute-command': world.path('receive'),
    'http-methods': ['POST'],
    'include-command-output-in-response': true,
    'pass-arguments-to-command': [{ source: 'entire-payload' }],
    'trigger-rule-mismatch-http-response-code': 403,
    'trigger-rule': {
      match: { type: 'payload-hmac-sha256', secret: key, parameter: { source: 'header', name: 'X-Hub-Signature-256' } },
    },
  });
  debian = await world.startDebianWebhook([hook('right', hubSecret), hook('wrong', 'another secret')]);

  const sink = (name, url, more) => `[[sink]]\nname = "${name}"\ntype = "webhook"\nurl = "${url}"\n${more}\n`;
  await world.startDaemon(`
[admin]
listen = ["127.0.0.1:0"]
[task_webhooks]
signing_secret = "${secret}"
allow_networks = ["127.0.0.0/8"]
allow_http = true
[[provider]]
name = "relay"
type = "midjourney-proxy"
base_url = "${relay.url}"
api_key = "none"
poll_interval = "100ms"
max_poll_interval = "200ms"
max_requests_per_second = 100
missing_grace = "100ms"
lost_after = { misses = 2, time = "100ms" }
${Object.entries(sinks).map(([name, more]) => sink(name, `${world.url}/${name}`, more)).join('')}
${sink('debian', `${debian.url}/right`, sinks.hub)}
${sink('debian-wrong', `${debian.url}/wrong`, sinks.hub)}
`);
  for (const id of [...ids, strangeId])
    await world.ask('/v1/tasks', { provider: 'relay', id, webhookUrl: `${world.url}/task`, metadata: { word: 'Grüße "%"' } });

  await until(async () => {
    const { tasks } = await world.ask('/v1/tasks');
    return tasks.every((task) => ['succeeded', 'failed', 'cancelled', 'lost'].includes(task.status));
  }, 'the end of every task');
  const { events } = await world.ask('/v1/events?limit=1000');
  stored = events.map(({ event }) => event.type).filter((type) => type.startsWith('task.'));
  for (const path of ['/task', ...Object.keys(sinks).map((name) => `/${name}`)])
    await until(() => new Set(eventsOf(path)).size >= stored.length, () => `${eventsOf(path).length} of ${stored.length} at ${path}`, 30);
});

after(async () => {
  await world?.close();
});

describe('Standard Webhooks', () => {
  it('is verified by standardwebhooks and svix, and nothing changed is', () => {
    for (const path of ['/standard', '/task', '/bare', '/asymmetric']) {
      assert.ok(world.to(path).length >= stored.length, path);
      for (const request of world.to(path)) {
        assert.equal(request.method, 'POST');
        expectGenuine(request, [secret]);
      }
    }
  });

  it('has the envelope, the types and the order of its specification', () => {
    const last = new Map();
    for (const request of world.to('/standard')) {
      const event = verifyBy('standardwebhooks', secret, request);
      assert.deepEqual(Object.keys(event), ['type', 'timestamp', 'data']);
      assert.match(event.type, /^task\.[a-z]+$/);
      assert.match(event.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(event.data.metadata.word, 'Grüße "%"');
      assert.equal(event.type, request.headers['pollhook-event']);
      assert.doesNotMatch(request.headers['webhook-id'], /\./);
      assert.equal(event.data.sequence, (last.get(event.data.id) ?? 0) + 1);
      last.set(event.data.id, event.data.sequence);
    }
    assert.deepEqual([...last.keys()].sort(), [...ids, strangeId].sort());
  });

  it('verifies by the new and the old secret while they are rotated', () => {
    for (const request of world.to('/rotated')) {
      assert.equal(request.headers['webhook-signature'].split(' ').length, 2);
      expectGenuine(request, [current, previous]);
    }
  });

  it('is signed by Ed25519 beside v1, as openssl confirms', () => {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    writeFileSync(world.path('private.der'), der, { mode: 0o600 });
    execFileSync('openssl', ['pkey', '-inform', 'DER', '-in', world.path('private.der'), '-pubout', '-out', world.path('public.pem')]);
    const verify = (message, signature) => {
      writeFileSync(world.path('message'), message);
      writeFileSync(world.path('signature'), signature);
      const words = ['pkeyutl', '-verify', '-pubin', '-inkey', world.path('public.pem'), '-rawin'];
      words.push('-in', world.path('message'), '-sigfile', world.path('signature'));
      try {
        execFileSync('openssl', words, { stdio: 'pipe' });
        return true;
      } catch {
        return false;
      }
    };
    for (const request of world.to('/asymmetric')) {
      const tokens = request.headers['webhook-signature'].split(' ');
      assert.deepEqual(tokens.map((token) => token.split(',')[0]), ['v1', 'v1a']);
      const signature = Buffer.from(tokens[1].split(',')[1], 'base64');
      const { 'webhook-id': id, 'webhook-timestamp': stamp } = request.headers;
      const message = (body) => Buffer.concat([Buffer.from(`${id}.${stamp}.`), body]);
      assert.equal(verify(message(request.body), signature), true);
      assert.equal(verify(message(changed(request.body)), signature), false);
    }
  });

  it('tells the public key that the private one has', async () => {
    const pem = readFileSync(world.path('public.pem'), 'utf8').replace(/-----[^-]+-----|\s/g, '');
    const raw = Buffer.from(pem, 'base64').subarray(-32).toString('base64'); // what the DER form ends with
    const { sinks: told } = await world.ask('/v1/sinks');
    assert.equal(told.find((sink) => sink.name === 'asymmetric').publicKey, `whpk_${raw}`);
  });
});

describe('CloudEvents', () => {
  it('is read from structured requests', () => {
    for (const request of world.to('/structured')) {
      expectGenuine(request, [secret]);
      assert.equal(request.headers['content-type'], 'application/cloudevents+json; charset=utf-8');
      const event = HTTP.toEvent({ headers: request.headers, body: request.body.toString() });
      expectAttributes(event);
      assert.equal(event.id, request.headers['webhook-id']);
      assert.equal(event.data.metadata.word, 'Grüße "%"');
    }
  });

  it('is read from binary requests', () => {
    for (const request of world.to('/binary')) {
      expectGenuine(request, [secret]);
      assert.equal(request.headers['content-type'], 'application/json');
      assert.equal(request.headers['ce-datacontenttype'], undefined);
      for (let i = 0; i < request.rawHeaders.length; i += 2)
        if (request.rawHeaders[i].toLowerCase().startsWith('ce-'))
          assert.match(request.rawHeaders[i + 1], /^(?:[!#$&-~]|%[0-9A-F]{2})+$/, request.rawHeaders[i]);
      const event = HTTP.toEvent({ headers: request.headers, body: request.body.toString() });
      expectAttributes(event);
      assert.equal(event.id, request.headers['webhook-id']);
      assert.equal(event.data.metadata.word, 'Grüße "%"');
    }
    const strange = world.to('/binary').find((request) => request.headers['pollhook-task'] === strangeId);
    assert.ok(decodeURIComponent(strange.headers['ce-subject']).endsWith(strangeId));
  });

  it('is the same event in both modes', () => {
    const binary = new Map(world.to('/binary').map((request) => [request.headers['webhook-id'], request]));
    for (const request of world.to('/structured')) {
      const twin = binary.get(request.headers['webhook-id']);
      const one = HTTP.toEvent({ headers: request.headers, body: request.body.toString() });
      const other = HTTP.toEvent({ headers: twin.headers, body: twin.body.toString() });
      for (const name of ['id', 'source', 'type', 'time']) assert.equal(one[name], other[name], name);
      assert.equal(one.subject, decodeURIComponent(other.subject));
      assert.deepEqual(one.data, other.data);
    }
  });

  it('is read from batches, in order', () => {
    let several = false;
    const last = new Map();
    for (const request of world.to('/batched')) {
      expectGenuine(request, [secret]);
      assert.match(request.headers['content-type'], /^application\/cloudevents-batch\+json(; charset=utf-8)?$/);
      const events = HTTP.toEvent({ headers: request.headers, body: request.body.toString() });
      assert.ok(Array.isArray(events) && events.length >= 1 && events.length <= 10);
      several ||= events.length > 1;
      for (const event of events) {
        expectAttributes(event);
        assert.equal(event.data.sequence, (last.get(event.data.id) ?? 0) + 1);
        last.set(event.data.id, event.data.sequence);
      }
    }
    assert.ok(several, 'no batch held several events');
  });
});

describe('X-Hub-Signature-256', () => {
  it('is an HMAC of the body', () => {
    for (const request of world.to('/hub')) {
      const expected = createHmac('sha256', hubSecret).update(request.body).digest('hex');
      assert.equal(request.headers['x-hub-signature-256'], `sha256=${expected}`);
    }
  });

  it("satisfies the rule of Debian's webhook, and only with the right secret", async () => {
    const received = () => readFileSync(world.path('received'), 'utf8').split('\n').filter(Boolean);
    const wanted = world.to('/hub').length;
    await until(() => received().length >= wanted, "every event at Debian's webhook", 30);
    const types = received().map((line) => JSON.parse(line).type);
    for (const type of [...stored, 'task.succeeded', 'task.failed', 'task.cancelled', 'task.lost'])
      assert.ok(types.includes(type), type);

    const refused = async () => {
      const { deliveries } = await world.ask('/v1/deliveries?sink=debian-wrong&limit=1000');
      return deliveries.length > 0 && deliveries.some((one) => one.attempts > 0) && deliveries;
    };
    for (const delivery of await until(refused, 'a refusal', 30)) assert.notEqual(delivery.state, 'delivered');
    assert.equal(received().length, wanted, 'the hook with another secret must not run');
  });
});
