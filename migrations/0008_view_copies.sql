-- Copies of a view's table, so that a view can be rebuilt beside the one that people read.
-- Why: a view whose code was wrong, or that somebody doubts, is projected anew from the log into a second table; the two are
-- compared row by row before anybody reads the new one, and the old one goes on being projected, so that one can go back at once.

-- Which tables a view definition has. The live one is read; all of them are projected, each with a checkpoint of its own. No tenant.
create table eaf.view_copy (
  table_name text        not null primary key,
  digest     text        not null references eaf.view (digest),
  state      text        not null check (state in ('live', 'building', 'standby')),
  made_at    timestamptz not null default clock_timestamp()
);
-- At most one of each.
create unique index view_copy_state on eaf.view_copy (digest, state);
-- Numbers for the names, so that none is used twice: the checkpoints of a dropped copy must not be taken for another's.
create sequence eaf.view_copy_number;
insert into eaf.view_copy (table_name, digest, state) select v.table_name, v.digest, 'live' from eaf.view v;
grant select on eaf.view_copy to eaf_app, eaf_platform;

-- Folding a tenant's part anew begins with none of its rows.
do $$ declare t text; begin
  for t in select v.table_name from eaf.view v loop execute format('grant delete on eaf_view.%I to eaf_app', t); end loop;
end $$;

-- The table itself: fixed types, generated name. `spec` was checked by eaf.create_view.
create function eaf.view_table(_spec jsonb, tab text) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  _view text := _spec ->> 'view';
  body  text := '';
  c     jsonb;
  typ   text;
  seen  text[] := array['tenant_id', 'key'];
begin
  for c in select e from jsonb_array_elements(_spec -> 'columns') e loop
    if (c ->> 'name' ~ '^[a-z][a-z0-9_]{0,47}$') is not true or c ->> 'name' = any (seen) then
      raise exception 'view %: a column name is not valid, reserved or used twice', _view using errcode = '22023';
    end if;
    seen := seen || (c ->> 'name');
    typ := case c ->> 'type' when 'text' then 'text collate "C"' when 'integer' then 'bigint' when 'boolean' then 'boolean'
                             when 'timestamp' then 'timestamptz' when 'json' then 'jsonb' end;
    if typ is null then raise exception 'view %: column % has no valid type', _view, c ->> 'name' using errcode = '22023'; end if;
    if typ = 'jsonb' and ((c ->> 'filter')::boolean or (c ->> 'sort')::boolean) then
      raise exception 'view %: json column % can be neither filtered nor sorted', _view, c ->> 'name' using errcode = '22023';
    end if;
    body := body || format(', %I %s', c ->> 'name', typ);
  end loop;

  execute format('create table eaf_view.%I (tenant_id uuid not null, key text collate "C" not null, _pos bigint not null, '
                 '_deleted boolean not null default false%s, primary key (tenant_id, key))', tab, body);
  perform eaf.tenant_table(format('eaf_view.%I', tab)::regclass);
  execute format('grant select, insert, update, delete on eaf_view.%I to eaf_app', tab);
  -- For live updates: which rows changed after a position.
  execute format('create index on eaf_view.%I (tenant_id, _pos, key)', tab);
  for c in select e from jsonb_array_elements(_spec -> 'columns') e loop
    if (c ->> 'filter')::boolean or (c ->> 'sort')::boolean then
      execute format('create index on eaf_view.%I (tenant_id, %I, key)', tab, c ->> 'name');
    end if;
  end loop;
end $$;

-- As before, and the new table is the view's live copy.
create or replace function eaf.create_view(spec jsonb) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  _digest text := spec ->> 'digest';
  _plugin text := spec ->> 'plugin';
  _view   text := spec ->> 'view';
  _spec   jsonb := spec;
  tab    text;
  known  jsonb;
begin
  if (_digest ~ '^[0-9a-f]{64}$') is not true then raise exception 'view digest is not valid' using errcode = '22023'; end if;
  if (_plugin ~ '^[a-z][a-z0-9-]{0,31}$') is not true then raise exception 'plugin name is not valid' using errcode = '22023'; end if;
  if (_view ~ '^[a-z][a-z0-9-]{0,62}$') is not true then raise exception 'view name is not valid' using errcode = '22023'; end if;
  if jsonb_typeof(spec -> 'columns') is distinct from 'array' or jsonb_array_length(spec -> 'columns') not between 1 and 64 then
    raise exception 'view % needs 1 to 64 columns', _view using errcode = '22023';
  end if;

  tab := 'v_' || left(_digest, 32);
  perform pg_advisory_xact_lock(hashtextextended('eaf.create_view', 0));
  select v.spec into known from eaf.view v where v.digest = _digest;
  if known is not null and known <> _spec then
    raise exception 'another view definition has this digest' using errcode = '22023';
  end if;

  if known is null then
    perform eaf.view_table(_spec, tab);
    insert into eaf.view (digest, plugin, view, version, spec, table_name)
    values (_digest, _plugin, _view, (_spec ->> 'version')::integer, _spec, tab);
    insert into eaf.view_copy (table_name, digest, state) values (tab, _digest, 'live');
  end if;

  update eaf.view v set active = false where v.plugin = _plugin and v.view = _view and v.active
    and v.digest <> _digest;
  update eaf.view v set active = true where v.digest = _digest and not v.active;
  return tab;
end $$;

-- Begins a rebuild of the active definition of a view; answers the new table. Null: one is under way, or there is no such view.
create function eaf.rebuild_view(_plugin text, _view text) returns text
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

-- Exchanges the live copy and this one. What was live is the standby from then on; an older standby must be dropped before.
create function eaf.switch_view(_table text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c record;
begin
  perform pg_advisory_xact_lock(hashtextextended('eaf.create_view', 0));
  select k.digest, k.state, k.made_at into c from eaf.view_copy k where k.table_name = _table;
  if c.digest is null or c.state = 'live' then return false; end if;
  -- Three steps, because there is at most one of each state at any time.
  delete from eaf.view_copy k where k.table_name = _table;
  update eaf.view_copy k set state = 'standby' where k.digest = c.digest and k.state = 'live';
  insert into eaf.view_copy (table_name, digest, state, made_at) values (_table, c.digest, 'live', c.made_at);
  return true;
end $$;

-- Drops a copy that nobody reads. Its checkpoints are for the caller to delete, tenant by tenant.
create function eaf.drop_view_copy(_table text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('eaf.create_view', 0));
  delete from eaf.view_copy k where k.table_name = _table and k.state <> 'live';
  if not found then return false; end if;
  execute format('drop table eaf_view.%I', _table);
  return true;
end $$;
grant delete on eaf.checkpoint to eaf_app;
grant execute on function eaf.rebuild_view, eaf.switch_view, eaf.drop_view_copy to eaf_platform;

-- When this tenant's part of a view is to be folded anew from the log's beginning: after a person was erased.
alter table eaf.checkpoint add column refold_at timestamptz;

-- A database that was restored to an earlier point goes on under a new epoch, so that nobody who has seen more is ahead unnoticed.
create function eaf.new_epoch() returns integer
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update eaf.log_epoch set epoch = epoch + 1, started_at = clock_timestamp() returning epoch
$$;
revoke all on function eaf.new_epoch() from public;
grant execute on function eaf.new_epoch() to eaf_platform;

-- Every consumer that is behind its tenant's log, or ahead of it because of a restore, or to be folded anew, for all tenants, in one statement; also those that are parked. It asks per tenant first,
-- and per consumer only where something is behind, so that thousands of quiet tenants cost one pass over their checkpoints.
create function eaf.behind()
returns table (tenant_id uuid, plugin text, consumer text, view text, live boolean, pos bigint, head bigint, parked boolean, waits boolean, since timestamptz)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with consumer as (
    select v.plugin, c.table_name as name, v.view, c.state = 'live' as live
    from eaf.view v join eaf.view_copy c on c.digest = v.digest where v.active
    union all select g.plugin, 'workflow/' || g.workflow, null, null from eaf.trigger g),
  head as (
    select t.tenant_id, h.pos from eaf.tenant t
    cross join lateral (select e.pos from eaf.event e where e.tenant_id = t.tenant_id and e.lane = 0 order by e.pos desc limit 1) h),
  done as (
    select p.tenant_id, min(p.pos) as pos, max(p.pos) as furthest, count(*) as consumers, bool_or(p.refold_at <= now()) as refold
    from eaf.checkpoint p join consumer c on c.plugin = p.plugin and c.name = p.consumer group by p.tenant_id),
  tenant as (
    select h.tenant_id, h.pos from head h left join done d on d.tenant_id = h.tenant_id
    where d.pos is null or d.pos < h.pos or d.furthest > h.pos or d.refold or d.consumers < (select count(*) from consumer))
  select t.tenant_id, c.plugin, c.name, c.view, c.live, coalesce(p.pos, 0), t.pos, p.retry_at is not null, coalesce(p.retry_at > now(), false),
         (select e.at from eaf.event e where e.tenant_id = t.tenant_id and e.lane = 0 and e.pos = coalesce(p.pos, 0) + 1)
  from tenant t cross join consumer c
  left join eaf.checkpoint p on p.tenant_id = t.tenant_id and p.plugin = c.plugin and p.consumer = c.name
  where p.pos is null or p.pos <> t.pos or p.refold_at <= now()
$$;
revoke all on function eaf.behind() from public;
grant execute on function eaf.behind() to eaf_platform;
grant select (at) on eaf.event to eaf_platform;
grant select (refold_at) on eaf.checkpoint to eaf_platform;
