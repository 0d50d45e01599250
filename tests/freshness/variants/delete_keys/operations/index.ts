import original from "../../../../../supabase/functions/operations/index.ts";
import { deletingKeys } from "../../delete_keys.ts";

export default deletingKeys(original);
