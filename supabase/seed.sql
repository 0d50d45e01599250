-- Development data. `supabase db push` does not run it; `supabase db reset` and `deno task start` do.
insert into public.generation_types (slug, cost, rate_limit_seconds, refund_on_failure, provider, provider_options)
values
  ('image', 1, 10, true, 'images', '{}'),
  ('draft', 1, 0, true, 'images', '{}'),
  ('poster', 5, 0, true, 'images', '{}'),
  ('assessment', 3, 0, false, 'images', '{}'),
  -- 10 credits are held; 5 for each 1,000 tokens stay.
  ('chat', 10, 0, true, 'chat', '{"credits_per_1k_tokens": 5, "max_tokens": 1000}'),
  ('video', 5, 0, true, 'callback', '{}')
on conflict (slug) do update
set
  cost = excluded.cost,
  rate_limit_seconds = excluded.rate_limit_seconds,
  refund_on_failure = excluded.refund_on_failure,
  provider = excluded.provider,
  provider_options = excluded.provider_options;

insert into public.topics (name, audience) values ('orders', 'authenticated') on conflict (name) do nothing;

update private.settings set anonymous_signup_credits = 10;
