-- The log, its ledger and the one function that writes both. Expand only: the hash of an event covers every column but
-- the hashes themselves, so a column that is added later is not covered by the chain of older events.
-- What eaf.append promises is written down as tests in eaf-core/tests/it/append.rs.

-- ── Tenancy ──────────────────────────────────────────────────────────────────────────────────────────────────────
-- Every table with tenant_id is made one by this. `current_setting` without its second argument: no tenant is an
-- error, never an empty result. For the owner too, because its functions run for one tenant as well.
create function eaf.tenant_table(_table regclass) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format('alter table %s enable row level security', _table);
  execute format('alter table %s force row level security', _table);
  execute format('create policy tenant on %s to eaf_app, eaf_owner'
                 ' using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))'
                 ' with check (tenant_id = (select current_setting(''app.tenant_id'')::uuid))', _table);
end $$;

-- For tables of which the platform role sees (or sets) some columns of all tenants. Which ones, column grants say;
-- never a column that carries payload.
create function eaf.platform_table(_table regclass) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format('create policy platform on %s to eaf_platform using (true) with check (true)', _table);
end $$;

-- ── Tables ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- The log. `pos` is gap-free and in commit order per (tenant, lane), from 1. `version` is gap-free per stream, from 1,
-- so that a stream's version is the number of its events, and 0 means "does not exist".
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

-- One row per answered request, written in the same statement as its events. Also for a rejection or an empty decision.
create table eaf.ledger (
  tenant_id   uuid        not null,
  actor_id    uuid        not null,
  key         text        collate "C" not null,
  fingerprint bytea       not null,
  lane        smallint    not null,
  first_pos   bigint,                    -- null: the request had no events
  last_pos    bigint,
  answer      bytea       not null,      -- what the first caller was told
  at          timestamptz not null,
  keep_until  timestamptz not null,      -- the pruning job may delete the row after this
  primary key (tenant_id, actor_id, key)
);

-- Positions print as `epoch-pos`. A restored database gets a new epoch, so that no client or checkpoint is ahead of the
-- log without notice. One row.
create table eaf.log_epoch (
  only_row   boolean     primary key default true check (only_row),
  epoch      integer     not null default 1 check (epoch > 0),
  started_at timestamptz not null default now()
);
insert into eaf.log_epoch default values;

-- Which package of a plugin decides: the same for all hosts. Packages themselves stand beside it, in a later migration.
-- Change it only through eaf.activate, which waits for appends under way.
create table eaf.generation (
  plugin     text   primary key,
  generation bigint not null,
  digest     text   not null            -- SHA-256 of the package, hex
);

select eaf.tenant_table('eaf.event');
select eaf.tenant_table('eaf.ledger');

-- ── Generations ──────────────────────────────────────────────────────────────────────────────────────────────────
-- Appends hold this lock shared until they have committed, so after it returns no older generation can write.
create function eaf.generation_lock(_plugin text) returns bigint language sql immutable parallel safe
return pg_catalog.hashtextextended('eaf.generation ' || _plugin, 0);

create function eaf.activate(_plugin text, _generation bigint, _digest text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(eaf.generation_lock(_plugin));
  insert into eaf.generation (plugin, generation, digest) values (_plugin, _generation, _digest)
  on conflict (plugin) do update set generation = excluded.generation, digest = excluded.digest;
end $$;

-- ── Hash chain ───────────────────────────────────────────────────────────────────────────────────────────────────
-- Fixed-length fields first, then the variable ones, each behind its length: no two events have the same encoding.
-- convert_to, because textsend() would follow the client's encoding. Null if any field is null.
create function eaf.leaf(tenant uuid, lane smallint, pos bigint, stream uuid, version bigint, event uuid, type text,
                         schema_version smallint, data bytea, meta bytea, at timestamptz)
returns bytea language sql stable parallel safe
return pg_catalog.sha256('\x01'::bytea || uuid_send(tenant) || int2send(lane) || int8send(pos) || uuid_send(stream)
  || int8send(version) || uuid_send(event) || timestamptz_send(at) || int2send(schema_version)
  || int4send(octet_length(type)) || convert_to(type, 'UTF8')
  || int4send(octet_length(meta)) || meta || int4send(octet_length(data)) || data);

create function eaf.genesis(tenant uuid, lane smallint) returns bytea language sql stable parallel safe
return pg_catalog.sha256('\x00'::bytea || uuid_send(tenant) || int2send(lane));

-- ── append ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- One batch of requests of one tenant, decided in order, each all or nothing, with one outcome each:
--   ok          recorded; first_pos and last_pos are null if the request had no events
--   duplicate   the key is known with this fingerprint: answer, first_pos and last_pos are those of the first time
--   key_reused  the key is known with another fingerprint
--   conflict    a stream is not at the version expected; compare `actual` with s_expected
--   retry       an earlier request of this batch has the same key, or shares a stream that one of the two writes
--   fenced      another generation of the plugin is active (or none): the decision is void
--   invalid     a null, a key or fingerprint of impossible length, or one stream twice: never retry it
-- Parallel arrays, all counted from 1: r_* per request (r_plugin null = not fenced); s_* per stream of a request (s_expected null = any version);
-- e_* per event (e_stream points into s_*; events of one request together, requests in order). A stream without events
-- is a guard. The result has one row per request, in order. `actual`: the versions found, one per stream of the
-- request; given if one is not as expected or nothing was expected.
-- Call it alone, in autocommit, READ COMMITTED: the lane stays locked until the transaction ends.
create function eaf.append(
  _tenant uuid, _lane smallint, _keep interval,
  r_actor uuid[], r_key text[], r_fingerprint bytea[], r_answer bytea[],
  r_plugin text[], r_generation bigint[],
  s_request int[], s_stream uuid[], s_expected bigint[],
  e_stream int[], e_id uuid[], e_type text[], e_schema smallint[], e_data bytea[], e_meta bytea[])
returns table (outcome text, first_pos bigint, last_pos bigint, answer bytea, actual bigint[])
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off    -- a plan made while the tables were tiny lives as long as the session
as $$
declare
  held text := current_setting('app.tenant_id', true);
  n int := cardinality(r_key); m int := cardinality(s_stream); c int := cardinality(e_id);
  at timestamptz; head bigint; hash bytea;              -- of the lane
  known bytea; version bigint; leaf bytea;
  special int; fresh boolean; shapely boolean; active bigint;
  cur bigint[]; tail bigint[]; p bigint; r int; last_r int := 1; s int; x record;
  verdict text[]; told bytea[]; first bigint[]; last bigint[];              -- per request
  positions bigint[]; versions bigint[]; leaves bytea[]; chains bytea[];    -- of the accepted events, sparse
begin
  -- 1. The tenant, for this transaction only. If the caller has set it too, the two must agree.
  if nullif(held, '')::uuid <> _tenant then raise exception 'tenant mismatch' using errcode = '42501'; end if;
  held := set_config('app.tenant_id', _tenant::text, true);

  -- 2. One writer per lane, until its commit is visible. Each statement from here on sees all earlier appends.
  held := pg_advisory_xact_lock(uuid_hash_extended(_tenant, _lane));
  --    And nobody activates another generation until then.
  for i in 1 .. n loop
    if r_plugin[i] is not null then held := pg_advisory_xact_lock_shared(eaf.generation_lock(r_plugin[i])); end if;
  end loop;

  -- 3. Short cut for the commonest call: one request, one stream, one event, all well. Anything else falls through to
  --    the general path, which alone decides. It makes the call 1.7 times as fast: its plans start faster.
  if n = 1 and m = 1 and c = 1 and s_request[1] = 1 and e_stream[1] = 1 then
    select h.pos, h.chain, clock_timestamp(),
           (select e.version from eaf.event e where e.tenant_id = _tenant and e.stream_id = s_stream[1]
            order by e.version desc limit 1),
           (select l.fingerprint from eaf.ledger l
            where l.tenant_id = _tenant and l.actor_id = r_actor[1] and l.key = r_key[1]),
           (select g.generation from eaf.generation g where g.plugin = r_plugin[1])
      into head, hash, at, version, known, active
      from (select) one left join lateral (select e.pos, e.chain from eaf.event e
        where e.tenant_id = _tenant and e.lane = _lane order by e.pos desc limit 1) h on true;
    if head is null then head := 0; hash := eaf.genesis(_tenant, _lane); end if;
    if version is null then version := 0; end if;
    leaf := eaf.leaf(_tenant, _lane, head + 1, s_stream[1], version + 1, e_id[1], e_type[1], e_schema[1], e_data[1], e_meta[1], at);
    if known is null and leaf is not null and r_actor[1] is not null and r_answer[1] is not null
       and version = s_expected[1] and (r_plugin[1] is null or active = r_generation[1])
       and octet_length(r_key[1]) between 1 and 200 and octet_length(r_fingerprint[1]) = 32 then
      insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
      values (_tenant, _lane, head + 1, s_stream[1], version + 1, e_id[1], e_type[1], e_schema[1], e_data[1], e_meta[1], at,
              leaf, sha256(hash || leaf));
      insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, first_pos, last_pos, answer, at, keep_until)
      values (_tenant, r_actor[1], r_key[1], r_fingerprint[1], _lane, head + 1, head + 1, r_answer[1], at, at + _keep);
      outcome := 'ok'; first_pos := head + 1; last_pos := first_pos;
      return next;
      return;
    end if;
  end if;

  -- 4. Is the batch well formed, and does any key or stream occur twice?
  select (select count(*) from (select distinct a, k from (select unnest(r_actor) a, unnest(r_key) k) u) d) = n
         and (select count(*) from (select distinct u from unnest(s_stream) u) d) = m,
         cardinality(r_actor) = n and cardinality(r_fingerprint) = n and cardinality(r_answer) = n
         and cardinality(r_plugin) = n and cardinality(r_generation) = n
         and cardinality(s_request) = m and cardinality(s_expected) = m and cardinality(e_stream) = c and cardinality(e_type) = c
         and cardinality(e_schema) = c and cardinality(e_data) = c and cardinality(e_meta) = c
         and 1 <= all (s_request) and n >= all (s_request) and 1 <= all (e_stream) and m >= all (e_stream)
    into fresh, shapely;
  if shapely is not true then raise exception 'malformed batch' using errcode = '22023'; end if;

  -- 5. The state under the lock: the lane's head, every stream's version, and how many requests need a closer look.
  select h.pos, h.chain, clock_timestamp(),
         array(select coalesce((select e.version from eaf.event e where e.tenant_id = _tenant and e.stream_id = u
                                order by e.version desc limit 1), 0) from unnest(s_stream) u),
         (select count(*) from (select unnest(r_actor) a, unnest(r_key) k, unnest(r_fingerprint) f, unnest(r_answer) w) u
          where num_nulls(a, k, f, w) > 0 or octet_length(k) not between 1 and 200 or octet_length(f) <> 32
             or (select true from eaf.ledger l where l.tenant_id = _tenant and l.actor_id = a and l.key = k))
    into head, hash, at, cur, special
    from (select) one left join lateral (select e.pos, e.chain from eaf.event e
      where e.tenant_id = _tenant and e.lane = _lane order by e.pos desc limit 1) h on true;
  if head is null then head := 0; hash := eaf.genesis(_tenant, _lane); end if;

  -- 6. Decide. A later finding overrides an earlier one.
  verdict := array_fill('ok'::text, array[n]);
  told := array_fill(null::bytea, array[n]);
  first := array_fill(null::bigint, array[n]);
  last := first;
  if cur is distinct from s_expected then
    for i in 1 .. m loop
      if s_expected[i] <> cur[i] then verdict[s_request[i]] := 'conflict'; end if;
    end loop;
  end if;
  for x in
    select u.i from unnest(r_plugin, r_generation) with ordinality u(p, g, i)
    where u.p is not null and not exists (select from eaf.generation a where a.plugin = u.p and a.generation = u.g)
  loop
    verdict[x.i] := 'fenced';
  end loop;
  if not fresh then
    for x in
      select b.i as r, false as twice from unnest(r_actor, r_key) with ordinality b(a, k, i)
      join unnest(r_actor, r_key) with ordinality f(a, k, i) on f.a = b.a and f.k = b.k and f.i < b.i
      union all
      select b.r, f.r = b.r from unnest(s_request, s_stream) with ordinality b(r, s, i)
      join unnest(s_request, s_stream) with ordinality f(r, s, i) on f.s = b.s and f.i < b.i
      where f.r = b.r or f.i = any (e_stream) or b.i = any (e_stream)
      order by 2
    loop
      verdict[x.r] := case when x.twice then 'invalid' else 'retry' end;
    end loop;
  end if;
  if array_position(s_stream, null) is not null or array_position(e_id, null) is not null or array_position(e_type, null) is not null
     or array_position(e_schema, null) is not null or array_position(e_data, null) is not null or array_position(e_meta, null) is not null then
    for i in 1 .. m loop
      if s_stream[i] is null then verdict[s_request[i]] := 'invalid'; end if;
    end loop;
    for i in 1 .. c loop
      if num_nulls(e_id[i], e_type[i], e_schema[i], e_data[i], e_meta[i]) > 0 then verdict[s_request[e_stream[i]]] := 'invalid'; end if;
    end loop;
  end if;
  if special > 0 then
    for x in
      select u.i, u.f, l.* from unnest(r_actor, r_key, r_fingerprint, r_answer) with ordinality u(a, k, f, w, i)
      left join lateral (select * from eaf.ledger g where g.tenant_id = _tenant and g.actor_id = a and g.key = k) l on true
      where l.key is not null or num_nulls(a, k, f, w) > 0 or octet_length(k) not between 1 and 200 or octet_length(f) <> 32
    loop
      verdict[x.i] := case when x.fingerprint = x.f then 'duplicate' when x.fingerprint <> x.f then 'key_reused' else 'invalid' end;
      if verdict[x.i] = 'duplicate' then
        told[x.i] := x.answer; first[x.i] := x.first_pos; last[x.i] := x.last_pos;
      end if;
    end loop;
  end if;

  -- 7. Number, hash and chain the accepted events.
  tail := cur;
  p := head;
  for i in 1 .. c loop
    s := e_stream[i];
    r := s_request[s];
    if r < last_r then raise exception 'malformed batch: events out of order' using errcode = '22023'; end if;
    last_r := r;
    if verdict[r] = 'ok' then
      p := p + 1;
      version := tail[s] + 1;
      leaf := eaf.leaf(_tenant, _lane, p, s_stream[s], version, e_id[i], e_type[i], e_schema[i], e_data[i], e_meta[i], at);
      hash := sha256(hash || leaf);
      tail[s] := version; positions[i] := p; versions[i] := version; leaves[i] := leaf; chains[i] := hash;
      if first[r] is null then first[r] := p; end if;
      last[r] := p;
    end if;
  end loop;

  -- 8. Write.
  if p > head then
    insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
    select _tenant, _lane, positions[g], s_stream[e_stream[g]], versions[g], e_id[g], e_type[g], e_schema[g],
           e_data[g], e_meta[g], at, leaves[g], chains[g]
    from generate_series(1, c) g where positions[g] is not null;
  end if;
  insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, first_pos, last_pos, answer, at, keep_until)
  select _tenant, r_actor[g], r_key[g], r_fingerprint[g], _lane, first[g], last[g], r_answer[g], at, at + _keep
  from generate_series(1, n) g where verdict[g] = 'ok';
  if cur is not distinct from s_expected then
    return query select unnest(verdict), unnest(first), unnest(last), unnest(told), null::bigint[];
  else
    return query select verdict[g], first[g], last[g], told[g], case when verdict[g] in ('ok', 'conflict') then
      array(select cur[i] from generate_series(1, m) i where s_request[i] = g) end from generate_series(1, n) g;
  end if;
end $$;

grant select on eaf.event, eaf.ledger, eaf.log_epoch, eaf.generation to eaf_app;
grant select on eaf.log_epoch, eaf.generation to eaf_platform;
grant execute on function eaf.append to eaf_app;
grant execute on function eaf.activate to eaf_platform;
-- Heads of lanes, to find who lags behind.
select eaf.platform_table('eaf.event');
grant select (tenant_id, lane, pos) on eaf.event to eaf_platform;

-- A host that may not migrate must be able to tell whether somebody did.
grant select on eaf._sqlx_migrations to eaf_platform;
