// Reads cookie caches as a service does that has the public keys and no secret: Better Auth's own `getCookieCache`.
// Input: {jwks: url, issuer, cookies: [header]}. Prints [{session, user} | null].

import { getCookieCache } from "better-auth/cookies";
import { input } from "./options.mjs";

const { jwks, issuer, cookies } = input();
const keys = await (await fetch(jwks)).json();

const read = [];
for (const cookie of cookies) {
  const found = await getCookieCache(new Headers({ cookie }), { isSecure: false, strategy: "jwt", jwt: { jwks: keys, issuer } });
  read.push(found && { session: found.session, user: found.user });
}
process.stdout.write(JSON.stringify(read));
