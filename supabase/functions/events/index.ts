import { fromEnvironment, numberFromEnvironment } from "../_shared/environment.ts";
import { events } from "./handler.ts";
import { createTickets } from "./ticket.ts";

/**
 * The platform ends a worker so many seconds after its start: 150 on the free plan, 400 on a paid one. 0: never, as on the
 * local stack.
 */
const WALL_CLOCK_SECONDS = numberFromEnvironment(
  "WORKER_WALL_CLOCK_SECONDS",
  150,
);
/** Streams are told to come again so much before, in seconds. */
const MARGIN_SECONDS = 10;

const startedAt = Date.now();
const dependencies = fromEnvironment();
const secretKeys: Record<string, string> = JSON.parse(
  Deno.env.get("SUPABASE_SECRET_KEYS") ?? "{}",
);
const secret = secretKeys["default"] ?? Object.values(secretKeys)[0] ??
  Deno.env.get("SUPABASE_SECRET_KEY") ??
  Deno.env.get("SUPABASE_SERVICE_ROLE_KEY");
if (!secret) {
  throw new Error(
    "Neither SUPABASE_SECRET_KEYS nor SUPABASE_SECRET_KEY is set",
  );
}
const tickets = createTickets(secret);

export default {
  fetch: events({
    ...dependencies,
    auth: { ...dependencies.auth, verifyTicket: tickets.verify },
    tickets,
    endsAt: WALL_CLOCK_SECONDS > 0
      ? startedAt + (WALL_CLOCK_SECONDS - MARGIN_SECONDS) * 1000
      : Infinity,
  }),
};
