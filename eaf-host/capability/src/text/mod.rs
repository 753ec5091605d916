//! Texts for people, in German and English.
//!
//! The host has a sentence for each failure code of its calls (`failures/{de,en}.toml`), which
//! connections, mails and all packages use. A package has its other sentences in
//! `locales/{de,en}.toml`; the plugin's code names only a key and its parameters. Both languages
//! must have the same keys, which is checked when the package is loaded. To add a text, write the
//! same key into both files.

pub mod audit;
pub mod failures;
pub mod format;
mod locales;
pub mod mails;
pub mod plain;

pub use locales::{Error, Locales, Texts};
