/** Policies and views of the app's by which a client reads rows of ours that are not its own. */

import { names } from "./catalogue.ts";

/** A policy or a view that is not ours, and who of the clients reads what is ours through it. */
export interface Exposure {
  /** Such as `policy leak on public.profiles` or `view public.everybody`. */
  name: string;
  /** Of a policy: which rows. */
  using: string | null;
  readers: string[];
}

/** A policy that shows users their own rows, as most apps have one, shows nothing to others. */
export function showsOthers({ using }: Exposure): boolean {
  const plain = (using ?? "").replaceAll(/[\s()]|^SELECT/g, "");
  const own = /^(SELECT)?auth\.uid(ASuid)?=(user_)?id$|^(user_)?id=(SELECT)?auth\.uid(ASuid)?$/;
  return !own.test(plain);
}

/**
 * Asks for them: permissive policies for select, and views that do not ask for their caller's privileges. What is ours of
 * a person is each column of a table with a `user_id`, and of profiles; except the id, and when it was made.
 */
export function exposuresQuery(tables: Record<string, string[]>, ownPolicies: string[]): string {
  const personal = Object.entries(tables)
    .filter(([name, columns]) => name === "public.profiles" || columns.includes("user_id"))
    .flatMap(([name, columns]) =>
      columns.filter((column) => !["id", "created_at"].includes(column)).map((column) =>
        `${name}.${column}`
      )
    );
  return `
with recursive clients as (select oid, rolname from pg_roles where rolname in ('anon', 'authenticated')),
personal as (
  select c.oid, n.nspname || '.' || c.relname as name, a.attnum
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
  where c.relkind in ('r', 'p') and n.nspname || '.' || c.relname || '.' || a.attname in ${
    names(personal)
  }
),
readable as (
  select distinct p.oid, p.name, c.oid as client, c.rolname
  from personal p cross join clients c
  where has_column_privilege(c.oid, p.oid, p.attnum, 'select')
),
-- A view of a view shows what that shows.
views (oid) as (
  select r.ev_class
  from personal p
  join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = p.oid and d.refobjsubid in (0, p.attnum)
  join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid and r.ev_class <> p.oid
  union
  select r.ev_class
  from views v
  join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = v.oid
  join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid and r.ev_class <> v.oid
)
select 'policy ' || p.polname || ' on ' || r.name as name, pg_get_expr(p.polqual, p.polrelid) as using,
  jsonb_agg(r.rolname order by r.rolname) as readers
from pg_policy p
join readable r on r.oid = p.polrelid
where p.polcmd in ('r', '*') and p.polpermissive and r.name || '.' || p.polname not in ${
    names(ownPolicies)
  }
  and exists (
    select from unnest(p.polroles) q
    where case q when 0 then true else pg_has_role(r.client, q, 'member') end
  )
group by p.oid, p.polname, p.polqual, p.polrelid, r.name
union all
select 'view ' || n.nspname || '.' || c.relname, null, jsonb_agg(r.rolname order by r.rolname)
from views v
join pg_class c on c.oid = v.oid and c.relkind in ('v', 'm')
join pg_namespace n on n.oid = c.relnamespace
cross join clients r
where not exists (
    select from pg_options_to_table(c.reloptions) o where o.option_name = 'security_invoker' and o.option_value::boolean
  )
  and has_schema_privilege(r.oid, n.oid, 'usage') and has_any_column_privilege(r.oid, c.oid, 'select')
group by n.nspname, c.relname
order by 1`;
}
