export { default } from "../../../../../supabase/functions/refund-credit/index.ts";
