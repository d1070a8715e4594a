// Better Auth's password hashing as its own routes call it. Input: {hash: [password], verify: [{hash, password}]}.
// Prints {hashes: [text], verified: [boolean]}, in the order of the input.

import { hashPassword, verifyPassword } from "better-auth/crypto";
import { input } from "./options.mjs";

const { hash, verify } = input();
const hashes = [];
for (const password of hash) hashes.push(await hashPassword(password));
const verified = [];
for (const pair of verify) verified.push(await verifyPassword(pair));

process.stdout.write(JSON.stringify({ hashes, verified }));
