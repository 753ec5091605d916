-- The mail log is also the queue that a tenant's admins see: why a mail waits, over which connection, and when it is tried again.
-- `unknown` is a mail whose content a server took without answering: it may have arrived, and is not repeated by itself.
-- The new list of states holds all of the old one, so rows need not be looked through.
alter table eaf.mail_log
  add column connection text,                          -- null: not known yet
  add column next_at    timestamptz,                   -- when a waiting mail is tried again; null: at once
  add column handed_at  timestamptz,                   -- when its content was last given to the server
  add column unanswered integer not null default 0,    -- how often that was done without an answer
  add column relay      text,                          -- the server's own id for the mail
  drop constraint mail_log_status_check,
  add constraint mail_log_status_check check (status in ('pending', 'sent', 'failed', 'skipped', 'unknown')) not valid;
create index mail_handed on eaf.mail_log (tenant_id, connection, handed_at) where handed_at is not null;
grant update (connection, next_at, handed_at, unanswered, relay) on eaf.mail_log to eaf_app;

-- Mail connections over which nothing is sent until an admin says so.
create table eaf.mail_pause (
  tenant_id  uuid        not null,
  connection text        not null,
  paused_by  uuid        not null,
  paused_at  timestamptz not null default clock_timestamp(),
  primary key (tenant_id, connection)
);
select eaf.tenant_table('eaf.mail_pause');
grant select, insert, delete on eaf.mail_pause to eaf_app;
