-- revision: 2
-- Returns the time of events and of administrative acts: the clock of the database, which no host
-- can change. A function of its own, so that the demo can move this clock.
create or replace function eaf.now() returns timestamptz
  language sql volatile
as 'select clock_timestamp()';
grant execute on function eaf.now to eaf_app, eaf_platform;
