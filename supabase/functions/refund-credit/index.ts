import { fromEnvironment } from "../_shared/environment.ts";
import { refundCredit } from "./handler.ts";

export default { fetch: refundCredit(fromEnvironment()) };
