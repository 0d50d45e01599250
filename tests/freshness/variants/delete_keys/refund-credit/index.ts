import original from "../../../../../supabase/functions/refund-credit/index.ts";
import { deletingKeys } from "../../delete_keys.ts";

export default deletingKeys(original);
