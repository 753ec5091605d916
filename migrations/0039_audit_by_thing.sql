-- The audit is searched by thing and by person. The log finds a thing by its stream as it is; these are for the other two records.

-- Acts on a thing, and refused commands by what they were about.
create index audit_object on eaf.audit (tenant_id, object, at, id);
create index audit_about on eaf.audit (tenant_id, (change ->> 'about'), at, id) where (change ->> 'about') is not null;
-- Runs about a person.
create index run_subject on eaf.run (tenant_id, subject);
-- Mails of a trace.
create index mail_trace on eaf.mail_log (tenant_id, trace);
