//! Paths in a checkout of EAF: its root, its state directory, and the programs that `make setup`
//! installed.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this is not inside a checkout of EAF; go there, or name it: EAF_ROOT=DIR")]
    NoCheckout,
    #[error("{missing} is missing: run `make setup`")]
    NotSetUp { missing: PathBuf },
    #[error("there is no PostgreSQL for this kind of machine in eaf-host/dev/package.json")]
    NoServer,
}

/// Checkout of EAF's repository in which `eaf dev` works.
#[derive(Clone)]
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// Finds the checkout around the working directory, unless `EAF_ROOT` names one.
    pub fn find() -> Result<Checkout, Error> {
        if let Some(root) = std::env::var_os("EAF_ROOT") {
            return Ok(Checkout { root: root.into() });
        }
        let here = std::env::current_dir().map_err(|_| Error::NoCheckout)?;
        let root = here.ancestors().find(|dir| dir.join("eaf-host/dev/package.json").is_file());
        root.map(|root| Checkout { root: root.to_path_buf() }).ok_or(Error::NoCheckout)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn state_dir(&self) -> PathBuf {
        match std::env::var_os("EAF_STATE_DIR") {
            Some(dir) => std::path::absolute(&dir).unwrap_or_else(|_| dir.into()),
            None => self.root.join(".eaf"),
        }
    }

    pub fn vcsim(&self) -> Result<PathBuf, Error> {
        present(self.root.join("bin/vcsim"))
    }

    pub fn maildev(&self) -> Result<PathBuf, Error> {
        present(self.modules().join("maildev/dist/bin/maildev.js"))
    }

    /// Directory with PostgreSQL's `bin`, `lib` and `share`.
    pub fn postgres(&self) -> Result<PathBuf, Error> {
        let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
        let processor = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            _ => return Err(Error::NoServer),
        };
        let native = self.modules().join(format!("@embedded-postgres/{system}-{processor}/native"));
        present(native.join("bin/initdb"))?;
        Ok(native)
    }

    pub fn package(&self, plugin: &str) -> Result<PathBuf, Error> {
        present(self.root.join("bin").join(format!("{plugin}.eaf")))
    }

    /// Directory of the built web application; `None` if it was not built.
    pub fn web(&self) -> Option<PathBuf> {
        let dist = self.root.join("web/dist");
        dist.join("index.html").is_file().then_some(dist)
    }

    fn modules(&self) -> PathBuf {
        self.root.join("eaf-host/dev/node_modules")
    }
}

fn present(path: PathBuf) -> Result<PathBuf, Error> {
    if path.exists() { Ok(path) } else { Err(Error::NotSetUp { missing: path }) }
}
