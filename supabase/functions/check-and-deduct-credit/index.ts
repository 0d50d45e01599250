import { fromEnvironment } from "../_shared/environment.ts";
import { checkAndDeductCredit } from "./handler.ts";

export default { fetch: checkAndDeductCredit(fromEnvironment()) };
