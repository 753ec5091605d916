-- Event log, hash chain, ledger and snapshots. The hash of an event covers all columns of this file
-- but the hashes themselves. A column that a later migration adds is not covered.

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
  at             timestamptz not null,   -- database's clock, once per batch, under the lane lock
  leaf           bytea       not null,   -- eaf.leaf(every column above)
  chain          bytea       not null,   -- sha256(chain of pos - 1 || leaf)
  primary key (tenant_id, lane, pos),
  unique (tenant_id, stream_id, version)
);
select eaf.tenant_table('eaf.event');
select eaf.platform_table('eaf.event');
grant select on eaf.event to eaf_app;
-- For the heads of lanes, to find consumers with lag.
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

-- States that a package folded from a stream's first events, so that it need not read them again. A
-- cache: rows may be deleted at any time.
create table eaf.snapshot (
  tenant_id uuid        not null,
  stream_id uuid        not null,
  digest    text        not null,        -- of the package, which alone reads the row
  version   bigint      not null,        -- of the last folded event
  chain     bytea       not null,        -- of that event: after a restore the log may hold another
  people    uuid[]      not null,        -- persons in the state, which is sealed for all of them
  key       bytea       not null,        -- of `state`, sealed under the keys of all people
  state     bytea       not null,        -- sealed under `key`
  at        timestamptz not null default now(),
  primary key (tenant_id, stream_id, digest)
);
select eaf.tenant_table('eaf.snapshot');
grant select, insert, update, delete on eaf.snapshot to eaf_app;

-- Epoch of positions, which are written `epoch-pos`. One row. A restored database begins a new
-- epoch, so that a client or checkpoint ahead of the restored log is detected.
create table eaf.log_epoch (
  only_row   boolean     primary key default true check (only_row),
  epoch      integer     not null default 1 check (epoch > 0),
  started_at timestamptz not null default now()
);
insert into eaf.log_epoch default values;
grant select on eaf.log_epoch to eaf_app, eaf_platform;

-- Active package of a plugin, for all hosts. Changed by eaf.activate alone, which waits for appends
-- in progress.
create table eaf.generation (
  plugin     text   primary key,
  generation bigint not null,
  digest     text   not null             -- SHA-256 of the package, hex
);
grant select on eaf.generation to eaf_app, eaf_platform;

-- ── Functions that never change, because hosts of several releases share their results ───────────

-- Advisory lock of a plugin's activation. An append holds it shared until its commit, so that no
-- older generation can write after an activation.
create function eaf.generation_lock(_plugin text) returns bigint language sql immutable parallel safe
return pg_catalog.hashtextextended('eaf.generation ' || _plugin, 0);
grant execute on function eaf.generation_lock to eaf_platform;

-- Hash of an event: the fields of fixed length, then the others with their lengths, so that two
-- different events have different encodings. convert_to, because textsend() depends on the client's
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

-- Chain hash before a lane's first event. Error EAF01: the tenant does not exist.
create function eaf.first_link(_tenant uuid, _lane smallint) returns bytea language plpgsql stable
set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from eaf.tenant t where t.tenant_id = _tenant) then
    raise exception 'no such tenant' using errcode = 'EAF01';
  end if;
  return eaf.genesis(_tenant, _lane);
end $$;

-- Last position before a time; 0 if there is none. A binary search: positions have no gaps, and
-- times ascend with them as far as the database's clock does. An index on `at` would slow appends.
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

-- Begins a new epoch after a restore and returns it.
create function eaf.new_epoch() returns integer
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update eaf.log_epoch set epoch = epoch + 1, started_at = clock_timestamp() returning epoch
$$;
grant execute on function eaf.new_epoch() to eaf_platform;
