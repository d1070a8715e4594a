// Reads cookie caches as a service does that has the public keys and no secret: Better Auth's own `getCookieCache`.
// Input: {jwks: url, issuer, cookies: [header]}. Gives [{session, user} | null].

import { getCookieCache } from "better-auth/cookies";

export default async function cookieCache({ jwks, issuer, cookies }) {
  const keys = await (await fetch(jwks)).json();

  const read = [];
  for (const cookie of cookies) {
    const found = await getCookieCache(new Headers({ cookie }), { isSecure: false, strategy: "jwt", jwt: { jwks: keys, issuer } });
    read.push(found && { session: found.session, user: found.user });
  }
  return read;
}
