-- revision: 5
-- Appends a batch of requests of one tenant. Requests are decided in order, each all or nothing:
--   ok          recorded; first_pos and last_pos are null if the request has no events
--   duplicate   the key is known with this fingerprint: answer and positions of the first time
--   key_reused  the key is known with another fingerprint
--   conflict    a stream is not at the expected version; compare `actual` with s_expected
--   retry       an earlier request of the batch has the same key, or shares a stream that one of
--               the two writes
--   fenced      another generation of the plugin is active, or none: decide again
--   invalid     a null, a key or fingerprint of the wrong length, or a stream twice: do not repeat
-- Parallel arrays, counted from 1. r_*: per request (r_plugin null: not fenced). s_*: per stream of
-- a request (s_expected null: any version); a stream without events is a guard. e_*: per event
-- (e_stream is an index of s_*), in the order of the requests.
-- One row per request, in order. `actual`: the present versions, one per stream of the request, if
-- one differs from the expected or none was expected. Error EAF01: the tenant does not exist.
-- The faster eaf.append_plain takes simple requests and defers all others to this function.
-- Called alone, in autocommit and READ COMMITTED: the lane stays locked until the transaction ends.
-- Specified by eaf-core/tests/it/append.rs. enable_seqscan is off, because a session may keep a
-- plan that was made while the tables were almost empty.
create or replace function eaf.append(
  _tenant uuid, _lane smallint, _keep interval,
  r_actor uuid[], r_key text[], r_fingerprint bytea[], r_answer bytea[],
  r_plugin text[], r_generation bigint[],
  s_request int[], s_stream uuid[], s_expected bigint[],
  e_stream int[], e_id uuid[], e_type text[], e_schema smallint[], e_data bytea[], e_meta bytea[])
returns table (outcome text, first_pos bigint, last_pos bigint, answer bytea, actual bigint[])
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  discarded text; n int; m int; c int;                       -- requests, streams, events
  at timestamptz; head bigint; hash bytea;              -- of the lane
  version bigint; leaf bytea;
  special int; fresh boolean; shapely boolean;
  cur bigint[]; tail bigint[]; p bigint; r int; last_r int := 1; s int; x record;
  verdict text[]; answers bytea[]; first bigint[]; last bigint[];              -- per request
  positions bigint[]; versions bigint[]; leaves bytea[]; chains bytea[];    -- of the accepted events, sparse
begin
  -- 1. Set the tenant for this transaction. A tenant that the caller has set must be the same.
  if nullif(current_setting('app.tenant_id', true), '')::uuid <> _tenant then
    raise exception 'tenant mismatch' using errcode = '42501';
  end if;
  -- 2. Lock the lane: one writer until its commit is visible, so that later statements see all
  --    earlier appends. Lock the generations: none is activated until the commit.
  discarded := set_config('app.tenant_id', _tenant::text, true) || pg_advisory_xact_lock(uuid_hash_extended(_tenant, _lane))::text;
  perform pg_advisory_xact_lock_shared(eaf.generation_lock(name))
  from (select distinct unnest(r_plugin)) d (name) where name is not null;

  -- 3. Read the lane's head and check the lengths of the arrays.
  n := cardinality(r_key); m := cardinality(s_stream); c := cardinality(e_id);
  select h.pos, h.chain, eaf.now(),
         cardinality(r_actor) = n and cardinality(r_fingerprint) = n and cardinality(r_answer) = n
         and cardinality(r_plugin) = n and cardinality(r_generation) = n
         and cardinality(s_request) = m and cardinality(s_expected) = m and cardinality(e_stream) = c and cardinality(e_type) = c
         and cardinality(e_schema) = c and cardinality(e_data) = c and cardinality(e_meta) = c
         and 1 <= all (s_request) and n >= all (s_request) and 1 <= all (e_stream) and m >= all (e_stream)
    into head, hash, at, shapely
    from (select) one left join lateral (select e.pos, e.chain from eaf.event e
      where e.tenant_id = _tenant and e.lane = _lane order by e.pos desc limit 1) h on true;
  if shapely is not true then raise exception 'malformed batch' using errcode = '22023'; end if;
  if head is null then head := 0; hash := eaf.first_link(_tenant, _lane); end if;

  -- 4. Read the versions of the streams, count the requests with a known key or an invalid value,
  --    and check that no key and no stream occurs twice.
  select array(select coalesce((select e.version from eaf.event e where e.tenant_id = _tenant and e.stream_id = u
                                order by e.version desc limit 1), 0) from unnest(s_stream) u),
         (select count(*) from (select unnest(r_actor) a, unnest(r_key) k, unnest(r_fingerprint) f, unnest(r_answer) w) u
          where num_nulls(a, k, f, w) > 0 or octet_length(k) not between 1 and 200 or octet_length(f) <> 32
             or (select true from eaf.ledger l where l.tenant_id = _tenant and l.actor_id = a and l.key = k)),
         (select count(*) from (select distinct a, k from (select unnest(r_actor) a, unnest(r_key) k) u) d) = n
         and (select count(*) from (select distinct u from unnest(s_stream) u) d) = m
    into cur, special, fresh;

  -- 5. Decide. A later check overrides an earlier one.
  verdict := array_fill('ok'::text, array[n]);
  answers := array_fill(null::bytea, array[n]);
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
        answers[x.i] := x.answer; first[x.i] := x.first_pos; last[x.i] := x.last_pos;
      end if;
    end loop;
  end if;

  -- 6. Number, hash and chain the accepted events.
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

  -- 7. Write.
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
    return query select unnest(verdict), unnest(first), unnest(last), unnest(answers), null::bigint[];
  else
    return query select verdict[g], first[g], last[g], answers[g], case when verdict[g] in ('ok', 'conflict') then
      array(select cur[i] from generate_series(1, m) i where s_request[i] = g) end from generate_series(1, n) g;
  end if;
end $$;
grant execute on function eaf.append to eaf_app;
