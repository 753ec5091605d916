//! PostgreSQL for development and tests, from the npm package's binaries.
//!
//! PostgreSQL refuses to run as root. If `eaf dev` runs as root, this module runs the server as the
//! system's user `postgres`, or else as `nobody`; if that user cannot read the checkout (below
//! `/root`, for example), the binaries are copied to `/var/cache/eaf`, and the data is in
//! `/var/lib/eaf`.

pub mod make;

use crate::checkout::{self, Checkout};
use crate::process::Signal;
use crate::progress::Progress;
use crate::service::{Plan, Ready, User};
use crate::state::{self, State};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::process::Command;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Checkout(#[from] checkout::Error),
    #[error(transparent)]
    State(#[from] state::Error),
    #[error("PostgreSQL cannot run as root, and there is neither a user `postgres` nor `nobody`")]
    NoUser,
    #[error("{path} cannot be {act}")]
    File {
        path: PathBuf,
        act: &'static str,
        #[source]
        cause: std::io::Error,
    },
    #[error("{program} cannot be run")]
    Run {
        program: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("initdb failed:\n{0}")]
    Initdb(String),
}

/// Name of the demo's database.
pub const DATABASE: &str = "eaf";

/// A PostgreSQL cluster: its programs, its data and the user that runs it.
pub struct Cluster {
    programs: PathBuf,
    data: PathBuf,
    user: Option<User>,
    port: u16,
    superuser_password: String,
    durability: Durability,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// PostgreSQL's own durability, as in production.
    Full,
    /// No durability, which is several times faster, for tests that do not crash the server.
    None,
}

impl Cluster {
    /// Finds the cluster's programs and data, and creates the cluster if it is missing. The
    /// superuser's password is the secret `postgres` in the state directory.
    pub async fn prepare(
        checkout: &Checkout,
        state: &State,
        port: u16,
        durability: Durability,
    ) -> Result<Cluster, Error> {
        let user = other_user_if_root()?;
        let programs = reachable_programs(checkout.postgres()?, user).await?;
        let data = data_dir(state, user)?;
        let superuser_password = state.password("postgres")?;
        let cluster = Cluster { programs, data, user, port, superuser_password, durability };
        if !cluster.data.exists() {
            cluster.make(state).await?;
        }
        Ok(cluster)
    }

    pub fn plan(&self) -> Plan {
        let mut settings = vec![
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".into(),
            // The server has no Unix socket, because the path would be too long in deep checkouts.
            "unix_socket_directories=".into(),
            "max_connections=300".into(),
            "log_timezone=UTC".into(),
            "timezone=UTC".into(),
        ];
        if self.durability == Durability::None {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(String::from));
        }
        let mut args = vec!["-D".to_string(), self.data.display().to_string()];
        args.extend(settings.into_iter().flat_map(|setting| ["-c".to_string(), setting]));
        Plan {
            name: "postgres",
            program: self.programs.join("bin/postgres"),
            args,
            environment: self.environment(),
            user: self.user,
            ready: Ready::Postmaster(self.data.join("postmaster.pid")),
            // SIGINT is PostgreSQL's fast shutdown: transactions end, data is flushed.
            end: Signal::Interrupt,
        }
    }

    /// Connection string of the superuser, with the password.
    pub fn superuser_url(&self, database: &str) -> String {
        url("postgres", &self.superuser_password, self.port, database)
    }

    pub fn programs(&self) -> &Path {
        &self.programs
    }

    pub fn user(&self) -> Option<User> {
        self.user
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let library = self.programs.join("lib").display().to_string();
        vec![("LD_LIBRARY_PATH", library.clone()), ("DYLD_LIBRARY_PATH", library), ("LC_ALL", "C".into())]
    }
}

/// Connection string of a role, with the password.
pub fn url(role: &str, password: &str, port: u16, database: &str) -> String {
    format!("postgres://{role}:{password}@127.0.0.1:{port}/{database}")
}

/// Removes data of this state directory's cluster from `/var/lib/eaf`, where a cluster is stored if
/// its user cannot reach the state directory. Incomplete clusters there are removed, too.
pub fn remove_elsewhere(state_dir: &Path) -> Result<(), Error> {
    let Ok(note) = fs::read_to_string(state_dir.join("postgres.data")) else { return Ok(()) };
    let data = PathBuf::from(note);
    if data.starts_with(state_dir) || !data.starts_with("/var/lib/eaf") {
        return Ok(());
    }
    for dir in make::drafts(&data).into_iter().chain([data].into_iter().filter(|data| data.exists())) {
        fs::remove_dir_all(&dir).map_err(failed(&dir, "removed"))?;
    }
    Ok(())
}

fn other_user_if_root() -> Result<Option<User>, Error> {
    let own_uid = fs::metadata("/proc/self").map(|own| own.uid()).ok();
    if own_uid.is_some_and(|uid| uid != 0) || (own_uid.is_none() && std::env::var("USER").as_deref() != Ok("root")) {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(failed(Path::new("/etc/passwd"), "read"))?;
    let named = |wanted: &str| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            (fields.first() == Some(&wanted)).then_some(())?;
            Some(User { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
        })
    };
    named("postgres").or_else(|| named("nobody")).map(Some).ok_or(Error::NoUser)
}

/// Directory of PostgreSQL's programs: `native`, or a copy below `/var/cache/eaf` if the user who
/// runs the cluster cannot read `native`.
async fn reachable_programs(native: PathBuf, user: Option<User>) -> Result<PathBuf, Error> {
    let Some(user) = user else { return Ok(native) };
    if runs(&native, user).await {
        return Ok(native);
    }
    let version = fs::read(native.parent().unwrap_or(&native).join("package.json")).unwrap_or_default();
    let copy = Path::new("/var/cache/eaf").join(format!("postgres-{}", short_hash(&version)));
    if runs(&copy, user).await {
        return Ok(copy);
    }
    let _progress = Progress::start("copying PostgreSQL to where its user can read it".into());
    passage(Path::new("/var/cache/eaf"))?;
    let draft = copy.with_extension(format!("draft-{}", std::process::id()));
    copy_tree(&native, &draft)?;
    // A concurrent run may have made the copy first; its copy stays.
    if fs::rename(&draft, &copy).is_err() {
        fs::remove_dir_all(&draft).map_err(failed(&draft, "removed"))?;
    }
    Ok(copy)
}

async fn runs(programs: &Path, user: User) -> bool {
    let mut command = Command::new(programs.join("bin/postgres"));
    command.arg("--version").env("LD_LIBRARY_PATH", programs.join("lib")).current_dir("/").uid(user.uid).gid(user.gid);
    command.output().await.is_ok_and(|output| output.status.success())
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(failed(to, "made"))?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).map_err(failed(to, "opened to others"))?;
    for entry in fs::read_dir(from).map_err(failed(from, "read"))? {
        let entry = entry.map_err(failed(from, "read"))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(failed(&source, "read"))?;
        if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else if kind.is_symlink() {
            let link = fs::read_link(&source).map_err(failed(&source, "read"))?;
            std::os::unix::fs::symlink(link, &target).map_err(failed(&target, "written"))?;
        } else {
            fs::copy(&source, &target).map_err(failed(&target, "written"))?;
            let mode = fs::metadata(&source).map_err(failed(&source, "read"))?.permissions().mode() | 0o444;
            fs::set_permissions(&target, fs::Permissions::from_mode(mode))
                .map_err(failed(&target, "opened to others"))?;
        }
    }
    Ok(())
}

fn data_dir(state: &State, user: Option<User>) -> Result<PathBuf, Error> {
    let inside = state.dir().join("postgres");
    let Some(user) = user else { return Ok(inside) };
    if state.dir().ancestors().all(|dir| passable(dir, user)) {
        return Ok(inside);
    }
    let parent = PathBuf::from("/var/lib/eaf");
    passage(&parent)?;
    Ok(parent.join(short_hash(state.dir().as_os_str().as_encoded_bytes())))
}

/// Creates a directory that other users can traverse, whatever the umask.
fn passage(dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(failed(dir, "made"))?;
    let mode = fs::metadata(dir).map_err(failed(dir, "read"))?.permissions().mode();
    fs::set_permissions(dir, fs::Permissions::from_mode(mode | 0o111)).map_err(failed(dir, "opened to others"))
}

fn passable(dir: &Path, user: User) -> bool {
    fs::metadata(dir).is_ok_and(|dir| {
        let mode = dir.permissions().mode();
        mode & 0o001 != 0
            || (dir.gid() == user.gid && mode & 0o010 != 0)
            || (dir.uid() == user.uid && mode & 0o100 != 0)
    })
}

fn own(path: &Path, user: Option<User>) -> Result<(), Error> {
    let Some(user) = user else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid)).map_err(failed(path, "given to another user"))
}

fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn prefixed(option: &str, path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from(option);
    text.push(<Path as AsRef<OsStr>>::as_ref(path));
    text
}

fn failed(path: &Path, act: &'static str) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    move |cause| Error::File { path, act, cause }
}
