-- Views, checkpoints and triggers: everything that follows the log.
-- Why: a view is a typed table that the host makes from a plugin's description, so that queries are plain SQL under
-- row level security. `eaf.create_view` is the only DDL after a migration. Lane 0 is the only lane so far.

-- One row per view definition ever activated; a changed definition is a new table, switched by `active`. No tenant.
create table eaf.view (
  digest     text        not null primary key check (digest ~ '^[0-9a-f]{64}$'),
  plugin     text        not null,
  view       text        not null,
  version    integer     not null,
  spec       jsonb       not null,
  table_name text        not null unique,
  active     boolean     not null default false,
  created_at timestamptz not null default clock_timestamp()
);
create unique index view_active on eaf.view (plugin, view) where active;

-- Workflows that events start. `since`: events recorded earlier start nothing, so an upgrade does not act on history. No tenant.
create table eaf.trigger (
  plugin   text        not null,
  workflow text        not null,
  since    timestamptz not null default clock_timestamp(),
  primary key (plugin, workflow)
);

-- How far a consumer has come in a tenant's log. `consumer` is a view's table name or `workflow/<name>`.
-- A parked consumer keeps its position; `error` is a code and a name, never data.
create table eaf.checkpoint (
  tenant_id  uuid        not null,
  plugin     text        not null,
  consumer   text        not null,
  epoch      integer     not null,
  pos        bigint      not null,
  failures   integer     not null default 0,
  error      text,
  error_at   timestamptz,
  retry_at   timestamptz,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, plugin, consumer)
);

select eaf.tenant_table('eaf.checkpoint');
select eaf.platform_table('eaf.checkpoint');
grant select on eaf.view, eaf.trigger to eaf_app, eaf_platform;
grant insert on eaf.trigger to eaf_platform;
grant select, insert, update on eaf.checkpoint to eaf_app;
grant select (tenant_id, plugin, consumer, pos, retry_at) on eaf.checkpoint to eaf_platform;

-- Makes the table of one view definition, or finds it, and makes it the active one; answers the table's name.
-- spec: {digest, plugin, view, version, columns: [{name, type, filter, sort}], events: [...]}. The digest covers the rest.
create function eaf.create_view(spec jsonb) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  _digest text := spec ->> 'digest';
  _plugin text := spec ->> 'plugin';
  _view   text := spec ->> 'view';
  _spec   jsonb := spec;
  tab    text;
  body   text := '';
  known  jsonb;
  c      jsonb;
  typ    text;
  seen   text[] := array['tenant_id', 'key'];
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
    execute format('grant select, insert, update on eaf_view.%I to eaf_app', tab);
    -- For live updates: which rows changed after a position.
    execute format('create index on eaf_view.%I (tenant_id, _pos, key)', tab);
    for c in select e from jsonb_array_elements(_spec -> 'columns') e loop
      if (c ->> 'filter')::boolean or (c ->> 'sort')::boolean then
        execute format('create index on eaf_view.%I (tenant_id, %I, key)', tab, c ->> 'name');
      end if;
    end loop;
    insert into eaf.view (digest, plugin, view, version, spec, table_name)
    values (_digest, _plugin, _view, (_spec ->> 'version')::integer, _spec, tab);
  end if;

  update eaf.view v set active = false where v.plugin = _plugin and v.view = _view and v.active
    and v.digest <> _digest;
  update eaf.view v set active = true where v.digest = _digest and not v.active;
  return tab;
end $$;
revoke all on function eaf.create_view(jsonb) from public;
grant execute on function eaf.create_view(jsonb) to eaf_platform;

-- Every consumer that is behind its tenant's log and not parked until later, for all tenants, in one statement.
create function eaf.laggards() returns table (tenant_id uuid, plugin text, consumer text, head bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select t.tenant_id, c.plugin, c.consumer, h.pos
  from eaf.tenant t
  cross join lateral (select e.pos from eaf.event e where e.tenant_id = t.tenant_id and e.lane = 0 order by e.pos desc limit 1) h
  cross join (select v.plugin, v.table_name from eaf.view v where v.active
              union all select g.plugin, 'workflow/' || g.workflow from eaf.trigger g) c (plugin, consumer)
  left join eaf.checkpoint p on p.tenant_id = t.tenant_id and p.plugin = c.plugin and p.consumer = c.consumer
  where (p.pos is null or p.pos < h.pos) and (p.retry_at is null or p.retry_at <= now())
$$;
revoke all on function eaf.laggards() from public;
grant execute on function eaf.laggards() to eaf_platform;
