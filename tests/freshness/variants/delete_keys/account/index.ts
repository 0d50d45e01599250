import { account } from "../../../../../supabase/functions/account/handler.ts";
import { fromEnvironment } from "../../../../../supabase/functions/_shared/environment.ts";
import { createSharedViews, deletingKeys } from "../../delete_keys.ts";

const dependencies = fromEnvironment();

export default deletingKeys({
  fetch: account({ ...dependencies, view: createSharedViews(dependencies.call) }),
});
