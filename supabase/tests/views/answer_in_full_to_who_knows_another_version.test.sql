begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed') as generation_id \gset
select tests.known(:'user_id') as known \gset
create temporary table known (known text) on commit drop;
insert into known
select (epoch + e) || '.' || (version + v)
from private.settings, public.profiles, unnest(array[-1, 0, 1]) e, unnest(array[-1, 0, 1]) v
where id = :'user_id' and (e, v) <> (0, 0);
insert into known values
  (''), ('3'), ('.'), (:'known' || ' '), ('0' || :'known'), (:'known' || '.0'), (split_part(:'known', '.', 1));
create temporary view answer as
select k.known, a.name, a.answer, a.expected
from known k
cross join lateral (
  values
    ('get_account', public.get_account(:'user_id', k.known), public.get_account(:'user_id')),
    (
      'get_account_history', public.get_account_history(:'user_id', p_known => k.known),
      public.get_account_history(:'user_id')
    ),
    ('get_generations', public.get_generations(:'user_id', p_known => k.known), public.get_generations(:'user_id')),
    (
      'get_generation', public.get_generation(:'user_id', :'generation_id', k.known),
      public.get_generation(:'user_id', :'generation_id')
    )
) a (name, answer, expected);

select is(count(*)::integer, 60, 'fifteen that are not it, each to four views') from answer;
select is_empty(
  'select known, name from answer where answer is distinct from expected',
  'an older one, a newer one, one of another epoch, and what is none: the data'
);
select public.rotate_epoch();
select ok(
  not public.get_account(:'user_id', :'known') ? 'unchanged', 'after a restore no version of before is known'
);

select * from finish();
rollback;
