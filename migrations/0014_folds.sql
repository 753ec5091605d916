-- How often a consumer has begun anew, because somebody was erased or the log restored. Whoever shows its rows asks for all of them then:
-- of those that are gone nothing is left that would say so.
alter table eaf.checkpoint add column folds integer not null default 0;
-- Which definitions of views are active is written by the host, with the activation (0013); it locks that as eaf.activate does.
grant execute on function eaf.generation_lock to eaf_platform;
