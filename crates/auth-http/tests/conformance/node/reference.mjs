// A Better Auth server on a free port of the loopback interface. Its options are the first line of standard
// input; the first line it prints is {"port": <number>}, each later one {"mail": {"to", "token"}}, a
// verification mail it would have sent. It ends when standard input does, so that it cannot outlive its test.

import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { betterAuth } from "better-auth";
import { toNodeHandler } from "better-auth/node";
import { authOptions } from "./options.mjs";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const lines = createInterface({ input: process.stdin });
lines.on("close", () => process.exit(0));
const input = JSON.parse((await once(lines, "line"))[0]);

const server = createServer((request, response) => {
  // Better Auth rejects, without an answer, while the database does not have the tables it expects.
  Promise.resolve(handler(request, response)).catch((error) => {
    response.writeHead(500, { "content-type": "text/plain", "x-rejected": error.name });
    response.end(error.message);
  });
});
let handler;

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const baseURL = `http://127.0.0.1:${port}`;
  handler = toNodeHandler(betterAuth(authOptions(input, baseURL, (mail) => say({ mail }))));
  say({ port });
});
