-- Expired rows are found by these, so that removing them does not read the tables through. Better Auth has no such
-- indexes and does not mind them.
--
-- Each blocks writes to its table while it builds, a second or two per million rows. On large tables build them first by
-- hand, `CREATE INDEX CONCURRENTLY` under the same names; then nothing happens here.
CREATE INDEX IF NOT EXISTS "session_expiresAt_idx" ON "session" ("expiresAt");
CREATE INDEX IF NOT EXISTS "verification_expiresAt_idx" ON "verification" ("expiresAt");
CREATE INDEX IF NOT EXISTS "rateLimit_lastRequest_idx" ON "rateLimit" ("lastRequest");
