//! Tests of runs that end without a result, and of the notifications of the domain.

use super::{Scene, failure};
use crate::capability::Class;
use crate::workflow::engine::Error;
use crate::workflow::engine::memory_kernel::Ending;
use crate::workflow::{Divergence, Entry, State};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn notified(scene: &Scene) -> Vec<(String, String)> {
    let state = scene.kernel.state();
    let ends = state.commands.iter().filter(|(_, command, _)| command == "note-end");
    ends.map(|(key, _, body)| {
        assert_eq!((&body["key"], &body["event"]), (&json!("thing-1"), &json!(state.run.event.id)));
        (key.clone(), body["code"].as_str().unwrap().to_owned())
    })
    .collect()
}

fn recorded(sequence: i32, function: &str) -> Entry {
    Entry {
        sequence,
        capability: "flow".into(),
        function: function.into(),
        grant: None,
        args: json!({}),
        idempotency_key: String::new(),
        state: State::Done(Ok(Value::Null)),
        progress: None,
    }
}

#[tokio::test]
async fn the_domain_is_notified_once_before_a_run_ends_without_a_result() {
    let with = |workflow: &str| Scene::new(workflow);

    let trapped = with("explode");
    assert!(matches!(trapped.play().await, Ending::Failed(_)));
    let key = format!("run:{}:ended", trapped.kernel.state().run.id);
    assert_eq!(notified(&trapped), [(key, "component-stopped".to_owned())]);

    let too_long = with("chatter");
    assert!(matches!(too_long.play().await, Ending::Failed(_)));
    assert_eq!(notified(&too_long)[0].1, "journal-entries");

    let diverged = with("provision");
    diverged.kernel.state().journal = BTreeMap::from([(1, recorded(1, "now"))]);
    assert!(matches!(diverged.play().await, Ending::Diverged(_)));
    assert_eq!(notified(&diverged)[0].1, "diverged");

    let lost = with("provision");
    lost.kernel.state().lost = true;
    assert!(matches!(lost.play().await, Ending::Failed(failure) if failure.code == "erased"));
    assert_eq!(notified(&lost)[0].1, "erased");

    let returned = with("provision");
    returned.kernel.state().granted = false;
    assert!(matches!(returned.play().await, Ending::Failed(_)));
    assert_eq!(notified(&returned)[0].1, "not-granted");

    let fine = with("provision");
    assert_eq!(fine.play().await, Ending::Completed(json!({})));
    assert!(notified(&fine).is_empty());
}

#[tokio::test]
async fn a_run_ends_only_when_the_domain_knows_or_refuses_to() {
    let scene = Scene::new("explode");
    let busy = || Ok(Err(failure(Class::Transient, "conflict", "just now not")));
    scene.kernel.state().answers.extend([busy(), Err(Error::Store("down".into())), busy()]);
    assert!(matches!(scene.play().await, Ending::Failed(_)));
    assert_eq!(notified(&scene).len(), 1);

    let scene = Scene::new("explode");
    scene.kernel.state().answers.push_back(Ok(Err(failure(Class::Rejected, "attempt-over", ""))));
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "component-stopped"));
}

#[tokio::test]
async fn after_any_crash_a_denial_is_audited_once_and_its_end_notified_once() {
    for step in 1.. {
        let scene = Scene::new("provision");
        scene.kernel.state().granted = false;
        *scene.kernel.crash_point.dies_before.lock().unwrap() = Some(step);
        let died = tokio::select! {
            _ = scene.play() => false,
            () = scene.kernel.crash_point.dead.notified() => true,
        };
        scene.kernel.expire_lease();
        let next = scene.next();
        assert!(matches!(next.play().await, Ending::Failed(failure) if failure.class == Class::Denied));
        assert_eq!(next.kernel.state().denials, [1], "died before step {step}");
        assert_eq!(notified(&next).len(), 1, "died before step {step}");
        if !died {
            assert!(step > 4, "only {step} places to die at");
            return;
        }
    }
}

#[tokio::test]
async fn a_replay_that_returns_before_its_journal_is_used_up_has_diverged() {
    let scene = Scene::new("provision");
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    {
        let mut state = scene.kernel.state();
        let after = *state.journal.keys().last().unwrap() + 1;
        state.journal.insert(after, recorded(after, "now"));
        (state.ending, state.leased) = (None, false);
    }
    let Ending::Diverged(Divergence { recorded, replayed, .. }) = scene.play().await else { panic!("not stopped") };
    assert_eq!((recorded.as_str(), replayed), ("flow.now", None));
}
