begin;
select plan(1);

select isnt_empty(
  'select from public.generation_types where slug = (select default_type from private.settings)',
  'the type that is meant where none is named is on the price list'
);

select * from finish();
rollback;
