//! Operations on a simulated vCenter by another client, VMware's own govc, which is independent of
//! EAF.

use crate::tool;
use crate::vcsim::{PASSWORD, USER, Vcsim};
use tokio::process::Command;

impl Vcsim {
    pub async fn power_off(&self, name: &str) {
        self.govc(&["vm.power", "-off", &path(name)]).await;
    }

    pub async fn power_on(&self, name: &str) {
        self.govc(&["vm.power", "-on", &path(name)]).await;
    }

    pub async fn set_memory(&self, name: &str, memory_mb: u32) {
        self.govc(&["vm.change", "-vm", &path(name), "-m", &memory_mb.to_string()]).await;
    }

    pub async fn make_template(&self, name: &str) {
        self.govc(&["vm.markastemplate", &path(name)]).await;
    }

    pub async fn rename(&self, name: &str, new: &str) {
        self.govc(&["object.rename", &path(name), new]).await;
    }

    pub async fn set_cpus(&self, name: &str, cpus: u32) {
        self.govc(&["vm.change", "-vm", &path(name), "-c", &cpus.to_string()]).await;
    }

    /// Clones a machine as an admin does by hand: in the folder of EAF's machines, but not EAF's.
    pub async fn clone_by_hand(&self, template: &str, name: &str) {
        let template = format!("/DC1/vm/Templates/{template}");
        self.govc(&["vm.clone", "-vm", &template, "-on=false", "-folder", "/DC1/vm/EAF/acme/dcm", name]).await;
    }

    /// Copies a machine with all its settings, as an admin's backup does.
    pub async fn copy_by_hand(&self, name: &str, copy: &str) {
        self.govc(&["vm.clone", "-vm", &path(name), "-on=false", "-folder", "/DC1/vm/EAF/acme/dcm", copy]).await;
    }

    pub async fn destroy_by_hand(&self, name: &str) {
        self.govc(&["vm.destroy", &path(name)]).await;
    }

    pub async fn copy_template(&self, template: &str, name: &str) {
        let template = format!("/DC1/vm/Templates/{template}");
        self.govc(&["vm.clone", "-vm", &template, "-on=false", "-template=true", "-folder", "/DC1/vm/Templates", name])
            .await;
    }

    async fn govc(&self, arguments: &[&str]) -> String {
        let output = Command::new(tool("govc"))
            .args(arguments)
            .env("GOVC_URL", format!("https://localhost:{}/sdk", self.address().port()))
            .env("GOVC_USERNAME", USER)
            .env("GOVC_PASSWORD", PASSWORD)
            .env("GOVC_TLS_CA_CERTS", self.cert_dir().join("ca.pem"))
            .env("GOVC_PERSIST_SESSION", "false")
            .output()
            .await
            .expect("govc runs");
        assert!(output.status.success(), "govc {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn path(name: &str) -> String {
    format!("/DC1/vm/EAF/acme/dcm/{name}")
}
