// /openapi.json as an independent validator sees it, and every answer of a running daemon against its schemas.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { until, World } from './world.mjs';

const packages = createRequire(join(process.env.CONFORMANCE_FOLDER, 'package.json'));
const { Validator } = await import(packages.resolve('@seriousme/openapi-schema-validator'));
const { default: Ajv2020 } = packages('ajv/dist/2020.js');
const { default: addFormats } = packages('ajv-formats');

let world;
let api;
let ajv;
let task;

before(async () => {
  world = await World.open();
  const relay = await world.startRelay(['0s IN_PROGRESS 30%, 1s SUCCESS 100%']);
  task = relay.ids[0];
  await world.startDaemon(`
[admin]
listen = ["127.0.0.1:0"]
[task_webhooks]
allow_networks = ["127.0.0.0/8"]
allow_http = true
[[provider]]
name = "relay"
type = "midjourney-proxy"
base_url = "${relay.url}"
api_key = "k"
poll_interval = "100ms"
max_poll_interval = "200ms"
[[sink]]
name = "ops"
type = "webhook"
url = "${world.url}/ops"
`);
  api = await (await fetch(`${world.admin}/openapi.json`)).json();
  ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(api, 'api');
});
after(() => world?.close());

const pointer = (...parts) => parts.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/');

// Follows a response of the document to its schema for a media type; undefined when it is not described.
function schemaFor(path, method, status, type) {
  let at = `api#/${pointer('paths', path, method, 'responses', status)}`;
  let response = api.paths[path]?.[method]?.responses?.[status];
  if (response?.$ref) {
    at = `api${response.$ref}`;
    response = api.components.responses[response.$ref.split('/').pop()];
  }
  const schema = response?.content?.[type]?.schema;
  return schema && { schema, reference: { $ref: encodeURI(`${at}/${pointer('content', type, 'schema')}`) } };
}

const resolve = (schema) => (schema.$ref ? resolve(api.components.schemas[schema.$ref.split('/').pop()]) : schema);

// Of a schema and all that it is made of.
const parts = (schema) => {
  const own = resolve(schema);
  return [own, ...[...(own.allOf ?? []), ...(own.anyOf ?? []), ...(own.oneOf ?? [])].flatMap(parts)];
};

// The members of an answer that no schema tells of. Where a schema says additionalProperties, any name will do.
function undescribed(value, schema, at = '') {
  const all = parts(schema);
  if (Array.isArray(value)) {
    const items = all.find((part) => part.items)?.items;
    return items ? value.flatMap((one, i) => undescribed(one, items, `${at}/${i}`)) : [];
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const here = `${at}/${name}`;
    const known = all.map((part) => part.properties?.[name]).find((one) => one);
    if (known) return undescribed(member, known, here);
    const any = all.map((part) => part.additionalProperties).find((one) => one);
    if (any) return any === true ? [] : undescribed(member, any, here);
    return [here];
  });
}

// Asks, and holds what comes against the document.
async function ask(method, path, target, { body, type = 'application/json', status } = {}) {
  const answer = await fetch(world.admin + target, {
    method,
    headers: body === undefined && method !== 'POST' ? {} : { 'Content-Type': type },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  const name = `${method} ${target}: ${answer.status} ${text.slice(0, 500)}`;
  if (status) assert.equal(answer.status, status, name);
  if (answer.status === 204) {
    assert.ok(api.paths[path][method.toLowerCase()].responses[204], name);
    return undefined;
  }
  const media = answer.headers.get('content-type').split(';')[0];
  const described = schemaFor(path, method.toLowerCase(), answer.status, media);
  assert.ok(described, `not described: ${name}`);
  if (!media.endsWith('json')) return text;
  const value = JSON.parse(text);
  const validate = ajv.compile(described.reference);
  assert.ok(validate(value), `${name}\n${JSON.stringify(validate.errors, null, 1)}`);
  assert.deepEqual(undescribed(value, described.schema), [], `members that are not described: ${name}`);
  return value;
}
const get = (path, target = path, options) => ask('GET', path, target, options);
const post = (path, target, body, status) => ask('POST', path, target, { body, status });

describe('openapi.json', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(api));
    assert.ok(result.valid, JSON.stringify(result.errors, null, 1));
    assert.equal(validator.version, '3.1');
  });

  it('has a name for each operation, once', () => {
    const names = Object.values(api.paths).flatMap((item) => Object.values(item).map((one) => one.operationId));
    assert.equal(new Set(names).size, names.length);
  });

  it('describes what the server answers: each path with just its methods', async () => {
    for (const [path, item] of Object.entries(api.paths)) {
      const target = path.replace(/\{[^}]+\}/g, '1');
      const answer = await fetch(world.admin + target, { method: 'PUT' });
      const allowed = answer.headers.get('allow');
      assert.equal(answer.status, 405, `${path} is described and not known to the server`);
      assert.deepEqual(allowed.toLowerCase().split(', ').sort(), Object.keys(item).sort(), path);
      for (const method of Object.keys(item)) {
        if (path === '/v1/events/stream') continue;
        const asked = await fetch(world.admin + target, {
          method: method.toUpperCase(),
          headers: method === 'post' ? { 'Content-Type': 'application/json' } : {},
          body: method === 'post' ? '{"strange":1}' : undefined,
        });
        const text = await asked.text();
        assert.doesNotMatch(text, /nothing is here/, `${method} ${path}`);
      }
    }
  });

  it('describes answers as they are', async () => {
    await post('/v1/tasks', '/v1/tasks', { provider: 'relay', id: task, webhookUrl: `${world.url}/task`, metadata: { a: 1 } }, 201);
    await post('/v1/tasks', '/v1/tasks', { provider: 'relay', id: task }, 200);
    await post('/v1/tasks', '/v1/tasks', { provider: 'nobody', id: '1' }, 400);
    await post('/v1/tasks', '/v1/tasks', { tasks: [{ provider: 'relay', id: 'x' }, { provider: 'relay' }] }, 201);
    await post('/v1/tasks', '/v1/tasks', { tasks: [{ provider: 'relay' }] }, 422);
    await post('/v1/tasks', '/v1/tasks', '{', 400);
    const lines = '{"provider":"relay","id":"y"}\nnonsense\n';
    const taken = await ask('POST', '/v1/tasks', '/v1/tasks', { body: lines, type: 'application/x-ndjson', status: 201 });
    assert.deepEqual([taken.accepted, taken.existing, taken.rejectedTotal], [1, 0, 1]);
    await ask('POST', '/v1/tasks', '/v1/tasks', { body: 'nonsense', type: 'application/x-ndjson', status: 422 });
    await ask('POST', '/v1/tasks', '/v1/tasks', { body: 'x', type: 'text/plain', status: 415 });
    const shown = `/v1/tasks/relay/${task}`;
    await until(async () => (await world.ask(shown)).status === 'succeeded', 'the task ends');
    await until(async () => (await world.ask('/v1/deliveries?state=delivered')).deliveries.length > 1, 'deliveries');

    const detail = await get('/v1/tasks/{provider}/{id}', shown, { status: 200 });
    assert.ok(detail.transitions.length && detail.events.length && detail.deliveries.length);
    await get('/v1/tasks/{provider}/{id}', '/v1/tasks/relay/none', { status: 404 });
    await get('/v1/tasks', '/v1/tasks?limit=1&status=succeeded', { status: 200 });
    await get('/v1/tasks', '/v1/tasks?statsu=x', { status: 400 });
    const { events } = await get('/v1/events', '/v1/events?type=task.succeeded&provider=relay', { status: 200 });
    assert.equal(events.length, 1);
    await get('/v1/events/stream', '/v1/events/stream?cursor=x', { status: 400 });
    const { deliveries } = await get('/v1/deliveries', '/v1/deliveries?limit=1', { status: 200 });
    const { id } = deliveries[0];
    const delivery = await get('/v1/deliveries/{id}', `/v1/deliveries/${id}`, { status: 200 });
    assert.ok(delivery.attemptLog.length);
    await get('/v1/deliveries/{id}', '/v1/deliveries/9-9-9', { status: 404 });
    await post('/v1/deliveries/{id}/retry', `/v1/deliveries/${id}/retry`, undefined, 200);
    await post('/v1/deliveries/retry', '/v1/deliveries/retry', { state: 'dead', dryRun: true }, 200);
    await post('/v1/deliveries/retry', '/v1/deliveries/retry', {}, 400);
    const retry = await post('/v1/deliveries/retry', '/v1/deliveries/retry', { state: 'dead' }, 202);
    const since = new Date(Date.now() - 3600e3).toISOString();
    await post('/v1/sinks/{name}/replay', '/v1/sinks/ops/replay', { since, dryRun: true }, 200);
    await post('/v1/sinks/{name}/replay', '/v1/sinks/ops/replay', { since }, 202);
    await post('/v1/sinks/{name}/replay', '/v1/sinks/ops/replay', {}, 400);
    await get('/v1/jobs', '/v1/jobs', { status: 200 });
    await until(async () => (await world.ask(`/v1/jobs/${retry.id}`)).state === 'done', 'the job ends');
    await get('/v1/jobs/{id}', `/v1/jobs/${retry.id}`, { status: 200 });
    await ask('DELETE', '/v1/jobs/{id}', `/v1/jobs/${retry.id}`, { status: 409 });
    await get('/v1/sinks', '/v1/sinks', { status: 200 });
    await post('/v1/sinks/{name}/test', '/v1/sinks/ops/test', undefined, 200);
    await post('/v1/sinks/{name}/pause', '/v1/sinks/ops/pause', { reason: 'why' }, 200);
    await get('/v1/sinks', '/v1/sinks', { status: 200 });
    await post('/v1/sinks/{name}/resume', '/v1/sinks/ops/resume', undefined, 200);
    await post('/v1/sinks/{name}/resume', '/v1/sinks/none/resume', undefined, 404);
    await get('/v1/providers', '/v1/providers', { status: 200 });
    const paused = await post('/v1/providers/{name}/pause', '/v1/providers/relay/pause', { reason: 'why' }, 200);
    assert.deepEqual([paused.state, paused.reason], ['paused', 'why']);
    await post('/v1/providers/{name}/pause', '/v1/providers/relay/pause', { why: 'x' }, 400);
    await post('/v1/providers/{name}/pause', '/v1/providers/none/pause', {}, 404);
    await post('/v1/providers/{name}/resume', '/v1/providers/relay/resume', undefined, 200);
    await get('/v1/status', '/v1/status', { status: 200 });
    const older = (await get('/v1/events', '/v1/events?order=desc&limit=1', { status: 200 })).nextCursor;
    await get('/v1/events', `/v1/events?order=desc&cursor=${older}`, { status: 200 });
    await get('/v1/tasks/{provider}/{id}', `${shown}?colour=red`, { status: 400 });
    await get('/livez', '/livez', { status: 200 });
    await get('/readyz', '/readyz', { status: 200 });
    await get('/', '/', { status: 200 });
    await get('/openapi.json', '/openapi.json', { status: 200 });
    await post('/v1/prune', '/v1/prune', { olderThan: '1h', dryRun: true }, 200);
    await post('/v1/prune', '/v1/prune', undefined, 200);
    await post('/v1/prune', '/v1/prune', { olderThan: 'long' }, 400);
    await ask('DELETE', '/v1/tasks/{provider}/{id}', '/v1/tasks/relay/x', { status: 204 });
    const foreign = await fetch(`${world.admin}/v1/status`, { headers: { Origin: 'https://elsewhere.example' } });
    assert.equal(foreign.status, 403);
  });

  it('describes reloads as they are', async () => {
    const file = world.path('pollhook.toml');
    const before = await readFile(file, 'utf8');
    await writeFile(file, before.replace('poll_interval = "100ms"', 'poll_interval = "150ms"'));
    const done = await post('/v1/reload', '/v1/reload', {}, 200);
    assert.deepEqual(done.changes.providers.changed, { relay: ['poll_interval'] });
    await writeFile(file, `${before}\nnonsense = 1\n`);
    const wrong = await post('/v1/reload', '/v1/reload', undefined, 422);
    assert.equal(wrong.errors.length, 1);
    await writeFile(file, `[store]\nfile = "other.db"\n${before}`);
    await post('/v1/reload', '/v1/reload', undefined, 422);
    await writeFile(file, before);
    await post('/v1/reload', '/v1/reload', { wait: false }, 202);
    await post('/v1/reload', '/v1/reload', { wait: 'x' }, 400);
    await until(async () => (await world.ask('/v1/status')).reloads === 4, 'the last reload');
    const { lastReload } = await get('/v1/status', '/v1/status', { status: 200 });
    assert.equal(lastReload.success, true);
  });

  it('describes the stream as it is', async () => {
    const stop = new AbortController();
    const answer = await fetch(`${world.admin}/v1/events/stream?cursor=0`, { signal: stop.signal });
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    let text = '';
    for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (/data: .*\n\n/.test(text)) break;
    }
    stop.abort();
    const event = JSON.parse(/^data: (.*)$/m.exec(text)[1]);
    const validate = ajv.compile({ $ref: 'api#/components/schemas/Event' });
    assert.ok(validate(event), JSON.stringify(validate.errors));
    assert.equal(/^id: (\d+)$/m.exec(text)[1], String(event.position));
  });
});
