// Serves Better Auth to the tests: one process holds the servers of many tests, each on a port of its own, and runs the
// scripts of this folder, so that the package is loaded once.
//
// The first line it prints is {"port": <number>}: the port for the requests below, with JSON bodies. It ends when its
// standard input does, so that it cannot outlive the tests.
//
//   POST   /servers               input of `options.mjs` -> {id, port}
//   POST   /servers/<id>/clock    {ahead} milliseconds that the clock of this server moves forward, or {stoppedAt}
//                                 milliseconds since 1970 at which it stops
//   POST   /servers/<id>/mails    -> {to, token}: the next verification mail that it would have sent; waits for one
//   DELETE /servers/<id>
//   POST   /scripts/<name>.mjs    input of that script -> what it gives

import { at } from "./clock.mjs";
import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { betterAuth } from "better-auth";
import { toNodeHandler } from "better-auth/node";
import { authOptions } from "./options.mjs";

process.stdin.resume().on("close", () => process.exit(0));
// A failure in one test's server must not end the servers of the other tests.
process.on("uncaughtException", (error) => console.error(error));

const servers = new Map();
let lastId = 0;

async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

async function start(input) {
  let handler;
  const clock = { ahead: 0 };
  const server = createServer((request, response) => {
    const answered = at(clock, async () => handler(request, response));
    // Better Auth rejects, without an answer, while the database does not have the tables it expects.
    answered.catch((error) => {
      response.writeHead(500, { "content-type": "text/plain", "x-rejected": error.name });
      response.end(error.message);
    });
  });
  const port = await listen(server);
  const mails = [];
  const waiting = [];
  const sendMail = (mail) => (waiting.length > 0 ? waiting.shift()(mail) : mails.push(mail));
  const options = authOptions(input, `http://127.0.0.1:${port}`, sendMail);
  // The test drops its database while connections are open.
  options.database.on("error", () => {});
  handler = at(clock, () => toNodeHandler(betterAuth(options)));
  const id = ++lastId;
  const nextMail = () => (mails.length > 0 ? mails.shift() : new Promise((mail) => waiting.push(mail)));
  servers.set(`${id}`, { server, clock, nextMail, pool: options.database });
  return { id, port };
}

async function stop(id) {
  const { server, pool } = servers.get(id);
  servers.delete(id);
  server.closeAllConnections();
  server.close();
  await pool.end();
  return {};
}

async function answer(method, path, request) {
  const [, kind, name, action] = path.split("/");
  if (kind === "servers" && method === "DELETE") return stop(name);
  if (kind === "servers" && action === "mails") return servers.get(name).nextMail();
  const input = await json(request);
  if (kind === "servers" && action === "clock") {
    const { clock } = servers.get(name);
    if (input.stoppedAt === undefined) clock.ahead += input.ahead;
    else Object.assign(clock, { stoppedAt: input.stoppedAt, ahead: 0 });
    return {};
  }
  if (kind === "servers") return start(input);
  const script = await import(`./${name}`);
  return script.default(input);
}

const control = createServer(async (request, response) => {
  try {
    const body = JSON.stringify(await answer(request.method, request.url, request));
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  } catch (error) {
    response.writeHead(500, { "content-type": "text/plain" }).end(error.stack);
  }
});
const port = await listen(control);
process.stdout.write(`${JSON.stringify({ port })}\n`);
