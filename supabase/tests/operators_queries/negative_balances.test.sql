begin;
select plan(1);

select is_empty(
  $$SELECT id, email, credits FROM profiles WHERE credits < 0;$$, 'works as it is written, and there are none'
);

select * from finish();
rollback;
