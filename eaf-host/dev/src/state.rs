//! State directory, `.eaf/` in the checkout: data between two runs, and the processes of the
//! present one. The supervisor is the process of `eaf dev`, which starts the services as its
//! children.
//!
//! | file | content |
//! |---|---|
//! | `lock` | id and start time of the supervisor, which holds a lock on this file while it runs |
//! | `ports.json` | ports of the last run |
//! | `secrets/NAME` | random, created once, readable by their owner only |
//! | `NAME.process` | id and start time of a child, to end it after a `kill -9` of the supervisor |
//! | `logs/NAME.log` | a child's output |
//! | `clock` | seconds by which the host's clock is ahead; absent: none |
//! | `done/NAME` | ports at the time when the step NAME, which runs once, was completed |

use crate::ports::Ports;
use crate::process::ProcessId;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path} cannot be {act}")]
    File {
        path: PathBuf,
        act: &'static str,
        #[source]
        cause: std::io::Error,
    },
    #[error("{0} contains a file of another program; `make demo-reset` replaces the directory")]
    Content(PathBuf),
    #[error("already running here{}; press Ctrl-C there, or choose another directory: EAF_STATE_DIR=DIR", render_holder(.0))]
    Running(Option<ProcessId>),
    #[error("nothing has run here yet: start `make demo` first")]
    NeverRun,
    #[error("no randomness from the system")]
    Random,
}

fn render_holder(holder: &Option<ProcessId>) -> String {
    holder.as_ref().map(|process| format!(" (pid {})", process.pid)).unwrap_or_default()
}

#[derive(Clone)]
pub struct State {
    dir: PathBuf,
}

/// Lock on the state directory that a running supervisor holds. The operating system releases it
/// when the process ends, even by a kill.
pub struct Lock {
    _file: File,
}

impl State {
    /// Opens the state directory and creates what is missing in it.
    pub fn open(dir: PathBuf) -> Result<State, Error> {
        for dir in [dir.clone(), dir.join("secrets"), dir.join("logs"), dir.join("done")] {
            // Other users may traverse these directories, because PostgreSQL runs as another user
            // under root; they may not list them.
            let mode = if dir.ends_with("secrets") { 0o700 } else { 0o711 };
            fs::DirBuilder::new().recursive(true).mode(mode).create(&dir).map_err(failed(&dir, "made"))?;
        }
        Ok(State { dir })
    }

    /// Opens the state directory of an earlier run, without changes to it.
    pub fn existing(dir: PathBuf) -> Result<State, Error> {
        if dir.join("ports.json").is_file() { Ok(State { dir }) } else { Err(Error::NeverRun) }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Locks the state directory for this supervisor. Waits up to 2 s for the end of another
    /// supervisor that was just killed.
    pub async fn lock(&self) -> Result<Lock, Error> {
        let deadline = Instant::now() + Duration::from_secs(2);
        loop {
            match self.try_lock() {
                Err(Error::Running(_)) if Instant::now() < deadline => {}
                result => return result,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn try_lock(&self) -> Result<Lock, Error> {
        let path = self.dir.join("lock");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed(&path, "opened"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Running(self.read_process(&path).ok().flatten())),
            Err(TryLockError::Error(cause)) => return Err(failed(&path, "locked")(cause)),
        }
        let own = serde_json::to_vec(&ProcessId::own()).expect("a process id is JSON");
        file.set_len(0).and_then(|()| file.write_all(&own)).map_err(failed(&path, "written"))?;
        Ok(Lock { _file: file })
    }

    pub fn secret_file(&self, name: &str) -> PathBuf {
        self.dir.join("secrets").join(name)
    }

    /// 32 random bytes that are stored under this name, the same in every run.
    pub fn secret(&self, name: &str) -> Result<[u8; 32], Error> {
        let path = self.secret_file(name);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
                return bytes.ok_or(Error::Content(path));
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
            Err(cause) => return Err(failed(&path, "read")(cause)),
        }
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
        write_private(&path, URL_SAFE_NO_PAD.encode(bytes).as_bytes())?;
        Ok(bytes)
    }

    /// Random password that is stored under this name. It needs no quoting in URLs and shells, and
    /// is the text of the secret's file.
    pub fn password(&self, name: &str) -> Result<String, Error> {
        Ok(URL_SAFE_NO_PAD.encode(self.secret(name)?))
    }

    pub fn remember_ports(&self, ports: &Ports) -> Result<(), Error> {
        let path = self.dir.join("ports.json");
        let text = serde_json::to_vec(ports).expect("ports are JSON");
        replace(&path, &text)
    }

    pub fn ports(&self) -> Result<Ports, Error> {
        let path = self.dir.join("ports.json");
        let text = fs::read(&path).map_err(|_| Error::NeverRun)?;
        serde_json::from_slice(&text).map_err(|_| Error::Content(path))
    }

    pub fn remember_process(&self, name: &str, process: &ProcessId) -> Result<(), Error> {
        let text = serde_json::to_vec(process).expect("a process id is JSON");
        replace(&self.process_file(name), &text)
    }

    pub fn forget_process(&self, name: &str) -> Result<(), Error> {
        let path = self.process_file(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(failed(&path, "removed")(cause)),
            _ => Ok(()),
        }
    }

    /// Process that an earlier run recorded under this name; `None` if it is not alive.
    pub fn leftover(&self, name: &str) -> Result<Option<ProcessId>, Error> {
        Ok(self.read_process(&self.process_file(name))?.filter(ProcessId::is_alive))
    }

    pub fn log_file(&self, name: &str) -> PathBuf {
        self.dir.join("logs").join(format!("{name}.log"))
    }

    pub fn is_done(&self, step: &str) -> bool {
        self.dir.join("done").join(step).exists()
    }

    /// Ports that were in use when the step was completed. `None`: the step was never completed.
    pub fn done_with(&self, step: &str) -> Option<Ports> {
        serde_json::from_slice(&fs::read(self.dir.join("done").join(step)).ok()?).ok()
    }

    pub fn mark_done(&self, step: &str, ports: &Ports) -> Result<(), Error> {
        let text = serde_json::to_vec(ports).expect("ports are JSON");
        replace(&self.dir.join("done").join(step), &text)
    }

    fn process_file(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.process"))
    }

    /// Replaces a file of the state directory.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        replace(&self.dir.join(name), content)
    }

    fn read_process(&self, path: &Path) -> Result<Option<ProcessId>, Error> {
        match fs::read(path) {
            // A file that a kill truncated contains no process.
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(failed(path, "read")(cause)),
        }
    }
}

fn failed(path: &Path, act: &'static str) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    move |cause| Error::File { path, act, cause }
}

fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    let draft = path.with_extension("draft");
    OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(failed(path, "written"))
}

fn replace(path: &Path, content: &[u8]) -> Result<(), Error> {
    let draft = path.with_extension("draft");
    fs::write(&draft, content).and_then(|()| fs::rename(&draft, path)).map_err(failed(path, "written"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn scratch() -> State {
        State::open(std::env::temp_dir().join(format!("eaf-state-{}", uuid::Uuid::new_v4()))).expect("a directory")
    }

    #[test]
    fn a_second_supervisor_is_refused_until_the_first_is_gone() {
        let state = scratch();
        let first = state.try_lock().expect("free");
        let error = state.try_lock().err().expect("refused").to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        drop(first);
        state.try_lock().expect("free again");
    }

    #[test]
    fn a_secret_is_created_once_and_private() {
        let state = scratch();
        let secret = state.secret("key").expect("made");
        assert_eq!(state.secret("key").expect("read"), secret);
        assert_ne!(state.secret("other").expect("made"), secret);
        let mode = fs::metadata(state.secret_file("key")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }

    #[test]
    fn a_done_step_has_its_ports() {
        let state = scratch();
        assert!(!state.is_done("people") && state.done_with("people").is_none());
        state.mark_done("people", &Ports::DEFAULT).expect("written");
        assert_eq!((state.is_done("people"), state.done_with("people")), (true, Some(Ports::DEFAULT)));
    }

    #[test]
    fn only_a_running_process_is_a_leftover() {
        let state = scratch();
        let own = ProcessId::own().expect("this process runs");
        state.remember_process("x", &own).expect("written");
        assert_eq!(state.leftover("x").expect("read"), Some(own.clone()));
        state.remember_process("x", &ProcessId { started: "before".into(), ..own }).expect("written");
        assert_eq!(state.leftover("x").expect("read"), None);
        fs::write(state.dir().join("x.process"), "{\"pid\":").expect("written");
        assert_eq!(state.leftover("x").expect("a truncated file names no process"), None);
    }
}
