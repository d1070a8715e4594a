-- The table in which Better Auth 1.7.25 counts requests (`rateLimit.storage = "database"`), as its own migration makes
-- it. Where Node made it already, nothing is changed. Locks nothing that is in use.
CREATE TABLE IF NOT EXISTS "rateLimit" (
  "id" text NOT NULL PRIMARY KEY,
  "key" text NOT NULL UNIQUE,
  "count" integer NOT NULL,
  "lastRequest" bigint NOT NULL
);
