-- A view that a newer package no longer has is behind in no tenant, as a workflow (0011). Its table keeps its rows, so that it goes on where it
-- was if a later package has it again; an erasure empties it, as it does those of all definitions that are not active.
grant update (active) on eaf.view to eaf_platform;
