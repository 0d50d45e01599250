/**
 * `deno task bench:sql`: what a charge costs beyond the writes that no design can do without.
 *
 * The floor is a bare function on tables like ours (same columns, checks and indexes): one guarded UPDATE of the balance
 * and one INSERT of the job. Ours does that, and: locks first, looks at the price list, the rate limit and the
 * reservations, writes the ledger, and answers. Ratios are medians over rounds of one run.
 */

import postgres from "postgres";
import { installDebianPackages } from "../debian.ts";
import { table } from "../table.ts";
import { startTemporaryStack } from "../temporary_stack.ts";
import { interleaved, type Load, median, type Settings } from "./pgbench.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

const ROUNDS = 7;
const USERS = 10_000;

const SETUP = `
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

function load(name: string, call: string): Load {
  return { name, script: `${call.includes(":n") ? ANY_USER : ""}select ${call};\n` };
}

const loads = {
  floorReserve: load("bare charge, reserved", `floor.charge(${USER}, 'reserved', null)`),
  reserve: load("reserve_generation", `public.reserve_generation(${USER}, 'draft')`),
  floorSubmit: load("bare charge, submitted", `floor.charge(${USER}, 'processing', ${INPUT})`),
  submit: load("submit_generation", `public.submit_generation(${USER}, 'draft', ${INPUT})`),
  floorHot: load("bare UPDATE, one row", `floor.touch(${HOT_USER})`),
  hot: load("reserve_generation, one user", `public.reserve_generation(${HOT_USER}, 'draft')`),
};

const rows: string[][] = [["ours", "per second", "floor", "per second", "ratio", "at least"]];

function report(
  ours: Load,
  oursRates: number[],
  floor: string,
  floorRates: number[],
  target: number,
) {
  const ratio = median(oursRates.map((rate, round) => rate / (floorRates[round] ?? NaN)));
  rows.push([
    ours.name,
    String(Math.round(median(oursRates))),
    floor,
    String(Math.round(median(floorRates))),
    `${ratio.toFixed(2)} ${ratio >= target ? "✓" : "✗"}`,
    target.toFixed(2),
  ]);
}

async function compare(ours: Load, floor: Load, target: number, settings: Settings): Promise<void> {
  print(`\n${ours.name} against ${floor.name}, ${settings.clients} clients:`);
  const [floorRates = [], oursRates = []] = await interleaved(
    [floor, ours],
    ROUNDS,
    settings,
    (line) => print(`  ${line}`),
  );
  report(ours, oursRates, floor.name, floorRates, target);
}

const missing = await installDebianPackages(print);
if (missing !== null) {
  print(`pgbench is one of Debian's packages, and ${missing}.`);
  Deno.exit(1);
}

{
  print("Starting a stack:");
  await using stack = await startTemporaryStack({
    log: (line) => print(`  ${line}`),
    sweep: false,
  });
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
  await sql.unsafe(SETUP);
  const settings = { databaseUrl: stack.databaseUrl, clients: 8, seconds: 2 };

  await compare(loads.reserve, loads.floorReserve, 0.75, settings);
  // A submission would claim what was reserved: the other path, and no charge.
  await sql`update generation_jobs set status = 'completed', finished_at = now() where finished_at is null`;
  await sql`vacuum analyze generation_jobs`;
  await compare(loads.submit, loads.floorSubmit, 0.65, settings);
  await compare(loads.hot, loads.floorHot, 0.8, settings);

  print("\nsubmit_generation with few and with many stored events:");
  const few = await rateWithEvents(sql, settings, 1_000);
  const many = await rateWithEvents(sql, settings, 1_000_000);
  report(loads.submit, many, "the same with 1,000 events", few, 0.9);
  rows[rows.length - 1]![0] += ", 1,000,000 events";
  await sql.end();
}
print("\n" + table(rows, [1, 3, 4, 5]));

/** The rates of submit_generation over as many users, each with its share of so many events. */
async function rateWithEvents(
  sql: postgres.Sql,
  settings: Settings,
  events: number,
): Promise<number[]> {
  // The ledger is append-only: a stack of its own would be cleaner, and takes longer than the measurement.
  await sql`truncate generation_results, generation_jobs`;
  await sql`alter table account_events disable trigger user`;
  await sql`truncate account_events`;
  await sql`
    insert into account_events (user_id, version, type, delta, balance, reason, actor, created_at)
    select p.id, v, 'account.opened', 0, p.credits, 'bench', 'bench', now()
    from profiles p, generate_series(1, greatest(1, ${events}::integer / ${USERS}::integer)) v
    order by v
    limit ${events}`;
  await sql`alter table account_events enable trigger user`;
  await sql`alter table profiles disable trigger user`;
  await sql`
    update profiles p set version = greatest(1, ${events}::integer / ${USERS}::integer)`;
  await sql`alter table profiles enable trigger user`;
  await sql`vacuum analyze account_events, profiles, generation_jobs`;
  const [rates = []] = await interleaved(
    [loads.submit],
    ROUNDS,
    settings,
    (line) => print(`  ${events} events, ${line}`),
  );
  return rates;
}
