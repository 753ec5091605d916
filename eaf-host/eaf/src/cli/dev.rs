//! `eaf dev …`: runs `eaf-dev`, a separate program that production images do not contain.

use super::Outcome;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

#[derive(clap::Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("`eaf dev` needs {}, which does not exist: a checkout has it, a production image does not", .0.display())]
    Missing(PathBuf),
    #[error("{} cannot be run", .program.display())]
    Start {
        program: PathBuf,
        #[source]
        cause: std::io::Error,
    },
}

/// Replaces this process by `eaf-dev`; returns only on an error.
pub fn run(args: Args) -> Outcome {
    let program = std::env::current_exe()?.with_file_name("eaf-dev");
    let cause = Command::new(&program).args(args.arguments).exec();
    Err(Box::new(match cause.kind() {
        ErrorKind::NotFound => Error::Missing(program),
        _ => Error::Start { program, cause },
    }))
}
