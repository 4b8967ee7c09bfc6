// Receives pollhook's webhooks: WEBHOOK_SECRET=whsec_... node receiver.mjs [PORT]
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
const tolerance = 300; // seconds

function isGenuine(headers, body) {
  const id = headers["webhook-id"] ?? "";
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > tolerance) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return (headers["webhook-signature"] ?? "").split(" ").some((each) => {
    const given = Buffer.from(each.replace(/^v1,/, ""), "base64");
    return each.startsWith("v1,") && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const seen = new Set(); // yours: a unique column of your database

function take(id, event) {
  if (seen.has(id)) return; // the same event came before: nothing to do, and no error
  seen.add(id);
  console.log(event.type, event.data.id);
}

createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces); // the bytes as they came
  if (!isGenuine(request.headers, body)) {
    response.writeHead(401).end();
    return;
  }
  take(request.headers["webhook-id"], JSON.parse(body));
  response.writeHead(204).end();
}).listen(Number(process.argv[2] ?? 8000), "127.0.0.1");
