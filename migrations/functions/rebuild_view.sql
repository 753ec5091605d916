-- revision: 2
-- Begins a rebuild of a view's active definition and returns the new table. Null: a rebuild is in
-- progress, or there is no such view.
create or replace function eaf.rebuild_view(_plugin text, _view text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v record;
  tab text;
begin
  perform pg_advisory_xact_lock(hashtextextended('eaf.create_view', 0));
  select d.digest, d.spec into v from eaf.view d where d.plugin = _plugin and d.view = _view and d.active;
  if v.digest is null or exists (select from eaf.view_copy c where c.digest = v.digest and c.state = 'building') then
    return null;
  end if;
  tab := 'v_' || left(v.digest, 32) || '_' || nextval('eaf.view_copy_number');
  perform eaf.view_table(v.spec, tab);
  insert into eaf.view_copy (table_name, digest, state) values (tab, v.digest, 'building');
  return tab;
end $$;
grant execute on function eaf.rebuild_view to eaf_platform;
