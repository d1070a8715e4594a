// Better Auth's own migration tool: says what it would change on a database, and changes it if asked to.
// Input: {databaseUrl, secret, apply}. Gives {toBeCreated, toBeAdded, toBeAddedIndexes, schemaProblems, sql}.

import { getMigrations } from "better-auth/db/migration";
import { authOptions } from "./options.mjs";

const named = (tables) => tables.map(({ table, fields }) => ({ table, fields: Object.keys(fields) }));

export default async function migrate({ apply = false, ...input }) {
  const options = authOptions(input, "http://127.0.0.1:3000");
  const plan = await getMigrations(options);
  const sql = await plan.compileMigrations();
  if (apply) await plan.runMigrations();
  await options.database.end();
  return {
    toBeCreated: named(plan.toBeCreated),
    toBeAdded: named(plan.toBeAdded),
    toBeAddedIndexes: plan.toBeAddedIndexes,
    schemaProblems: plan.schemaProblems,
    sql,
  };
}
