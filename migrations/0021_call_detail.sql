-- Why a call failed, in the host's own words beside the code: which line of a template, which person that is not there. The host's
-- messages carry no personal data, so this stands in clear where tenant admins look for the cause.
alter table eaf.journal add column detail text;
grant update (detail) on eaf.journal to eaf_app;
