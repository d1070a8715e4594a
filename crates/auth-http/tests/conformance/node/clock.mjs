// A clock for each server of this process, so that a test moves the time of one server in place of waiting.
//
// Must be imported before Better Auth: `Date` is replaced for every module that is loaded later. What runs inside
// `at(clock, …)` reads the system's time, or the moment `clock.stoppedAt`, plus `clock.ahead` milliseconds; everything
// else reads the system's time.

import { AsyncLocalStorage } from "node:async_hooks";

const SystemDate = Date;
const clocks = new AsyncLocalStorage();
const now = () => {
  const { stoppedAt = SystemDate.now(), ahead = 0 } = clocks.getStore() ?? {};
  return stoppedAt + ahead;
};

globalThis.Date = class Date extends SystemDate {
  constructor(...parts) {
    if (parts.length === 0) super(now());
    else super(...parts);
  }

  static now() {
    return now();
  }

  // A date that was made before this class is one of its instances too.
  static [Symbol.hasInstance](value) {
    return Object.prototype.toString.call(value) === "[object Date]";
  }
};

export const at = (clock, work) => clocks.run(clock, work);
