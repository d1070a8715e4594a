// A visit in a real Chromium: the page of `browser-page.mjs`, driven over the DevTools protocol, says what a person
// would see at each step. Gives the list of steps.
//
// Input: {chromium, port, server, direct, cached}. The page is served on `port`, which the server trusts as an origin.
// `direct` lets it call the server across origins; otherwise the page's own server hands `/api/auth` on, as a proxy would.
// `cached` says that the server keeps copies of sessions in cookies.

import http from "node:http";
import { build } from "esbuild";
import { chromium } from "./chromium.mjs";

const PATIENCE_MS = 20_000;
const bundle = await build({
  entryPoints: ["browser-page.mjs"],
  bundle: true,
  write: false,
  format: "iife",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "error",
});
const script = bundle.outputFiles[0].text;

export default async function visit({ chromium: program, port, server, direct, cached }) {
  function handOn(request, response) {
    const options = { method: request.method, headers: request.headers };
    const onward = http.request(server + request.url, options, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    request.pipe(onward);
  }

  const site = http.createServer((request, response) => {
    if (request.url.startsWith("/api/auth/")) return handOn(request, response);
    if (request.url === "/page.js") return response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    const html = '<!doctype html><title>page</title><div id="root"></div><script src="/page.js"></script>';
    response.writeHead(200, { "content-type": "text/html" }).end(html);
  });
  await new Promise((ready) => site.listen(port, "127.0.0.1", ready));

  const call = chromium(program);
  // A tab shares cookies with the other tabs of its device, and with no other visit.
  const devices = [];
  const newDevice = async () => {
    const { browserContextId } = await call("Target.createBrowserContext");
    devices.push(browserContextId);
    return browserContextId;
  };
  const laptop = await newDevice();
  async function openTab(browserContextId) {
    const page = `http://127.0.0.1:${port}/`;
    const url = direct ? `${page}?server=${encodeURIComponent(server)}` : page;
    const { targetId } = await call("Target.createTarget", { url, browserContextId });
    const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
    const run = async (expression) => {
      const params = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await call("Runtime.evaluate", params, sessionId);
      if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
      return result.value;
    };
    // What the hook shows once it is of that kind: "pending" counts for neither, nor does the session of token `after`.
    const shows = async (kind, after) => {
      const user = `it.data?.user && it.data.session.token !== ${JSON.stringify(after ?? null)}`;
      const wanted = kind === "user" ? user : "!it.isPending && !it.data";
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const text = await run("window.underWay === 0 ? document.getElementById('session')?.textContent : ''");
        if (text && (await run(`((it) => Boolean(${wanted}))(${text})`))) return JSON.parse(text);
        if (Date.now() > deadline) throw new Error(`the page never shows ${kind}: ${text}`);
        await new Promise((later) => setTimeout(later, 30));
      }
    };
    return { run, shows, reload: () => call("Page.reload", {}, sessionId), toFront: () => call("Page.bringToFront", {}, sessionId) };
  }

  const steps = [];
  async function cookies() {
    const { cookies: all } = await call("Storage.getCookies", { browserContextId: laptop });
    const kept = all.filter(({ name }) => name.startsWith("better-auth."));
    const described = kept.map(({ name, httpOnly, secure, sameSite, session, path }) => ({ name, httpOnly, secure, sameSite, session, path }));
    return described.sort((a, b) => a.name.localeCompare(b.name));
  }
  async function step(name, seen) {
    steps.push({ name, seen: await seen(), cookies: await cookies() });
  }
  const outcome = (call) => `${call}.then(({ data, error }) => ({ data, error }))`;

  try {
    const credentials = { email: "ada@example.com", password: "correct horse battery staple" };
    const text = (value) => JSON.stringify(value);
    const tab = await openTab(laptop);
    await step("a fresh page", () => tab.shows("nobody"));
    const wrong = { ...credentials, password: "wrong password" };
    await step("a wrong password", () => tab.run(outcome(`react.signIn.email(${text(wrong)})`)));
    await step("sign up", () => tab.run(outcome(`react.signUp.email(${text({ name: "Ada", ...credentials })})`)));
    await step("the hook shows it without a reload", () => tab.shows("user"));
    await step("scripts see no cookie", () => tab.run("document.cookie"));
    await tab.reload();
    await step("after a reload", () => tab.shows("user"));
    const second = await openTab(laptop);
    await step("a second tab", () => second.shows("user"));
    await step("sign out in the second tab", () => second.run(outcome("react.signOut()")));
    await step("the second tab shows it", () => second.shows("nobody"));
    await step("the first tab hears of it", () => tab.shows("nobody"));
    const visit = { ...credentials, rememberMe: false };
    await step("sign in, not remembered", () => tab.run(outcome(`react.signIn.email(${text(visit)})`)));
    await step("the hook shows the visit", () => tab.shows("user"));
    const behind = `fetch(${text(`${direct ? server : ""}/api/auth/sign-out`)}, { method: "POST", credentials: "include" }).then((it) => it.status)`;
    await step("signed out behind the hook's back", () => tab.run(behind));
    await step("the hook does not know", () => tab.shows("user"));
    // Until here the second tab hid the first one.
    await tab.toFront();
    await step("coming to the front makes it ask", () => tab.shows("nobody"));
    await step("the vanilla client signs in", () => tab.run(outcome(`vanilla.signIn.email(${text(credentials)})`)));
    await step("and reads", () => tab.run(outcome("vanilla.getSession()")));
    const atom = `new Promise((done) => vanilla.useSession.subscribe((it) => it.data && done({ user: it.data.user, error: it.error })))`;
    await step("its atom has the user", () => tab.run(atom));
    const phone = await openTab(await newDevice());
    await step("another device", () => phone.shows("nobody"));
    await step("sign in there", () => phone.run(outcome(`react.signIn.email(${text(credentials)})`)));
    await step("the other device shows it", () => phone.shows("user"));
    await step("set a field of the session", () => tab.run(outcome(`react.updateSession({ theme: "dark" })`)));
    await step("and read it", () => tab.run(outcome("react.getSession()")));
    const listed = "{ data: data?.sort((a, b) => a.createdAt - b.createdAt), error }";
    await step("list the sessions", () => tab.run(`react.listSessions().then(({ data, error }) => (${listed}))`));
    await step("revoke the others", () => tab.run(outcome("react.revokeOtherSessions()")));
    // A copy of the session in a cookie holds until it runs out, or until somebody asks past it.
    if (cached) await phone.reload();
    if (cached) await step("the other device has its copy", () => phone.shows("user"));
    const pastTheCopy = outcome("react.getSession({ query: { disableCookieCache: true } })");
    if (cached) await step("the other device asks past it", () => phone.run(pastTheCopy));
    await phone.reload();
    await step("the other device is out", () => phone.shows("nobody"));
    await step("sign in there again", () => phone.run(outcome(`react.signIn.email(${text(credentials)})`)));
    const change = { currentPassword: credentials.password, newPassword: "a horse of another battery", revokeOtherSessions: true };
    const { data: before } = await tab.shows("user");
    await step("change the password", () => tab.run(outcome(`react.changePassword(${text(change)})`)));
    await step("the hook shows the new session", () => tab.shows("user", before.session.token));
    if (cached) await step("the other device asks past its copy again", () => phone.run(pastTheCopy));
    await phone.reload();
    await step("the other device is out again", () => phone.shows("nobody"));
    await step("the old password is refused there", () => phone.run(outcome(`react.signIn.email(${text(credentials)})`)));
    await step("and signs out", () => tab.run(outcome("vanilla.signOut()")));
  } finally {
    for (const browserContextId of devices) await call("Target.disposeBrowserContext", { browserContextId });
    site.closeAllConnections();
    site.close();
  }
  return steps;
}
