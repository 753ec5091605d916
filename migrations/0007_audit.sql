-- The audit trail is read where its three parts arise: the log, eaf.audit, the journal (eaf-core/src/audit/trail.rs).
-- Why: each of them is found by time without reading all of it; nothing is copied, and eaf.event gets no further index,
-- because every append would pay for what is read so rarely.

-- The last position before an instant; 0 if there is none. Positions have no gaps, and their times follow their order as far as
-- the database's clock does: so a few probes find it.
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

create index audit_actor on eaf.audit (tenant_id, actor_id, at, id);
create index audit_trace on eaf.audit (tenant_id, trace_id, at, id);

-- Calls to other systems; what a run asks of its own host is no act.
create index journal_calls on eaf.journal (tenant_id, started_at, run_id, seq)
  where capability <> 'flow' and function <> 'open';
create index run_trace on eaf.run (tenant_id, trace);
