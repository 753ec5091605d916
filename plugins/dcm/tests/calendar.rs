//! Tests of the tenant's business hours: given events, when a command, then events or a rejection.

mod cast;

use cast::*;
use dcm::Dcm;
use dcm::calendar::set::SetCalendar;
use dcm::calendar::view::{CalendarView, KEY};
use dcm::request::decision::stages::{Stages, key};
use eaf_sdk::testing::Stage;
use serde_json::{Value, json};

use dcm::request::submit::RequestVm;

const HOUR: i64 = 3_600_000;

/// Calendar of seven days of 24 hours.
fn round_the_clock(revision: u32) -> Value {
    let day = json!({ "from": "00:00", "to": "24:00" });
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let hours: serde_json::Map<String, Value> = days.map(|name| (name.to_owned(), day.clone())).into_iter().collect();
    json!({ "revision": revision, "calendar": { "zone": "UTC", "hours": hours } })
}

#[test]
fn an_admin_sets_the_calendar_and_nobody_overwrites_an_unread_change() {
    let mut stage = Stage::<Dcm>::new();
    stage.when::<SetCalendar>(&admin(), round_the_clock(0)).then_events(&["calendar-set"]);
    let row = &stage.view::<CalendarView>()[KEY];
    assert_eq!((&row["zone"], &row["revision"]), (&json!("UTC"), &json!(1)));

    stage.when::<SetCalendar>(&admin(), round_the_clock(0)).then_rejected("calendar-changed");
    stage.when::<SetCalendar>(&admin(), round_the_clock(1)).then_events(&[]);
    stage.when::<SetCalendar>(&approver(), round_the_clock(1)).then_rejected("not-permitted");
}

#[test]
fn a_calendar_without_a_working_day_or_with_reversed_hours_is_rejected() {
    let mut stage = Stage::<Dcm>::new();
    let set = |calendar: Value| json!({ "revision": 0, "calendar": calendar });
    let none = stage.when::<SetCalendar>(&admin(), set(json!({ "zone": "UTC", "hours": {} })));
    none.then_rejected("invalid-calendar");
    let reversed = json!({ "zone": "UTC", "hours": { "monday": { "from": "17:00", "to": "08:00" } } });
    stage.when::<SetCalendar>(&admin(), set(reversed)).then_fields(&[("/calendar/hours/monday", "hours-reversed")]);
}

#[test]
fn a_deadline_runs_in_the_business_hours_of_the_tenant() {
    let mut stage = with_policy(json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": [{
        "key": "manager", "name": { "de": "Leitung", "en": "Management" }, "needs": "any",
        "approvers": [{ "group": "finance" }], "deadline": { "hours": 100, "finally": "expire" },
    }] }));
    stage.when::<SetCalendar>(&admin(), round_the_clock(0)).then_events(&["calendar-set"]);
    let request = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    let row = &stage.view::<Stages>()[&key(&request, "costly.manager")];
    assert_eq!(row["due_at"], json!(row["opened_at"].as_i64().unwrap() + 100 * HOUR));
}
