export { default } from "../../../../../supabase/functions/operations/index.ts";
