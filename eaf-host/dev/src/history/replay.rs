//! Replay of the stories in the order of their times. The clock moves to each act first, and waits
//! until the machines of the act before are built or removed.

use super::Error;
use super::people::Person::{self, *};
use super::story::{Act, Story};
use crate::api::{self, Api, Subject};
use crate::clock::Past;
use crate::ports::Ports;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use time::{OffsetDateTime, Time, Weekday};

const UNTIL_SETTLED: Duration = Duration::from_secs(60);
/// Step of the clock while a machine is built.
const FASTER: time::Duration = time::Duration::seconds(4);
/// Time in which the host looks at the runs that the clock has made due.
const UNTIL_DUE: Duration = Duration::from_millis(200);
/// Shortest time between two acts on one request.
const PAUSE: time::Duration = time::Duration::minutes(15);

/// Clients of the people, with their actor ids.
pub struct Cast {
    people: BTreeMap<Person, (Api, String)>,
}

impl Cast {
    pub async fn sign_in(ports: &Ports) -> Result<Cast, Error> {
        let mut people = BTreeMap::new();
        for person in Person::ALL {
            let api = Api::of(ports, person.account()).await?;
            let session = api.get("/api/session").await?;
            let actor =
                session["actor"].as_str().ok_or(api::Error::Member { what: "session".into(), member: "actor" })?;
            people.insert(person, (api, actor.to_owned()));
        }
        Ok(Cast { people })
    }

    pub fn api(&self, person: Person) -> &Api {
        &self.people[&person].0
    }

    pub fn actor(&self, person: Person) -> &str {
        &self.people[&person].1
    }
}

/// Act of a story at its time. `None`: the submission.
struct Moment<'a> {
    at: OffsetDateTime,
    story: &'a Story,
    act: Option<Act>,
}

/// Replays the stories up to `now`.
pub async fn replay(cast: &Cast, stories: &[Story], past: &Past, now: OffsetDateTime) -> Result<(), Error> {
    let mut requests: BTreeMap<&str, Subject> = BTreeMap::new();
    for (index, moment) in moments(stories, now).into_iter().enumerate() {
        past.reach(moment.at).await?;
        let story = moment.story;
        let key = format!("history-{index}-{}", story.name);
        match (moment.act, requests.get_mut(story.name)) {
            (Some(act), Some(request)) => request.position = perform(cast, story, request, act, &key).await?,
            // The first moment of a story is its submission.
            _ => {
                requests.insert(story.name, submit(cast, story, &key).await?);
            }
        }
        settle(cast, past).await?;
    }
    Ok(())
}

/// Acts of all stories in the order of their times, none after `now` and none at a weekend.
fn moments(stories: &[Story], now: OffsetDateTime) -> Vec<Moment<'_>> {
    let mut moments = Vec::new();
    for story in stories {
        let (hour, minute) = story.at;
        let time = Time::from_hms(hour, minute, 0).unwrap_or(Time::MIDNIGHT);
        let submitted = (now - time::Duration::days(story.days_ago.into())).replace_time(time);
        let mut last = on_a_working_day(submitted);
        moments.push(Moment { at: last, story, act: None });
        for (hours, act) in story.then {
            let at = on_a_working_day(submitted + time::Duration::hours((*hours).into()));
            last = at.max(last + PAUSE);
            moments.push(Moment { at: last, story, act: Some(*act) });
        }
    }
    moments.retain(|moment| moment.at <= now);
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// The Friday before, for a time at a weekend.
fn on_a_working_day(at: OffsetDateTime) -> OffsetDateTime {
    let back = match at.weekday() {
        Weekday::Saturday => 1,
        Weekday::Sunday => 2,
        _ => 0,
    };
    at - time::Duration::days(back)
}

async fn submit(cast: &Cast, story: &Story, key: &str) -> Result<Subject, Error> {
    let body = json!({
        "name": story.name,
        "offering": story.machine.offering,
        "cpus": story.machine.cpus,
        "memory_gb": story.machine.memory_gb,
        "term_months": story.machine.term_months,
        "justification": story.why,
    });
    Ok(cast.api(story.by).command("request-vm", key, &body).await?)
}

/// Performs an act on a request; returns the position of its last event.
async fn perform(cast: &Cast, story: &Story, request: &Subject, act: Act, key: &str) -> Result<String, Error> {
    let (person, command, mut body) = match act {
        Act::Wait => {
            tokio::time::sleep(UNTIL_DUE).await;
            return Ok(request.position.clone());
        }
        Act::Approve(person) => (person, "approve-request", json!({})),
        Act::Reject(person, reason) => (person, "reject-request", json!({ "reason": reason })),
        Act::AskBack(person, question) => (person, "ask-back", json!({ "question": question })),
        Act::Answer(text) => (story.by, "answer", json!({ "text": text })),
        Act::Propose(person, (cpus, memory_gb), comment) => {
            (person, "propose-changes", json!({ "cpus": cpus, "memory_gb": memory_gb, "comment": comment }))
        }
        Act::Confirm => (story.by, "confirm-changes", json!({})),
        Act::Withdraw => return plain(cast, story.by, "withdraw-request", request, key).await,
        Act::Cancel => return plain(cast, Petra, "cancel-request", request, key).await,
        Act::Decommission(reason) => {
            let body = json!({ "vm": request.key, "confirm": story.name, "reason": reason });
            return Ok(cast.api(story.by).command("decommission-vm", key, &body).await?.position);
        }
        Act::ApproveDecommission(person) => {
            let vm = cast.api(Petra).row("vms", &request.key, &request.position).await?;
            let body = json!({ "request": vm["decommission_request_id"] });
            return Ok(cast.api(person).command("approve-request", key, &body).await?.position);
        }
    };
    // A decision is for the revision that was read.
    let row = cast.api(Petra).row("requests", &request.key, &request.position).await?;
    body["request"] = json!(request.key);
    body["revision"] = row["revision"].clone();
    Ok(cast.api(person).command(command, key, &body).await?.position)
}

/// Performs an act that names nothing but the request.
async fn plain(cast: &Cast, person: Person, command: &str, request: &Subject, key: &str) -> Result<String, Error> {
    Ok(cast.api(person).command(command, key, &json!({ "request": request.key })).await?.position)
}

/// Waits until no machine is being built or removed and all mails are sent. Meanwhile the clock is
/// moved faster, so that the host asks vCenter without delay how far an operation is.
async fn settle(cast: &Cast, past: &Past) -> Result<(), Error> {
    let deadline = Instant::now() + UNTIL_SETTLED;
    loop {
        let busy = busy(cast).await?;
        match busy.first() {
            None => return Ok(()),
            Some(busy) if Instant::now() > deadline => return Err(Error::NotSettled(busy.clone())),
            Some(_) => past.go_on(FASTER).await?,
        }
    }
}

/// Names of the machines that are being built or removed, and ids of the mails that wait.
async fn busy(cast: &Cast) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for (path, name) in [
        ("/api/dcm/views/requests?status=approved&terminal=false", "vm_name"),
        ("/api/dcm/views/requests?status=cancelling", "vm_name"),
        ("/api/dcm/views/vms?status=decommissioning", "name"),
        ("/api/host/mail-queue", "id"),
    ] {
        let page = cast.api(Petra).get(path).await?;
        let rows = page["items"].as_array().into_iter().flatten();
        found.extend(rows.map(|row| row[name].as_str().unwrap_or(path).to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::story::STORIES;
    use std::collections::BTreeSet;
    use time::macros::datetime;

    #[test]
    fn acts_follow_their_submission_in_time_and_never_at_a_weekend() {
        for now in [datetime!(2026-11-30 15:00 UTC), datetime!(2026-12-05 06:00 UTC), datetime!(2027-01-03 23:00 UTC)] {
            let moments = moments(STORIES, now);
            assert!(moments.is_sorted_by_key(|moment| moment.at) && moments.iter().all(|moment| moment.at <= now));
            let mut submitted = BTreeSet::new();
            for moment in &moments {
                assert!(!matches!(moment.at.weekday(), Weekday::Saturday | Weekday::Sunday), "{}", moment.story.name);
                match moment.act {
                    None => assert!(submitted.insert(moment.story.name), "{} is there twice", moment.story.name),
                    Some(_) => assert!(submitted.contains(moment.story.name), "{}", moment.story.name),
                }
            }
        }
    }

    #[test]
    fn the_stories_cover_a_year_and_contain_every_act() {
        let months: BTreeSet<_> = STORIES.iter().map(|story| story.days_ago / 30).collect();
        assert_eq!(months.len(), 13, "{months:?}");
        let acts: BTreeSet<String> = STORIES
            .iter()
            .flat_map(|story| story.then)
            .map(|(_, act)| format!("{act:?}").split('(').next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(acts.len(), 11, "{acts:?}");
    }
}
