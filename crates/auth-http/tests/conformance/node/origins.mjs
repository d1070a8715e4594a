// Better Auth's own judgement of origins. Input: {pairs: [{pattern, url}]}. Prints a list of booleans in the order of the
// input. The package exports no such function, so its file is read.

import { input } from "./options.mjs";

const { matchesOriginPattern } = await import(
	new URL("./node_modules/better-auth/dist/auth/trusted-origins.mjs", import.meta.url)
);

const trusted = input().pairs.map(({ pattern, url }) => matchesOriginPattern(url, pattern));
process.stdout.write(JSON.stringify(trusted));
