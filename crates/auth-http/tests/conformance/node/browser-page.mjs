// What runs in the browser: React's session hook on the page, and both clients as globals for the driver.

import { createAuthClient as createVanilla } from "better-auth/client";
import { createAuthClient as createReact } from "better-auth/react";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

// Requests under way: the driver waits for them, so that no step races with what the page asks by itself.
window.underWay = 0;
const plainFetch = window.fetch;
window.fetch = async (...request) => {
  window.underWay += 1;
  try {
    return await plainFetch(...request);
  } finally {
    window.underWay -= 1;
  }
};

const baseURL = new URLSearchParams(location.search).get("server") ?? location.origin;
const react = createReact({ baseURL });
const vanilla = createVanilla({ baseURL });

function Session() {
  const { data, error, isPending } = react.useSession();
  const shown = { isPending, error: error && { status: error.status, code: error.code }, data };
  return createElement("pre", { id: "session" }, JSON.stringify(shown));
}

// An atom lives while somebody listens to it.
vanilla.useSession.subscribe(() => {});
Object.assign(window, { react, vanilla });
createRoot(document.getElementById("root")).render(createElement(Session));
