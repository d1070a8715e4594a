// Better Auth's options out of plain JSON, and the one place that says which defaults the tests change.
//
// Input: {databaseUrl, secret, options?, bearer?, quick?}. `options` is laid over the defaults, so that a test
// can say `{"session": {"cookieCache": {"enabled": true, "strategy": "jwt"}}}` and nothing else. `quick` puts a
// plain digest in the place of scrypt, for tests that sign in a hundred times and look at something else.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { bearer } from "better-auth/plugins/bearer";
import pg from "pg";

const digest = (password) => createHash("sha256").update(password.normalize("NFKC")).digest("hex");
const quickPasswords = {
  hash: async (password) => digest(password),
  verify: async ({ hash, password }) => hash === digest(password),
};

export function authOptions(input, baseURL, sendMail = () => {}) {
  const { databaseUrl, secret, options = {}, bearer: withBearer = false, quick = false } = input;
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
    plugins: withBearer ? [bearer()] : [],
  };
}

// The input of a script is JSON on its standard input: arguments and variables show in process lists.
export function input() {
  return JSON.parse(readFileSync(0, "utf8"));
}
