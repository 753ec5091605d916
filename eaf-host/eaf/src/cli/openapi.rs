//! `eaf openapi FILE…`: prints the OpenAPI document of a host that serves the packages in these
//! files.

use super::{Outcome, say};
use crate::compose;
use clap::Args as Arguments;
use std::path::PathBuf;

#[derive(Arguments)]
pub struct Args {
    /// Package files, whose commands and views the document describes beside the host's own
    /// operations.
    #[arg(value_name = "FILE")]
    packages: Vec<PathBuf>,
}

pub async fn run(args: Args) -> Outcome {
    say(&format!("{:#}\n", compose::openapi(&args.packages).await?))
}
