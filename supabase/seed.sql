-- Development data. `supabase db push` does not run it; `supabase db reset` and `deno task start` do.
insert into public.generation_types (slug, cost, rate_limit_seconds, refund_on_failure)
values
  ('image', 1, 10, true),
  ('draft', 1, 0, true),
  ('poster', 5, 0, true),
  ('assessment', 3, 0, false)
on conflict (slug) do update
set
  cost = excluded.cost,
  rate_limit_seconds = excluded.rate_limit_seconds,
  refund_on_failure = excluded.refund_on_failure;

insert into public.topics (name, audience) values ('orders', 'authenticated') on conflict (name) do nothing;

update private.settings set anonymous_signup_credits = 10;
