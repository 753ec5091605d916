-- What is deleted after a while: answers in the ledger, denials, journals of runs that ended, mails that were told, and the
-- files of packages that nobody runs.
-- Why: all of them grow with what people do, refused commands and denials included. The host calls these functions and can
-- delete nothing else; each has a shortest age of its own, so that a mistake in the settings takes nothing away that is young.

create index ledger_age on eaf.ledger using brin (at);

-- A run keeps its row, so that its event starts it only once; what it called goes.
alter table eaf.run add column journal_pruned_at timestamptz;
create index run_ended on eaf.run (tenant_id, ended_at) where ended_at is not null and journal_pruned_at is null;

-- For the tenant of the transaction: at most so many rows at once, of those from before this instant. Answers how many.
create function eaf.prune(_what text, _before timestamptz, _most integer) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  before timestamptz := least(_before, now() - interval '7 days');
  pruned bigint;
  ended  uuid[];
begin
  case _what
    when 'ledger' then
      delete from eaf.ledger d where d.ctid = any (array(
        select l.ctid from eaf.ledger l where l.tenant_id = tenant and l.at < before and l.keep_until < now()
        limit _most for update skip locked));
      get diagnostics pruned = row_count;
    when 'denials' then
      delete from eaf.audit d where d.ctid = any (array(
        select a.ctid from eaf.audit a where a.tenant_id = tenant and a.at < before and a.outcome = 'denied'
        limit _most for update skip locked));
      get diagnostics pruned = row_count;
    when 'mails' then
      delete from eaf.mail_log d where d.ctid = any (array(
        select m.ctid from eaf.mail_log m
        where m.tenant_id = tenant and m.updated_at < before and m.status in ('sent', 'failed', 'skipped')
        limit _most for update skip locked));
      get diagnostics pruned = row_count;
    when 'journals' then
      ended := array(
        select r.run_id from eaf.run r
        where r.tenant_id = tenant and r.ended_at < before and r.state <> 'open' and r.journal_pruned_at is null
        order by r.ended_at limit greatest(_most / 100, 1) for update skip locked);
      delete from eaf.journal j where j.tenant_id = tenant and j.run_id = any (ended);
      get diagnostics pruned = row_count;
      update eaf.run r set journal_pruned_at = now(), result = null where r.tenant_id = tenant and r.run_id = any (ended);
      pruned := greatest(pruned, cardinality(ended));
    else
      raise exception 'nothing called % is pruned', _what using errcode = '22023';
  end case;
  return pruned;
end $$;
revoke all on function eaf.prune(text, timestamptz, integer) from public;
grant execute on function eaf.prune(text, timestamptz, integer) to eaf_app;
comment on function eaf.prune(text, timestamptz, integer) is 'as owner for eaf_app';

-- Files are emptied, and their rows stay with digest and description; stored again, a package has its file again.
grant update (bytes) on eaf.package to eaf_platform;
