//! Texts for people, in German and English.
//!
//! What a call of the host can fail with has its sentence here (`failures/{de,en}.toml`), for connections, mails and every package.
//! A package brings its other sentences in `locales/{de,en}.toml`; the plugin names only a code and its parameters. Both
//! languages have the same keys, held when the package is loaded. To add a text: the same key in both files.

pub mod format;
mod locales;
pub mod mails;
pub mod plain;

pub use locales::{Error, Locales};
