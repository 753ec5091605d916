-- The event log, its ledger and hash chain. The hash of an event covers every column but the hashes
-- themselves, so a column that is added later is not covered by the chain of older events.

-- ── Tables ─────────────────────────────────────────────────────────────────────────────────────

-- Events. `pos` is gap-free and in commit order per (tenant, lane), from 1. `version` is gap-free
-- per stream, from 1: the version of a stream is the number of its events, 0 without a stream.
create table eaf.event (
  tenant_id      uuid        not null,
  lane           smallint    not null,
  pos            bigint      not null,
  stream_id      uuid        not null,
  version        bigint      not null,
  event_id       uuid        not null,
  type           text        not null,
  schema_version smallint    not null,
  data           bytea       not null,   -- exactly the bytes that are hashed
  meta           bytea       not null,
  at             timestamptz not null,   -- the database's clock, once per batch, under the lane's lock
  leaf           bytea       not null,   -- eaf.leaf(every column above)
  chain          bytea       not null,   -- sha256(chain of pos - 1 || leaf)
  primary key (tenant_id, lane, pos),
  unique (tenant_id, stream_id, version)
);
select eaf.tenant_table('eaf.event');
select eaf.platform_table('eaf.event');
grant select on eaf.event to eaf_app;
-- The heads of lanes, to find consumers that lag behind.
grant select (tenant_id, lane, pos, at) on eaf.event to eaf_platform;

-- One row per answered request, also for a rejection or a decision without events, written in the
-- same statement as the events.
create table eaf.ledger (
  tenant_id   uuid        not null,
  actor_id    uuid        not null,
  key         text        collate "C" not null,
  fingerprint bytea       not null,
  lane        smallint    not null,
  first_pos   bigint,                    -- null: no events
  last_pos    bigint,
  answer      bytea       not null,
  at          timestamptz not null,
  keep_until  timestamptz not null,      -- eaf.prune may delete the row after this
  primary key (tenant_id, actor_id, key)
);
create index ledger_due on eaf.ledger (tenant_id, at);
select eaf.tenant_table('eaf.ledger');
grant select on eaf.ledger to eaf_app;

-- What a package made of a stream's first events, so that it need not read them again. A cache: rows
-- may be deleted at any time.
create table eaf.snapshot (
  tenant_id uuid        not null,
  stream_id uuid        not null,
  digest    text        not null,        -- of the package that made it and alone reads it
  version   bigint      not null,        -- of the last event in it
  chain     bytea       not null,        -- of that event: after a restore the log may hold another
  people    uuid[]      not null,        -- the people in it; sealed under all their keys
  key       bytea       not null,        -- of `state`, sealed
  state     bytea       not null,        -- sealed under that key
  at        timestamptz not null default now(),
  primary key (tenant_id, stream_id, digest)
);
select eaf.tenant_table('eaf.snapshot');
grant select, insert, update, delete on eaf.snapshot to eaf_app;

-- Positions print as `epoch-pos`. A restored database begins a new epoch, so that a client or a
-- checkpoint that is ahead of the log is noticed. One row.
create table eaf.log_epoch (
  only_row   boolean     primary key default true check (only_row),
  epoch      integer     not null default 1 check (epoch > 0),
  started_at timestamptz not null default now()
);
insert into eaf.log_epoch default values;
grant select on eaf.log_epoch to eaf_app, eaf_platform;

-- The package of a plugin that decides: the same for all hosts. Changed only by eaf.activate, which
-- waits for appends under way.
create table eaf.generation (
  plugin     text   primary key,
  generation bigint not null,
  digest     text   not null             -- SHA-256 of the package, hex
);
grant select on eaf.generation to eaf_app, eaf_platform;

-- ── Functions that never change: hosts of several versions share their results ──────────────────

-- The advisory lock of a plugin's activation. Appends hold it shared until they have committed, so
-- that no older generation can write after an activation.
create function eaf.generation_lock(_plugin text) returns bigint language sql immutable parallel safe
return pg_catalog.hashtextextended('eaf.generation ' || _plugin, 0);
grant execute on function eaf.generation_lock to eaf_platform;

-- The hash of an event. Fixed-length fields first, then the variable ones, each behind its length, so
-- that no two events have the same encoding. convert_to, because textsend() follows the client's
-- encoding. Null if any field is null.
create function eaf.leaf(tenant uuid, lane smallint, pos bigint, stream uuid, version bigint, event uuid, type text,
                         schema_version smallint, data bytea, meta bytea, at timestamptz)
returns bytea language sql stable parallel safe
return pg_catalog.sha256('\x01'::bytea || uuid_send(tenant) || int2send(lane) || int8send(pos) || uuid_send(stream)
  || int8send(version) || uuid_send(event) || timestamptz_send(at) || int2send(schema_version)
  || int4send(octet_length(type)) || convert_to(type, 'UTF8')
  || int4send(octet_length(meta)) || meta || int4send(octet_length(data)) || data);

create function eaf.genesis(tenant uuid, lane smallint) returns bytea language sql stable parallel safe
return pg_catalog.sha256('\x00'::bytea || uuid_send(tenant) || int2send(lane));

-- The link before a lane's first event. Refuses a tenant that does not exist with error EAF01.
create function eaf.first_link(_tenant uuid, _lane smallint) returns bytea language plpgsql stable
set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from eaf.tenant t where t.tenant_id = _tenant) then
    raise exception 'no such tenant' using errcode = 'EAF01';
  end if;
  return eaf.genesis(_tenant, _lane);
end $$;

-- The last position before an instant; 0 if there is none. A binary search, because positions have no
-- gaps and their times follow their order as far as the database's clock does; an index on `at` would
-- cost every append.
create function eaf.position_before(_tenant uuid, _lane smallint, _at timestamptz) returns bigint
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  low bigint := 0; middle bigint;         -- up to low all are before
  high bigint := coalesce((select e.pos from eaf.event e where e.tenant_id = _tenant and e.lane = _lane
                           order by e.pos desc limit 1), 0);
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select e.at from eaf.event e where e.tenant_id = _tenant and e.lane = _lane and e.pos = middle) < _at
    then low := middle; else high := middle - 1; end if;
  end loop;
  return low;
end $$;
grant execute on function eaf.position_before to eaf_app;

-- Begins a new epoch after a restore; answers it.
create function eaf.new_epoch() returns integer
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update eaf.log_epoch set epoch = epoch + 1, started_at = clock_timestamp() returning epoch
$$;
grant execute on function eaf.new_epoch() to eaf_platform;
