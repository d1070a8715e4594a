-- Runs only on a table that up.sql made itself.
DROP TABLE "jwks";
