export { default } from "../../../../../supabase/functions/check-and-deduct-credit/index.ts";
