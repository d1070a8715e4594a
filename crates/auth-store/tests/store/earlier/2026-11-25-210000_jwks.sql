-- The key pairs of Better Auth's `jwt` plugin, as its own migration makes the table (1.7.25). Where Node made it already,
-- nothing is changed. It stays empty where the plugin is off, and a Better Auth without the plugin does not look at it.
-- Locks nothing that is in use.
CREATE TABLE IF NOT EXISTS "jwks" (
  "id" text NOT NULL PRIMARY KEY,
  "publicKey" text NOT NULL,
  "privateKey" text NOT NULL,
  "createdAt" timestamptz NOT NULL,
  "expiresAt" timestamptz,
  "alg" text,
  "crv" text
);

-- What the table of an older Better Auth lacks. A key without them is of the configured algorithm.
ALTER TABLE "jwks" ADD COLUMN IF NOT EXISTS "expiresAt" timestamptz;
ALTER TABLE "jwks" ADD COLUMN IF NOT EXISTS "alg" text;
ALTER TABLE "jwks" ADD COLUMN IF NOT EXISTS "crv" text;
