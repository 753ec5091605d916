-- A recipient who is deferred is asked for a day, counted from the first deferral without a break: a mail that has waited for something
-- else is not given up by its first one. `call_seq` says which call of its run a mail belongs to, so that the end of one call
-- settles no mail of another.
alter table eaf.mail_log
  add column call_seq       integer,                       -- null: written down by an earlier version
  add column deferred_since timestamptz,                   -- null: the last answer was no deferral
  add column deferrals      integer not null default 0;
create index mail_of_call on eaf.mail_log (tenant_id, run_id, call_seq) where status = 'pending';
grant update (deferred_since, deferrals) on eaf.mail_log to eaf_app;
comment on column eaf.mail_log.handed_at is 'when it was last offered to the server; what the connection''s rate counts';
