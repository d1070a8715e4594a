// Reads and makes tokens with `jose` and with Better Auth's own functions, knowing the secret and nothing else.
// Input: {secret, verify?: [token], sign?: [{header?, claims}], changeEmail?: {email, updateTo, userId}, seal?: claims}.
// Gives {verified: [{header, claims} | {error}], signed: [token], changeEmail?: token, sealed?: {account, text, envelope}}:
// the account cookie, and the claims as text encrypted under a single and under a versioned secret.

import { createEmailVerificationToken } from "better-auth/api";
import { symmetricEncodeJWT, symmetricEncrypt } from "better-auth/crypto";
import { SignJWT, jwtVerify } from "jose";

export default async function tokens({ secret, verify = [], sign = [], changeEmail, seal }) {
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

  const made = { verified, signed };
  if (changeEmail) {
    const { email, updateTo, userId } = changeEmail;
    const extra = { userId, requestType: "change-email-verification" };
    made.changeEmail = await createEmailVerificationToken(secret, email, updateTo, 3600, extra);
  }
  if (seal) {
    const [data, versioned] = [JSON.stringify(seal), { keys: new Map([[1, secret]]), currentVersion: 1 }];
    made.sealed = {
      account: await symmetricEncodeJWT(seal, secret, "better-auth-account", 300),
      text: await symmetricEncrypt({ key: secret, data }),
      envelope: await symmetricEncrypt({ key: versioned, data }),
    };
  }
  return made;
}
