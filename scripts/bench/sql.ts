/**
 * `deno task bench:sql`: what a charge costs beyond the writes that no design can do without.
 *
 * The floor is a bare function on tables like ours (same columns, checks and indexes): one guarded UPDATE of the balance
 * and one INSERT of the job. Ours does that, and: locks first, looks at the price list, the rate limit and the
 * reservations, writes the ledger, and answers. Ratios are medians over rounds of one run.
 */

import postgres from "postgres";
import { installDebianPackages } from "../debian.ts";
import type { Stack } from "../stack/stack.ts";
import { table } from "../table.ts";
import { startTemporaryStack, type TemporaryStack } from "../temporary_stack.ts";
import { interleaved, type Load, median, type Settings } from "./pgbench.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

const ROUNDS = 7;
const USERS = 10_000;

// Without the messages to Supabase Realtime, of which docs/realtime.md says what they cost.
const SETUP = `
  update private.settings set realtime = false;
  insert into public.profiles (id, credits)
  select ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 1000000000 from generate_series(1, ${USERS}) i;

  create schema floor;
  create table floor.profiles (like public.profiles including all);
  create table floor.generation_jobs (like public.generation_jobs including all);
  insert into floor.profiles select * from public.profiles;

  create function floor.charge(p_user_id uuid, p_status public.generation_status, p_input jsonb)
  returns jsonb language plpgsql security definer set search_path = '' as $$
  declare
    v_profile record;
    v_id uuid;
  begin
    update floor.profiles
    set credits = credits - 1, version = version + 1, last_generate_at = clock_timestamp()
    where id = p_user_id and credits >= 1
    returning credits, version into v_profile;
    if not found then
      return jsonb_build_object('success', false);
    end if;
    insert into floor.generation_jobs (user_id, version, type, status, cost, refund_on_failure, input, deadline_at)
    values (
      p_user_id, v_profile.version, 'draft', p_status, 1, true, p_input, clock_timestamp() + interval '30 minutes'
    )
    returning id into v_id;
    return jsonb_build_object(
      'success', true, 'generation_id', v_id, 'credits', v_profile.credits, 'version', v_profile.version
    );
  end;
  $$;
  create function floor.touch(p_user_id uuid)
  returns integer language plpgsql security definer set search_path = '' as $$
  declare
    v_credits integer;
  begin
    update floor.profiles set credits = credits - 1 where id = p_user_id returning credits into v_credits;
    return v_credits;
  end;
  $$;
  analyze public.profiles;
  analyze floor.profiles;`;

const ANY_USER = `\\set n random(1, ${USERS})\n`;
const USER = `('00000000-0000-4000-8000-' || lpad(:n::text, 12, '0'))::uuid`;
const HOT_USER = `'00000000-0000-4000-8000-000000000001'`;
const INPUT = `'{"prompt": "a lighthouse at dusk"}'`;

const CALLS = {
  bareReserve: `floor.charge(${USER}, 'reserved', null)`,
  reserve: `public.reserve_generation(${USER}, 'draft')`,
  bareSubmit: `floor.charge(${USER}, 'processing', ${INPUT})`,
  submit: `public.submit_generation(${USER}, 'draft', ${INPUT})`,
  bareHot: `floor.touch(${HOT_USER})`,
  bareHotCharge: `floor.charge(${HOT_USER}, 'reserved', null)`,
  hot: `public.reserve_generation(${HOT_USER}, 'draft')`,
};

const SETTINGS: Settings = { clients: 8, seconds: 2 };
const rows: string[][] = [["ours", "per second", "against", "per second", "ratio", "at least"]];

function load(name: string, call: string, stack: Stack): Load {
  const script = `${call.includes(":n") ? ANY_USER : ""}select ${call};\n`;
  return { name, script, databaseUrl: stack.databaseUrl };
}

async function compare(ours: Load, against: Load, target?: number): Promise<void> {
  print(`\n${ours.name} against ${against.name}, ${SETTINGS.clients} clients:`);
  const log = (line: string) => print(`  ${line}`);
  const [floor = [], rates = []] = await interleaved([against, ours], ROUNDS, SETTINGS, log);
  const ratio = median(rates.map((rate, round) => rate / (floor[round] ?? NaN)));
  rows.push([
    ours.name,
    String(Math.round(median(rates))),
    against.name,
    String(Math.round(median(floor))),
    ratio.toFixed(2) + (target === undefined ? "" : ratio >= target ? " ✓" : " ✗"),
    target?.toFixed(2) ?? "",
  ]);
}

/** A stack with the users and the floor, and so many events in its ledger, shared out among the users. */
async function startWithEvents(events: number): Promise<TemporaryStack> {
  print(`\nStarting a stack with ${events.toLocaleString("en")} events:`);
  const stack = await startTemporaryStack({ log: (line) => print(`  ${line}`), sweep: false });
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
  await sql.unsafe(SETUP);
  await sql`
    insert into account_events (user_id, version, type, delta, balance, reason, actor, created_at)
    select p.id, v, 'credit.granted', 0, p.credits, 'bench', 'bench', now()
    from generate_series(2, ${events}::integer / ${USERS}::integer) v, profiles p`;
  await sql`alter table profiles disable trigger user`;
  await sql`
    update profiles p set version = (select max(version) from account_events e where e.user_id = p.id)`;
  await sql`alter table profiles enable trigger user`;
  await sql`vacuum analyze`;
  await sql.end();
  return stack;
}

const missing = await installDebianPackages(print);
if (missing !== null) {
  print(`pgbench is one of Debian's packages, and ${missing}.`);
  Deno.exit(1);
}
// Every account has its opening event: these are 10,000, and a million.
await using few = await startWithEvents(USERS);
await using many = await startWithEvents(1_000_000);

await compare(
  load("submit_generation, 1,000,000 events", CALLS.submit, many),
  load("the same, 10,000 events", CALLS.submit, few),
  0.9,
);
await compare(
  load("submit_generation", CALLS.submit, few),
  load("bare charge, submitted", CALLS.bareSubmit, few),
  0.65,
);
await compare(
  load("reserve_generation", CALLS.reserve, few),
  load("bare charge, reserved", CALLS.bareReserve, few),
  0.75,
);
await compare(
  load("reserve_generation, one user", CALLS.hot, few),
  load("bare UPDATE, one row", CALLS.bareHot, few),
  0.8,
);
// What of it is the job that is made in the same transaction, whatever else is done.
await compare(
  load("bare charge, one user", CALLS.bareHotCharge, few),
  load("bare UPDATE, one row", CALLS.bareHot, few),
);
print("\n" + table(rows, [1, 3, 4, 5]));
