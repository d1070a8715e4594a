// Prints task, who, nanoseconds as `times` does, for `jose` on Node and the tokens that `times tokens` gave on
// standard input. Runs in the folder whose node_modules has `jose`.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { createSecretKey, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const jose = await import(pathToFileURL(require.resolve("jose")).href);

const given = JSON.parse(readFileSync(0, "utf8"));
const secret = new TextEncoder().encode(given.secret);
const currentDate = new Date(given.now * 1000);
// What Better Auth derives for its cookie cache.
const encryptionKey = new Uint8Array(
	hkdfSync("sha256", secret, "better-auth-session", "BetterAuth.js Generated Encryption Key", 64),
);
const key = createSecretKey(secret);
const claims = jose.decodeJwt(given.accessToken);

const contestants = [
	["verify access token", () => jose.jwtVerify(given.accessToken, key, {
		algorithms: ["HS256"], issuer: claims.iss, typ: "at+jwt", currentDate,
	})],
	["issue access token", () => new jose.SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "at+jwt" }).sign(key)],
	["read jwt cache", () => jose.jwtVerify(given.jwt, key, { algorithms: ["HS256"], currentDate })],
	["read jwe cache", () => jose.jwtDecrypt(given.jwe, encryptionKey, {
		keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256CBC-HS512"], currentDate,
	})],
];

const ROUNDS = 101;
const PER_ROUND = 50;

const nanoseconds = async (run) => {
	const began = process.hrtime.bigint();
	for (let count = 0; count < PER_ROUND; count += 1) await run();
	return Number(process.hrtime.bigint() - began) / PER_ROUND;
};

for (const [, run] of contestants) for (let round = 0; round < 40; round += 1) await nanoseconds(run);
const times = contestants.map(() => []);
for (let round = 0; round < ROUNDS; round += 1)
	for (const [place, [, run]] of contestants.entries()) times[place].push(await nanoseconds(run));
for (const [place, [task]] of contestants.entries()) {
	const sorted = times[place].sort((a, b) => a - b);
	console.log(`${task}\tjose\t${sorted[Math.floor(ROUNDS / 10)].toFixed(1)}`);
}
