// One Chromium for all visits of a run, driven over the DevTools protocol: starting one costs more than a visit.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function start(program) {
  const profile = mkdtempSync(join(tmpdir(), "conformance-chromium-"));
  const flags = ["--headless=new", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "--disable-gpu"];
  flags.push("--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage");
  // Chromium's sandbox refuses root, and containers that lack user namespaces; the pages are this suite's own.
  flags.push("--no-sandbox", "about:blank");
  // A process group of its own, so that its helpers end with it.
  const browser = spawn(program, flags, { detached: true, stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  process.on("exit", () => {
    if (browser.exitCode === null && browser.signalCode === null) process.kill(-browser.pid, "SIGKILL");
    // The helpers write to the profile until they are gone.
    rmSync(profile, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
  });
  const [toBrowser, fromBrowser] = [browser.stdio[3], browser.stdio[4]];

  // Messages over the pipe are JSON, each followed by a NUL.
  const waiting = new Map();
  let rest = "";
  fromBrowser.setEncoding("utf8").on("data", (text) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop();
    for (const message of messages.map((it) => JSON.parse(it))) {
      const { resolve, reject } = waiting.get(message.id) ?? {};
      waiting.delete(message.id);
      if (message.error) reject?.(new Error(message.error.message));
      else resolve?.(message.result);
    }
  });
  browser.once("exit", () => {
    started = undefined;
    for (const { reject } of waiting.values()) reject(new Error("Chromium ended by itself"));
  });
  let count = 0;
  return function call(method, params = {}, sessionId) {
    const id = ++count;
    toBrowser.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  };
}

let started;

// Gives the function that sends one message to the browser and waits for its answer.
export function chromium(program) {
  started ??= start(program);
  return started;
}
