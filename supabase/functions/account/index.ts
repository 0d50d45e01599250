import { fromEnvironment } from "../_shared/environment.ts";
import { account } from "./handler.ts";

export default { fetch: account(fromEnvironment()) };
