-- Runs only on tables that up.sql made itself, and only if they are empty or their loss was asked
-- for by name. Tables that were there before stay; see migrations/README.md.
DROP TABLE "verification";
DROP TABLE "account";
DROP TABLE "session";
DROP TABLE "user";
