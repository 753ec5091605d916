-- Equal denials of an hour are one row that counts them: who tries again and again fills no disk and hides no other row.
alter table eaf.audit add column count integer not null default 1 check (count > 0);
grant update (count) on eaf.audit to eaf_app;
