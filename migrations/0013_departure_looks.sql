-- Second look of the products at a departure, for commands that found out their people before it
-- and ended after the first look.
alter table eaf.departure add column looked boolean not null default false;   -- whether the first look has ended
grant update (looked) on eaf.departure to eaf_app;
