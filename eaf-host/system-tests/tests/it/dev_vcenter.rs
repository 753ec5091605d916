//! Test of `eaf dev vcenter`, which starts difficult behaviours of a simulated vCenter and ends
//! them.

use eaf_dev::ports::Ports;
use eaf_dev::state::State;
use eaf_system_tests::binary;
use eaf_test_support::vcsim::Vcsim;
use std::path::{Path, PathBuf};
use std::process::Output;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn injected_faults_stay_until_they_are_removed() {
    let demo = Demo::start().await;
    assert_eq!(demo.said(&["acme"]).await, "acme: vCenter behaves well\n");
    let said = demo.said(&["slow", "1ms"]).await;
    assert!(said.contains("acme: slow delay=\"1ms\", 0 hits") && said.contains("calm"), "{said}");
    for words in [
        ["acme", "question", "debian-12"].as_slice(),
        &["acme", "inaccessible", "debian-12"],
        &["acme", "template", "debian-12"],
        &["acme", "expired"],
        &["acme", "locked"],
        &["acme", "busy"],
    ] {
        demo.said(words).await;
    }
    let said = demo.said(&["acme", "random", "7"]).await;
    assert!(said.starts_with("seed 7\n") && said.contains("probability="), "{said}");
    assert_eq!(demo.said(&["acme", "calm"]).await, "acme: vCenter behaves well\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_machine_and_an_invalid_time_are_reported() {
    let demo = Demo::start().await;
    let output = demo.refused(&["acme", "inaccessible", "nobody"]).await;
    assert!(output.contains("there is no machine \"nobody\""), "{output}");
    let output = demo.refused(&["acme", "slow", "long"]).await;
    assert!(output.contains("invalid duration \"long\""), "{output}");
    assert_eq!(demo.said(&["acme"]).await, "acme: vCenter behaves well\n");
}

/// State directory of the demo, with one vCenter.
struct Demo {
    dir: PathBuf,
    _vcsim: Vcsim,
}

impl Demo {
    async fn start() -> Demo {
        let dir = std::env::temp_dir().join(format!("eaf-dev-vcenter-{}", uuid::Uuid::new_v4().simple()));
        let vcsim = Vcsim::start(&dir.join("vcenter"), &[]).await;
        let state = State::open(dir.clone()).unwrap();
        state.remember_ports(&Ports { vcenter_control: vcsim.control_port(), ..Ports::DEFAULT }).unwrap();
        Demo { dir, _vcsim: vcsim }
    }

    async fn run(&self, words: &[&str]) -> Output {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        Command::new(binary::eaf())
            .args(["dev", "vcenter"])
            .args(words)
            .env("EAF_STATE_DIR", &self.dir)
            .env("EAF_ROOT", root)
            .output()
            .await
            .unwrap()
    }

    async fn said(&self, words: &[&str]) -> String {
        let output = self.run(words).await;
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn refused(&self, words: &[&str]) -> String {
        let output = self.run(words).await;
        assert!(!output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
