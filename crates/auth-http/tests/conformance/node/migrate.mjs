// Better Auth's own migration tool: says what it would change on a database, and changes it if asked to.
// Input: {databaseUrl, secret, apply}. Prints {toBeCreated, toBeAdded, toBeAddedIndexes, schemaProblems, sql}.

import { getMigrations } from "better-auth/db/migration";
import { authOptions, input } from "./options.mjs";

const { apply = false, ...rest } = input();
const options = authOptions(rest, "http://127.0.0.1:3000");
const plan = await getMigrations(options);
const sql = await plan.compileMigrations();
if (apply) await plan.runMigrations();
await options.database.end();

const named = (tables) => tables.map(({ table, fields }) => ({ table, fields: Object.keys(fields) }));
process.stdout.write(
  JSON.stringify({
    toBeCreated: named(plan.toBeCreated),
    toBeAdded: named(plan.toBeAdded),
    toBeAddedIndexes: plan.toBeAddedIndexes,
    schemaProblems: plan.schemaProblems,
    sql,
  }),
);
