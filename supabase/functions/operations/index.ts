import { fromEnvironment } from "../_shared/environment.ts";
import { operations } from "./handler.ts";

export default { fetch: operations(fromEnvironment()) };
