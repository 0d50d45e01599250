/**
 * `deno task demo`: the main job, end to end, on a stack of its own and through an unmodified supabase-js client. Prints
 * what happened, and ends; with 1 when anything was not as promised.
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, FunctionsHttpError, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { pictureOf } from "./demo_picture.ts";
import { type Ask, callBack, hear, settleForUsage, type Step } from "./demo_steps.ts";
import { type Stack } from "./stack/stack.ts";
import { table } from "./table.ts";
import { startTemporaryStack } from "./temporary_stack.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

/** What a function answered, whatever its status. */
interface Reply {
  status: number;
  replayed: boolean;
  // deno-lint-ignore no-explicit-any -- each step looks at what it needs.
  body: any;
}

async function invoke(
  client: SupabaseClient,
  name: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const { data, error, response } = await client.functions.invoke(name, { body, headers });
  const replayed = response?.headers.get("idempotent-replayed") === "true";
  if (!error) return { status: response?.status ?? 200, replayed, body: data };
  if (!(error instanceof FunctionsHttpError)) throw error;
  return { status: error.context.status, replayed, body: await error.context.json() };
}

function clientOf(stack: Stack, key: string): SupabaseClient {
  return createClient(stack.url, key, { auth: { persistSession: false, autoRefreshToken: false } });
}

/** A user who has just signed in; a new account opens with 10 credits. */
async function signIn(stack: Stack): Promise<{ client: SupabaseClient; userId: string }> {
  const client = clientOf(stack, stack.publishableKey);
  const { data, error } = await client.auth.signInAnonymously();
  if (error || !data.user) throw error ?? new Error("The sign-in gave no user");
  return { client, userId: data.user.id };
}

const draft = (prompt: string) => ({ type: "draft", input: { prompt } });
/** Where the picture is written. */
const PICTURE = fileURLToPath(new URL("../demo-output/lighthouse.png", import.meta.url));

const wait = { prefer: "wait=30" };

async function succeed(client: SupabaseClient): Promise<Step> {
  const { status, body } = await invoke(
    client,
    "submit-generation",
    draft("a lighthouse at dusk"),
    wait,
  );
  await Deno.mkdir(dirname(PICTURE), { recursive: true });
  await Deno.writeFile(PICTURE, await pictureOf(body.result));
  const { size } = await Deno.stat(PICTURE);
  return {
    what: "a generation that succeeds",
    outcome: `${body.status}; a picture of ${Math.round(size / 1024)} KiB`,
    credits: `10 → ${body.credits}`,
    asPromised: status === 200 && body.credits === 9 && size > 0,
  };
}

async function failAtTheProvider(client: SupabaseClient): Promise<Step> {
  const { status, body } = await invoke(client, "submit-generation", draft("[fail]"), wait);
  return {
    what: "a provider that fails",
    outcome: `${status} ${body.code}: ${body.detail}`,
    credits: `9 → 8 → ${body.credits}`,
    asPromised: status === 502 && body.refunded === 1 && body.credits === 9,
  };
}

async function crowd(stack: Stack, operator: SupabaseClient): Promise<Step> {
  const { client, userId } = await signIn(stack);
  await invoke(operator, "operations/grants", {
    user_id: userId,
    amount: -5,
    reason: "the demo wants 5 credits",
  });
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => invoke(client, "submit-generation", draft("crowd"))),
  );
  const charged = replies.filter(({ status }) => status === 202).length;
  const refused = replies.filter(({ body }) => body.code === "INSUFFICIENT_CREDITS").length;
  const lowest = Math.min(...replies.map(({ body }) => body.credits));
  return {
    what: "20 submissions at once, 5 credits",
    outcome: `${charged} accepted, ${refused} refused, none below zero`,
    credits: `5 → ${lowest}`,
    asPromised: charged === 5 && refused === 15 && lowest === 0,
  };
}

async function resend(client: SupabaseClient): Promise<Step> {
  const key = { "idempotency-key": crypto.randomUUID() };
  const replies = await Promise.all(
    Array.from({ length: 10 }, () => invoke(client, "submit-generation", draft("again"), key)),
  );
  const ids = new Set(replies.map(({ body }) => body.generation_id));
  const replayed = replies.filter((reply) => reply.replayed).length;
  const credits = replies[0]?.body.credits;
  return {
    what: "one request sent 10 times, one key",
    outcome: `${ids.size} generation, ${replayed} replays of its answer`,
    credits: `9 → ${credits}`,
    asPromised: ids.size === 1 && replayed === 9 && credits === 8,
  };
}

async function stuck(
  stack: Stack,
  client: SupabaseClient,
  operator: SupabaseClient,
): Promise<Step> {
  const { body } = await invoke(client, "submit-generation", draft("[hang]"));
  // Half an hour passes: time is moved by backdating the row.
  const sql = postgres(stack.databaseUrl, { max: 1 });
  await sql`
    update generation_jobs set deadline_at = now() - interval '1 second' where id = ${body.generation_id}`;
  await sql.end();
  const swept = await invoke(operator, "operations/sweep", {});
  const { data } = await client.from("generation_jobs").select("status, refunded").eq(
    "id",
    body.generation_id,
  ).single();
  const { data: profile } = await client.from("profiles").select("credits").single();
  return {
    what: "a job stuck for half an hour, and the sweeper",
    outcome: `${data?.status}; ${swept.body.refunded} credit came back`,
    credits: `8 → ${body.credits} → ${profile?.credits}`,
    asPromised: data?.status === "expired" && data.refunded === 1 && profile?.credits === 8,
  };
}

interface AccountEvent {
  version: number;
  type: string;
  delta: number;
  balance: number;
  reason: string;
  actor: string;
}

async function ledger(client: SupabaseClient): Promise<{ step: Step; rows: string[][] }> {
  const { data } = await client.from("account_events")
    .select("version, type, delta, balance, reason, actor").order("version");
  const events = (data ?? []) as AccountEvent[];
  const { data: profile } = await client.from("profiles").select("credits, version").single();
  let sum = 0;
  const exact = events.every((event, index) => {
    sum += event.delta;
    return event.version === index + 1 && event.balance === sum;
  });
  const asPromised = exact && events.length > 0 && profile?.credits === sum &&
    profile.version === events.length;
  return {
    step: {
      what: "the ledger adds up",
      outcome: `${events.length} events without a gap; their sum is ${sum}`,
      credits: `${profile?.credits}`,
      asPromised,
    },
    rows: events.map(({ version, type, delta, balance, reason, actor }) => [
      String(version),
      type,
      delta > 0 ? `+${delta}` : String(delta),
      String(balance),
      reason,
      actor,
    ]),
  };
}

/** Another user, with 10 credits of a text, and 10 more for what follows. */
async function moreSteps(
  stack: Stack,
  operator: SupabaseClient,
  take: (step: Step) => void,
): Promise<void> {
  const { client, userId } = await signIn(stack);
  const ask: Ask = async (name, body, headers) =>
    (await invoke(client, name, body as Record<string, unknown>, headers)).body;
  const text = await settleForUsage(ask);
  take(text);
  const { body } = await invoke(operator, "operations/grants", {
    user_id: userId,
    amount: 10,
    reason: "the demo goes on",
  });
  const called = await callBack(ask, body.credits);
  take(called);
  const { data: profile } = await client.from("profiles").select("credits").single();
  take(await hear(stack, client, ask, profile?.credits));
}

async function show(stack: Stack): Promise<boolean> {
  const { client } = await signIn(stack);
  const operator = clientOf(stack, stack.secretKey);
  const steps: Step[] = [];
  const take = (step: Step) => {
    steps.push(step);
    print(`  ${step.asPromised ? "✓" : "✗"} ${step.what}`);
  };
  print("\nGenerating:");
  take(await succeed(client));
  take(await failAtTheProvider(client));
  take(await crowd(stack, operator));
  take(await resend(client));
  take(await stuck(stack, client, operator));
  await moreSteps(stack, operator, take);
  const { step, rows } = await ledger(client);
  take(step);

  const head = ["", "what", "what happened", "credits"];
  print(
    "\n" + table([
      head,
      ...steps.map((s) => [s.asPromised ? "✓" : "✗", s.what, s.outcome, s.credits]),
    ]),
  );
  print(`\nThe picture: ${PICTURE}`);
  print("\nThe first user's ledger, as that user reads it through row level security:");
  print(table([["version", "event", "credits", "balance", "reason", "by"], ...rows], [0, 2, 3]));
  return steps.every(({ asPromised }) => asPromised);
}

const startedAt = performance.now();
let asPromised: boolean;
{
  print("Starting a stack of its own:");
  await using stack = await startTemporaryStack({ log: (line) => print(`  ${line}`) });
  asPromised = await show(stack);
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
print(
  asPromised
    ? `\nEverything as promised, in ${seconds} s.`
    : `\nNot everything was as promised: see the rows marked ✗.`,
);
Deno.exit(asPromised ? 0 : 1);
