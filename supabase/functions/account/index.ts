import { fromEnvironment, numberFromEnvironment } from "../_shared/environment.ts";
import { createViews } from "../_shared/views.ts";
import { account } from "./handler.ts";

/** Of the 256 MB that a worker has on the platform. */
const DEFAULT_CACHE_MEGABYTES = 32;

const megabytes = numberFromEnvironment("VIEW_CACHE_MEGABYTES", DEFAULT_CACHE_MEGABYTES);
if (!(Number.isInteger(megabytes) && megabytes > 0)) {
  throw new Error("VIEW_CACHE_MEGABYTES must be a whole number above 0");
}

const dependencies = fromEnvironment();

export default {
  fetch: account({
    ...dependencies,
    view: createViews({ ...dependencies, maxBytes: megabytes * 1024 * 1024 }),
  }),
};
