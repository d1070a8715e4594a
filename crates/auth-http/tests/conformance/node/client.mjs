// The life of one visitor, lived through Better Auth's own client library: what a front end does, and
// what the library makes of each answer. Prints the list of steps with `data`, `error` and the cookies set.
//
// Input: {baseURL, email}. A browser keeps cookies and names its origin; here `fetch` is wrapped to do both.

import { createAuthClient } from "better-auth/client";
import { input } from "./options.mjs";

const { baseURL, email } = input();
const jar = new Map();
let received = [];

async function browserFetch(url, init = {}) {
  const headers = new Headers(init.headers);
  headers.set("origin", baseURL);
  if (jar.size > 0) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
  const response = await fetch(url, { ...init, headers });
  for (const line of response.headers.getSetCookie()) {
    const [pair, ...attributes] = line.split("; ");
    const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
    received.push({ name, empty: value === "", attributes });
    if (attributes.includes("Max-Age=0")) jar.delete(name);
    else jar.set(name, value);
  }
  return response;
}

const client = createAuthClient({ baseURL, fetchOptions: { customFetchImpl: browserFetch } });
const steps = [];

async function step(name, call) {
  received = [];
  const { data, error } = await call();
  steps.push({ name, data, error, cookies: received });
}

const password = "correct horse battery staple";
await step("read nothing", () => client.getSession());
await step("sign up", () => client.signUp.email({ name: "Ada Lovelace", email, password }));
await step("read after sign-up", () => client.getSession());
await step("sign out", () => client.signOut());
await step("read after sign-out", () => client.getSession());
await step("sign up with a taken address", () => client.signUp.email({ name: "Eve", email, password }));
await step("sign up with a short password", () => client.signUp.email({ name: "Eve", email: `b${email}`, password: "short" }));
await step("sign up with a bad address", () => client.signUp.email({ name: "Eve", email: "not an address", password }));
await step("sign in with a wrong password", () => client.signIn.email({ email, password: "wrong password" }));
await step("sign in to an unknown address", () => client.signIn.email({ email: `c${email}`, password }));
await step("sign in for this visit only", () => client.signIn.email({ email, password, rememberMe: false }));
await step("read while not remembered", () => client.getSession());
await step("sign in to be remembered", () => client.signIn.email({ email, password, callbackURL: "/dashboard" }));
await step("read while remembered", () => client.getSession());
await step("sign out again", () => client.signOut());
await step("sign out when signed out", () => client.signOut());

process.stdout.write(JSON.stringify(steps));
