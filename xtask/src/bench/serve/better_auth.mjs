// Serves Better Auth for `cargo xtask bench serve`, on the port in PORT. Runs in the folder whose
// node_modules has the package. CACHE_SECONDS turns the cookie cache on, for that long.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.cwd(), "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { betterAuth } = await load("better-auth");
const { toNodeHandler } = await load("better-auth/node");
const { default: pg } = await load("pg");

const { PORT, DATABASE_URL, BETTER_AUTH_SECRET, CACHE_SECONDS } = process.env;
const auth = betterAuth({
  baseURL: "http://localhost:3000",
  secret: BETTER_AUTH_SECRET,
  database: new pg.Pool({ connectionString: DATABASE_URL, max: 10 }),
  telemetry: { enabled: false },
  logger: { level: "error" },
  emailAndPassword: { enabled: true },
  ...(CACHE_SECONDS && { session: { cookieCache: { enabled: true, maxAge: Number(CACHE_SECONDS) } } }),
});
createServer(toNodeHandler(auth)).listen(Number(PORT), "127.0.0.1");
