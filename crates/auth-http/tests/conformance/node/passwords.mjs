// Better Auth's password hashing as its own routes call it. Input: {hash: [password], verify: [{hash, password}]}.
// Gives {hashes: [text], verified: [boolean]}, in the order of the input.

import { hashPassword, verifyPassword } from "better-auth/crypto";

export default async function passwords({ hash, verify }) {
  const hashes = [];
  for (const password of hash) hashes.push(await hashPassword(password));
  const verified = [];
  for (const pair of verify) verified.push(await verifyPassword(pair));
  return { hashes, verified };
}
