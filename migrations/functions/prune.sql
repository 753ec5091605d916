-- revision: 3
-- Deletes rows that no anchor covers, for the tenant of the transaction: at most `_most` that are
-- older than `_before`. Returns their number. The host may not delete in any other way, and the
-- minimum age of 7 days is fixed here, so that a wrong setting deletes no recent rows.
create or replace function eaf.prune(_what text, _before timestamptz, _most integer) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  before timestamptz := least(_before, now() - interval '7 days');
  pruned bigint := 0;
begin
  case _what
    when 'ledger' then
      delete from eaf.ledger d where d.ctid = any (array(
        select l.ctid from eaf.ledger l where l.tenant_id = tenant and l.at < before and l.keep_until < now()
        order by l.at limit _most for update skip locked));
      get diagnostics pruned = row_count;
    when 'mails' then
      -- Pending mails of ended runs are never sent, except in a digest; settled, they are listed
      -- among the failed ones.
      update eaf.mail_log m set status = case when m.unanswered > 0 then 'unknown' else 'failed' end,
          error = case when m.unanswered > 0 then 'answer-lost' else coalesce(m.error, 'given-up') end,
          next_at = null, updated_at = now()
        where m.tenant_id = tenant and m.status = 'pending' and m.collected_for is null
          and m.updated_at < now() - interval '2 hours'
          and exists (select from eaf.run r
            where r.tenant_id = tenant and r.run_id = m.run_id and r.state <> 'open' and r.ended_at < now() - interval '2 hours');
      delete from eaf.mail_log d where d.ctid = any (array(
        select m.ctid from eaf.mail_log m
        where m.tenant_id = tenant and m.updated_at < before and m.status in ('sent', 'failed', 'skipped', 'unknown')
        order by m.updated_at limit _most for update skip locked));
      get diagnostics pruned = row_count;
    else
      raise exception 'nothing called % is pruned', _what using errcode = '22023';
  end case;
  return pruned;
end $$;
grant execute on function eaf.prune to eaf_app;
