// Better Auth's options out of plain JSON, and the one place that says which defaults the tests change.
//
// Input: {databaseUrl, secret, options?, plugins?, quick?}. `options` is laid over the defaults, so that a test
// can say `{"session": {"cookieCache": {"enabled": true, "strategy": "jwt"}}}` and nothing else. `plugins` has the
// options of each plugin by its name, such as `{"bearer": {"requireSignature": true}}`. `quick` puts an
// argon2id that costs nothing in the place of scrypt, for tests that sign in a hundred times and look at something
// else; it is written as the Rust server writes it, so that both can sign in the same users.

import { randomBytes } from "node:crypto";
import { argon2id } from "@noble/hashes/argon2.js";
import { bearer } from "better-auth/plugins/bearer";
import { jwt } from "better-auth/plugins/jwt";
import { username } from "better-auth/plugins/username";
import pg from "pg";

const known = { bearer, jwt, username };

const unpadded = (bytes) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");
const digest = (password, salt) => unpadded(argon2id(password.normalize("NFKC"), salt, { m: 8, t: 1, p: 1, dkLen: 32 }));
const quickPasswords = {
  hash: async (password) => {
    const salt = randomBytes(16);
    return `$argon2id$v=19$m=8,t=1,p=1$${unpadded(salt)}$${digest(password, salt)}`;
  },
  verify: async ({ hash, password }) => {
    const [, , , , salt, key] = hash.split("$");
    return key === digest(password, Buffer.from(salt, "base64"));
  },
};

export function authOptions(input, baseURL, sendMail = () => {}) {
  const { databaseUrl, secret, options = {}, plugins = {}, quick = false } = input;
  return {
    baseURL,
    secret,
    database: new pg.Pool({ connectionString: databaseUrl, max: 4 }),
    telemetry: { enabled: false },
    logger: { level: "error" },
    ...options,
    emailAndPassword: { enabled: true, ...(quick && { password: quickPasswords }), ...options.emailAndPassword },
    emailVerification: {
      sendVerificationEmail: async ({ user, token }) => sendMail({ to: user.email, token }),
      ...options.emailVerification,
    },
    plugins: Object.entries(plugins).map(([name, options]) => known[name](options)),
  };
}
