// Better Auth's own judgement of hosts. Input: {cases: [{config, trusted, headers: [[name, value]]}]}. Prints a list in the
// order of the input: the origin that the request came under, or null where it is refused.

import { resolveDynamicBaseURL } from "better-auth";
import { input } from "./options.mjs";

const origin = ({ config, trusted, headers }) => {
  try {
    return new URL(resolveDynamicBaseURL(config, new Headers(headers), "/api/auth", trusted)).origin;
  } catch {
    return null;
  }
};
process.stdout.write(JSON.stringify(input().cases.map(origin)));
