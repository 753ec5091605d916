-- revision: 2
-- Makes a copy the live one, and the live one the standby. The caller drops an older standby
-- before.
create or replace function eaf.switch_view(_table text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c record;
begin
  perform pg_advisory_xact_lock(hashtextextended('eaf.create_view', 0));
  select k.digest, k.state, k.made_at into c from eaf.view_copy k where k.table_name = _table;
  if c.digest is null or c.state = 'live' then return false; end if;
  -- Three steps, because each state is unique at any time.
  delete from eaf.view_copy k where k.table_name = _table;
  update eaf.view_copy k set state = 'standby' where k.digest = c.digest and k.state = 'live';
  insert into eaf.view_copy (table_name, digest, state, made_at) values (_table, c.digest, 'live', c.made_at);
  return true;
end $$;
grant execute on function eaf.switch_view to eaf_platform;
