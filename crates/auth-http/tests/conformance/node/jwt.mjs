// Verifies tokens as a service does that knows a server by the address of its keys and nothing else.
// Input: {jwks: url, issuer, audience, algorithm, tokens: [token]}. Gives [{header, claims} | {error}].

import { createRemoteJWKSet, jwtVerify } from "jose";

export default async function jwt({ jwks, issuer, audience, algorithm, tokens }) {
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
  return verified;
}
