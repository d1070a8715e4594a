// The life of one visitor, lived through Better Auth's own client library: what a front end does, and
// what the library makes of each answer. Gives the list of steps with `data`, `error`, the requests that the library
// made, and the cookies that a browser has changed by the end, by name.
//
// Input: {baseURL, email}. A browser keeps cookies and names its origin; here `fetch` is wrapped to do both.

import { createAuthClient } from "better-auth/client";
import { inferAdditionalFields } from "better-auth/client/plugins";

export default async function visit({ baseURL, email }) {
  const fields = inferAdditionalFields({ session: { theme: { type: "string", required: false } } });
  let requests = [];
  let received = new Map();

  // A browser of its own, with the client library on the page.
  function device() {
    const jar = new Map();
    async function browserFetch(url, init = {}) {
      requests.push(`${init.method ?? "GET"} ${new URL(url).pathname}`);
      const headers = new Headers(init.headers);
      headers.set("origin", baseURL);
      if (jar.size > 0) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
      const response = await fetch(url, { ...init, headers });
      for (const line of response.headers.getSetCookie()) {
        const [pair, ...attributes] = line.split("; ");
        const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
        received.set(name, { empty: value === "", attributes });
        if (attributes.includes("Max-Age=0")) jar.delete(name);
        else jar.set(name, value);
      }
      return response;
    }
    return createAuthClient({ baseURL, plugins: [fields], fetchOptions: { customFetchImpl: browserFetch } });
  }

  const client = device();
  const steps = [];

  async function step(name, call) {
    [requests, received] = [[], new Map()];
    const { data, error } = await call();
    const cookies = Object.fromEntries([...received].sort(([a], [b]) => (a < b ? -1 : 1)));
    steps.push({ name, data, error, requests, cookies });
    return data;
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

  // One user on several devices.
  const [phone, tablet] = [device(), device()];
  const listed = async (on) => {
    const { data, error } = await on.listSessions();
    // The reference lists them in no order.
    return { data: data?.sort((a, b) => a.createdAt - b.createdAt), error };
  };
  await step("list the sessions of nobody", () => listed(client));
  await step("sign in at the laptop", () => client.signIn.email({ email, password }));
  const onPhone = await step("sign in at the phone", () => phone.signIn.email({ email, password }));
  await step("sign in at the tablet", () => tablet.signIn.email({ email, password }));
  await step("list the sessions", () => listed(client));
  await step("set a field", () => client.updateSession({ theme: "dark" }));
  await step("read the field", () => client.getSession());
  await step("read it past a cache", () => client.getSession({ query: { disableCookieCache: true } }));
  await step("set no field", () => client.$fetch("/update-session", { method: "POST", body: { token: "x" } }));
  await step("revoke the phone", () => client.revokeSession({ token: onPhone.token }));
  await step("revoke a token of nobody", () => client.revokeSession({ token: "x".repeat(31) }));
  await step("the phone is out", () => phone.getSession({ query: { disableCookieCache: true } }));
  await step("the phone lists nothing", () => listed(phone));
  await step("revoke the others", () => client.revokeOtherSessions());
  await step("the tablet is out", () => tablet.getSession({ query: { disableCookieCache: true } }));
  await step("the laptop is in", () => client.getSession());

  const newPassword = "a horse of another battery";
  await step("sign in at the phone again", () => phone.signIn.email({ email, password }));
  await step("change the password with a wrong one", () => client.changePassword({ currentPassword: "wrong password", newPassword }));
  await step("change it to a short one", () => client.changePassword({ currentPassword: password, newPassword: "short" }));
  await step("change it", () => client.changePassword({ currentPassword: password, newPassword }));
  await step("the phone stays in", () => phone.getSession({ query: { disableCookieCache: true } }));
  const change = { currentPassword: newPassword, newPassword: password, revokeOtherSessions: true };
  await step("change it back, revoking the others", () => client.changePassword(change));
  await step("the phone is out again", () => phone.getSession({ query: { disableCookieCache: true } }));
  await step("the laptop has a new session", () => client.getSession());

  await step("revoke all", () => client.revokeSessions());
  await step("the laptop is out", () => client.getSession());

  // What `useSession` does: a session that says `needsRefresh` is asked for once more, with POST.
  await step("sign in at the tablet again", () => tablet.signIn.email({ email, password }));
  // A sign-in makes the library ask by itself 10 ms later, if somebody listens by then: nobody does yet.
  await new Promise((later) => setTimeout(later, 50));
  await step("the session atom", async () => {
    await tablet.useSession.get().refetch();
    const { data, error } = tablet.useSession.get();
    return { data, error };
  });
  return steps;
}
