//! Texts for people, in German and English.
//!
//! The host has a sentence for each failure of its calls (`failures/{de,en}.toml`), which
//! connections, mails and every package use. A package has its other sentences in
//! `locales/{de,en}.toml`; the plugin names only a code and its parameters. Both languages must
//! have the same keys, which is checked when the package is loaded. To add a text: the same key in
//! both files.

pub mod failures;
pub mod format;
mod locales;
pub mod mails;
pub mod plain;

pub use locales::{Error, Locales};
