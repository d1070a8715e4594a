// Better Auth's own judgement of hosts. Input: {cases: [{config, trusted, headers: [[name, value]]}]}. Gives a list in the
// order of the input: the origin that the request came under, or null where it is refused.

import { resolveDynamicBaseURL } from "better-auth";

const origin = ({ config, trusted, headers }) => {
  try {
    return new URL(resolveDynamicBaseURL(config, new Headers(headers), "/api/auth", trusted)).origin;
  } catch {
    return null;
  }
};

export default ({ cases }) => cases.map(origin);
