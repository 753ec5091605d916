-- The audit and the journal join the chain: what was recorded is anchored, a batch of a tenant at a time.
--
-- Why: rows of eaf.audit and eaf.journal come from many transactions at once. Linking each to the one before would let all
-- writers of a tenant wait for one another; so the hosts do it behind them, seconds later. An anchor holds the hashes of its
-- rows, is linked to the anchor before and to the event that was the log's last at that moment: who deletes or changes a row
-- has to write all anchors after it anew, and the heads that are noted elsewhere say so.

create table eaf.anchor (
  tenant_id  uuid        not null,
  nr         bigint      not null check (nr > 0),    -- without gap
  at         timestamptz not null,
  oldest     timestamptz not null,                   -- of its rows: what is deleted by age is expected to be missing
  log_pos    bigint      not null,                   -- of the log's last event; 0: none
  log_chain  bytea,
  audits     bytea       not null,                   -- 32 bytes for each row of eaf.audit, in the order of their ids
  journals   bytea       not null,                   -- 32 bytes for each row of eaf.journal, in the order of their keys
  chain      bytea       not null,
  primary key (tenant_id, nr)
);
select eaf.tenant_table('eaf.anchor');
grant select, insert on eaf.anchor to eaf_app;

-- Null: not anchored yet. A row of the journal is, when its call is done, because nothing changes it any more.
alter table eaf.audit add column anchor bigint;
alter table eaf.journal add column anchor bigint;
grant update (anchor) on eaf.audit to eaf_app;
grant update (anchor) on eaf.journal to eaf_app;
create index audit_anchor on eaf.audit (tenant_id, anchor);
create index journal_anchor on eaf.journal (tenant_id, anchor);

-- Whose rows wait to be anchored.
select eaf.platform_table('eaf.audit');
select eaf.platform_table('eaf.journal');
grant select (tenant_id, anchor) on eaf.audit to eaf_platform;
grant select (tenant_id, anchor, state) on eaf.journal to eaf_platform;
