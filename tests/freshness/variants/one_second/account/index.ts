import { account } from "../../../../../supabase/functions/account/handler.ts";
import { fromEnvironment } from "../../../../../supabase/functions/_shared/environment.ts";
import { createOneSecondViews } from "../../one_second.ts";

const dependencies = fromEnvironment();

export default {
  fetch: account({ ...dependencies, view: createOneSecondViews(dependencies.call) }),
};
