import original from "../../../../../supabase/functions/check-and-deduct-credit/index.ts";
import { deletingKeys } from "../../delete_keys.ts";

export default deletingKeys(original);
