//! Acts of a vCenter administrator in a test, sent to the simulator directly and not through the
//! fault proxy or the host.

use super::*;
use crate::VSPHERE;
use crate::client::account::Account;
use crate::client::soap::{MoRef, Request};
use crate::client::task::{self, State};
use crate::client::transport::{self, Transport};
use crate::client::{Session, Shared, find, machine, properties};
use eaf_capability::egress::Route;

/// Inventory path of the machine that [`clone_of`] creates for the name `web-01`.
pub const WEB_01: [&str; 7] = ["DC1", "vm", "EAF", "acme", "requests", "web", "web-01"];

pub struct Admin(pub Session);

impl Admin {
    pub fn of(bench: &Bench) -> Admin {
        let url = format!("https://localhost:{}/sdk", bench.vcsim.address().port());
        let (address, ca) = (transport::address(&url).unwrap(), bench.vcsim.ca_certificate());
        let tenant = TenantId::derive("acme");
        let route = Route::new(testing::this_machine(), &VSPHERE, tenant, &address).unwrap();
        let transport = Transport::new(address, Some(&ca), Timeouts::default(), Arc::default(), route).unwrap();
        let account = Arc::new(Account::new(Arc::default(), USER.into(), PASSWORD.into()));
        Admin(Session::of(Arc::new(Shared::new(transport, account, tenant))))
    }

    pub async fn object(&self, path: &[&str]) -> MoRef {
        find::by_path(&self.0, path).await.unwrap().unwrap_or_else(|| panic!("{path:?} is not there"))
    }

    pub async fn is_there(&self, path: &[&str]) -> bool {
        find::by_path(&self.0, path).await.unwrap().is_some()
    }

    /// Calls a method of vCenter and waits for its task. Returns the object that the method
    /// created; `None` if it created no object.
    pub async fn run(&self, method: &'static str, this: &MoRef, arguments: &str) -> Option<MoRef> {
        let answer = self.0.call(|_| Request::new(method, this, arguments.to_owned())).await.unwrap();
        let task = answer.child("returnval").and_then(MoRef::read)?;
        if task.kind != "Task" {
            return Some(task);
        }
        let until = Instant::now() + DEADLINE;
        loop {
            match task::state(&self.0, &task).await.unwrap() {
                Some(State::Succeeded { result }) => return result,
                Some(State::Failed(fault)) => panic!("{method}: {fault:?}"),
                _ => assert!(Instant::now() < until, "{method} does not end"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Makes a backup as administrators do by hand: a clone of the machine at `path`, with all its
    /// settings, in the same folder.
    pub async fn copy(&self, path: &[&str], name: &str) -> MoRef {
        let (source, folder) = (self.object(path).await, self.object(&path[..path.len() - 1]).await);
        let arguments = format!(
            "{}<name>{name}</name><spec><location></location><template>false</template><powerOn>false</powerOn></spec>",
            folder.element("folder")
        );
        self.run("CloneVM_Task", &source, &arguments).await.expect("a clone has a result")
    }

    pub async fn power(&self, machine: &MoRef, method: &'static str) {
        self.run(method, machine, "").await;
    }

    pub async fn marker(&self, object: &MoRef) -> Option<String> {
        machine::read(&self.0, object).await.unwrap().and_then(|m| m.config).and_then(|c| c.marker)
    }

    pub async fn text(&self, object: &MoRef, path: &str) -> String {
        let found = properties::read_one(&self.0, object, &[path]).await.unwrap().unwrap();
        found.text(path).unwrap().unwrap_or_default().to_owned()
    }

    pub async fn reference(&self, object: &MoRef, path: &str) -> Option<MoRef> {
        properties::read_one(&self.0, object, &[path]).await.unwrap().unwrap().reference(path).unwrap()
    }

    pub async fn references(&self, object: &MoRef, path: &str) -> Vec<MoRef> {
        properties::read_one(&self.0, object, &[path]).await.unwrap().unwrap().references(path).unwrap()
    }
}
