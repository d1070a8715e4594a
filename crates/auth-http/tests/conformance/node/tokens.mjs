// Reads and makes tokens with `jose` and with Better Auth's own functions, knowing the secret and nothing else.
// Input: {secret, verify?: [token], sign?: [{header?, claims}], changeEmail?: {email, updateTo, userId}}.
// Prints {verified: [{header, claims} | {error}], signed: [token], changeEmail?: token}.

import { createEmailVerificationToken } from "better-auth/api";
import { SignJWT, jwtVerify } from "jose";
import { input } from "./options.mjs";

const { secret, verify = [], sign = [], changeEmail } = input();
const key = new TextEncoder().encode(secret);

const verified = [];
for (const token of verify) {
  try {
    const { protectedHeader, payload } = await jwtVerify(token, key, { algorithms: ["HS256"] });
    verified.push({ header: protectedHeader, claims: payload });
  } catch (error) {
    verified.push({ error: error.code });
  }
}

const signed = [];
for (const { header = {}, claims } of sign) {
  signed.push(await new SignJWT(claims).setProtectedHeader({ alg: "HS256", ...header }).sign(key));
}

const printed = { verified, signed };
if (changeEmail) {
  const { email, updateTo, userId } = changeEmail;
  const extra = { userId, requestType: "change-email-verification" };
  printed.changeEmail = await createEmailVerificationToken(secret, email, updateTo, 3600, extra);
}
process.stdout.write(JSON.stringify(printed));
