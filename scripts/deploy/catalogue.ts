/** What is ours in a database, object by object, as it is compared with what the migrations make. */

/** Asks a database. */
export type Query = <Row>(sql: string) => Promise<Row[]>;

/** The properties of each object, by its kind and name, such as `trigger public.profiles.zz_guard_direct_write`. */
export type Catalogue = Record<string, Record<string, unknown>>;

/** Which objects are looked at: those of these tables and functions, such as `public.profiles`. */
export interface Scope {
  tables: string[];
  routines: string[];
}

/**
 * Reads the catalogue: functions in every overload, and columns, constraints, indexes, triggers, policies and rules of
 * tables. Without a scope, of all that is in the schemas public and private, as where nobody else has made anything.
 */
export async function readCatalogue(query: Query, scope?: Scope): Promise<Catalogue> {
  const [row] = await query<{ objects: Catalogue; has_cron: boolean }>(objectsQuery(scope));
  if (!row) throw new Error("The database answered nothing");
  const jobs = row.has_cron
    ? await query<{ name: string; properties: Catalogue[string] }>(JOBS)
    : [];
  return {
    ...row.objects,
    ...Object.fromEntries(jobs.map(({ name, properties }) => [`job ${name}`, properties])),
  };
}

/** What pg_cron runs here. */
const JOBS = `
select jobname as name, jsonb_build_object(
  'schedule', schedule, 'command', replace(command, E'\\r', ''), 'active', active, 'here', database = current_database()
) as properties
from cron.job where jobname is not null order by jobname`;

/** A list of names as SQL. */
export function names(values: string[]): string {
  return `(select jsonb_array_elements_text('${
    JSON.stringify(values).replaceAll("'", "''")
  }'::jsonb))`;
}

/** The schema public stands before a name or not, as the search path of the one who asks has it: it is left out. */
const text = (expression: string) => `regexp_replace(${expression}, '\\mpublic\\.', '', 'g')`;

function objectsQuery(scope: Scope | undefined): string {
  const among = (name: string, list: string[] | undefined) =>
    list === undefined ? "true" : `${name} in ${names(list)}`;
  return `
with tables as (
  select c.oid, n.nspname || '.' || c.relname as name
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname in ('public', 'private')
    and ${among("n.nspname || '.' || c.relname", scope?.tables)}
),
routines as (
  select p.*, n.nspname || '.' || p.proname as name
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'private') and ${
    among("n.nspname || '.' || p.proname", scope?.routines)
  }
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
),
objects (name, properties) as (
  select 'function ' || name || '(' || ${
    text("oidvectortypes(proargtypes)")
  } || ')', jsonb_build_object(
    'arguments', ${text("pg_get_function_arguments(oid)")}, 'returns', ${
    text("pg_get_function_result(oid)")
  },
    'language', (select lanname from pg_language l where l.oid = prolang),
    'volatility', provolatile, 'security_definer', prosecdef,
    'settings', (select coalesce(jsonb_agg(s order by s), '[]') from unnest(proconfig) s),
    'body', md5(replace(prosrc, E'\\r', ''))
  )
  from routines
  union all
  select 'column ' || t.name || '.' || a.attname, jsonb_build_object(
    'type', ${
    text("format_type(a.atttypid, null)")
  }, 'not_null', a.attnotnull, 'identity', a.attidentity,
    'default', ${text("pg_get_expr(d.adbin, d.adrelid)")}
  )
  from tables t
  join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  union all
  -- A column's "not null" is the column's; from Postgres 18 on it is a constraint as well.
  select 'constraint ' || t.name || '.' || k.conname, jsonb_build_object(
    'definition', ${text("pg_get_constraintdef(k.oid)")}, 'validated', k.convalidated
  )
  from tables t
  join pg_constraint k on k.conrelid = t.oid and k.contype in ('c', 'f', 'p', 'u', 'x')
  union all
  select 'index ' || t.name || '.' || c.relname, jsonb_build_object(
    'definition', ${text("pg_get_indexdef(i.indexrelid)")}, 'valid', i.indisvalid and i.indisready
  )
  from tables t
  join pg_index i on i.indrelid = t.oid
  join pg_class c on c.oid = i.indexrelid
  where not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = t.oid)
  union all
  -- Ours also on tables of others, such as auth.users.
  select 'trigger ' || n.nspname || '.' || c.relname || '.' || g.tgname, jsonb_build_object(
    'definition', ${text("pg_get_triggerdef(g.oid)")},
    'enabled', case g.tgenabled when 'O' then 'yes' when 'D' then 'no' when 'A' then 'always' else 'on replicas only' end
  )
  from pg_trigger g
  join pg_class c on c.oid = g.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
  where not g.tgisinternal and (g.tgrelid in (select oid from tables) or g.tgfoid in (select oid from routines))
  union all
  select 'policy ' || n.nspname || '.' || c.relname || '.' || p.polname, jsonb_build_object(
    'command', p.polcmd, 'permissive', p.polpermissive,
    'roles', (
      select jsonb_agg(case r when 0 then 'public' else pg_get_userbyid(r)::text end order by r) from unnest(p.polroles) r
    ),
    'using', ${text("pg_get_expr(p.polqual, p.polrelid)")}, 'check', ${
    text("pg_get_expr(p.polwithcheck, p.polrelid)")
  }
  )
  from pg_policy p
  join pg_class c on c.oid = p.polrelid
  join pg_namespace n on n.oid = c.relnamespace
  where p.polrelid in (select oid from tables) or p.polname like 'edge-credits: %'
  union all
  select 'rule ' || t.name || '.' || r.rulename, jsonb_build_object(
    'definition', ${text("pg_get_ruledef(r.oid)")}, 'enabled', r.ev_enabled
  )
  from tables t
  join pg_rewrite r on r.ev_class = t.oid
)
select jsonb_object_agg(name, properties order by name) as objects, to_regclass('cron.job') is not null as has_cron
from objects`;
}

/** What of a catalogue is not as expected. */
export interface Differences {
  missing: string[];
  /** Their names, and in parentheses which of their properties. */
  changed: { name: string; properties: string[] }[];
  /** There, and not expected. */
  others: string[];
}

/** Compares what is there with what is expected. */
export function compare(expected: Catalogue, found: Catalogue): Differences {
  return {
    missing: Object.keys(expected).filter((name) => !(name in found)),
    changed: Object.entries(expected).flatMap(([name, wanted]) => {
      const there = found[name];
      if (there === undefined) return [];
      const properties = Object.keys(wanted).filter((key) =>
        JSON.stringify(wanted[key]) !== JSON.stringify(there[key])
      );
      return properties.length > 0 ? [{ name, properties }] : [];
    }),
    others: Object.keys(found).filter((name) => !(name in expected)),
  };
}
