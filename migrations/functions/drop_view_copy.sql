-- revision: 2
-- Drops a copy that is not live. The caller deletes its checkpoints, tenant by tenant.
create or replace function eaf.drop_view_copy(_table text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('eaf.create_view', 0));
  delete from eaf.view_copy k where k.table_name = _table and k.state <> 'live';
  if not found then return false; end if;
  execute format('drop table eaf_view.%I', _table);
  return true;
end $$;
grant execute on function eaf.drop_view_copy to eaf_platform;
