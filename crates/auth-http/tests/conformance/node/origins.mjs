// Better Auth's own judgement of origins. Input: {pairs: [{pattern, url}]}. Gives a list of booleans in the order of the
// input. The package exports no such function, so its file is read.

const { matchesOriginPattern } = await import(
	new URL("./node_modules/better-auth/dist/auth/trusted-origins.mjs", import.meta.url)
);

export default ({ pairs }) => pairs.map(({ pattern, url }) => matchesOriginPattern(url, pattern));
