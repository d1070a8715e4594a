DROP INDEX IF EXISTS "session_expiresAt_idx";
DROP INDEX IF EXISTS "verification_expiresAt_idx";
DROP INDEX IF EXISTS "rateLimit_lastRequest_idx";
