// Verifies tokens as a service does that knows a server by the address of its keys and nothing else.
// Input: {jwks: url, issuer, audience, algorithm, tokens: [token]}. Prints [{header, claims} | {error}].

import { createRemoteJWKSet, jwtVerify } from "jose";
import { input } from "./options.mjs";

const { jwks, issuer, audience, algorithm, tokens } = input();
const keys = createRemoteJWKSet(new URL(jwks));

const verified = [];
for (const token of tokens) {
  try {
    const { protectedHeader, payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: [algorithm] });
    verified.push({ header: protectedHeader, claims: payload });
  } catch (error) {
    verified.push({ error: error.code });
  }
}
process.stdout.write(JSON.stringify(verified));
