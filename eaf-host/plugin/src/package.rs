//! File format of packages.
//!
//! ```text
//! magic        8 bytes   "EAFPKG" 0x00 0x01
//! header size  4 bytes   little-endian, at most 1 MiB
//! header       JSON      {"format": 1, "entries": [{"path", "size", "sha256"}, …]}, sorted by path
//! signatures   4 bytes of size (at most 64 KiB), then the block; empty for now
//! contents     bytes of the entries in the header's order, without gaps and without a trailer
//! ```
//!
//! The digest of a package is the SHA-256 of magic, header size and header. It covers the contents
//! too, because the header has the SHA-256 of each entry. It does not cover the signatures, because
//! they sign the digest.

use super::engine::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const MAGIC: &[u8; 8] = b"EAFPKG\0\x01";
const HEADER_MAX: usize = 1 << 20;
const SIGNATURES_MAX: usize = 64 << 10;
const ENTRIES_MAX: usize = 1000;
const PATH_MAX: usize = 200;
/// Maximum length, in bytes, of the contents of all entries together.
const CONTENTS_MAX: u64 = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this is not an EAF package: it does not begin with the package's magic number")]
    Magic,
    #[error("the package is truncated: {part} should have {expected} bytes, there are {found}")]
    Truncated { part: String, expected: u64, found: u64 },
    #[error("the package is too large: {part} has {found} bytes, {limit} are permitted")]
    TooLarge { part: String, found: u64, limit: u64 },
    #[error("the package's header cannot be parsed")]
    Header(#[source] serde_json::Error),
    #[error("the package has format {0}; this host reads format 1")]
    Format(u32),
    #[error("the package has two entries {0}")]
    Duplicate(String),
    #[error("the path of the package's entry `{0}` is not permitted")]
    Path(String),
    #[error("the package's entry {0} is damaged: its digest is not the header's")]
    Damaged(String),
    #[error("the package has {0} bytes after its last entry")]
    Trailing(usize),
    #[error("the package has no {0}")]
    Missing(&'static str),
}

/// Package that was read from a file, and whose contents match its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    digest: String,
    entries: BTreeMap<String, Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    path: String,
    size: u64,
    sha256: String,
}

impl Package {
    /// Digest of the package: a SHA-256 in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.entries.get(path).map(Vec::as_slice)
    }

    pub fn require(&self, path: &'static str) -> Result<&[u8], Error> {
        self.get(path).ok_or(Error::Missing(path))
    }

    /// Lists the entries of the package below a folder, each with its path relative to that folder.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.entries.iter().filter_map(move |(path, bytes)| {
            let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
            Some((rest, bytes.as_slice()))
        })
    }

    /// Lists the paths of all entries of the package with their lengths in bytes, ordered by path.
    pub fn list(&self) -> impl Iterator<Item = (&str, usize)> {
        self.entries.iter().map(|(path, bytes)| (path.as_str(), bytes.len()))
    }
}

/// Writes the bytes of a package file. The same entries always give the same bytes.
pub fn write(entries: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, Error> {
    check_count(entries.len())?;
    let mut header = Header { format: 1, entries: Vec::with_capacity(entries.len()) };
    let mut total = 0;
    for (path, bytes) in entries {
        check_path(path)?;
        total += bytes.len() as u64;
        header.entries.push(Entry {
            path: path.clone(),
            size: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
        });
    }
    check_total(total)?;
    let header = serde_json::to_vec(&header).map_err(Error::Header)?;
    let mut file = Vec::with_capacity(header.len() + total as usize + 16);
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&(header.len() as u32).to_le_bytes());
    file.extend_from_slice(&header);
    file.extend_from_slice(&0u32.to_le_bytes());
    entries.values().for_each(|bytes| file.extend_from_slice(bytes));
    Ok(file)
}

/// Reads the bytes of a package file, and checks each entry against the header.
pub fn read(file: &[u8]) -> Result<Package, Error> {
    let mut rest = file.strip_prefix(MAGIC).ok_or(Error::Magic)?;
    let header = take_sized(&mut rest, "the header", HEADER_MAX)?;
    let digest = hex(&Sha256::digest(&file[..MAGIC.len() + 4 + header.len()]));
    let header: Header = serde_json::from_slice(header).map_err(Error::Header)?;
    if header.format != 1 {
        return Err(Error::Format(header.format));
    }
    check_count(header.entries.len())?;
    // The total size is checked before any entry is copied. A sum that overflows counts as too
    // large.
    check_total(header.entries.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.size)))?;
    take_sized(&mut rest, "the signature block", SIGNATURES_MAX)?;

    let mut entries = BTreeMap::new();
    for entry in header.entries {
        check_path(&entry.path)?;
        let bytes = take(&mut rest, &entry.path, entry.size)?;
        if hex(&Sha256::digest(bytes)) != entry.sha256 {
            return Err(Error::Damaged(entry.path));
        }
        if entries.insert(entry.path.clone(), bytes.to_vec()).is_some() {
            return Err(Error::Duplicate(entry.path));
        }
    }
    if !rest.is_empty() {
        return Err(Error::Trailing(rest.len()));
    }
    Ok(Package { digest, entries })
}

fn take<'a>(rest: &mut &'a [u8], part: &str, size: u64) -> Result<&'a [u8], Error> {
    let split = usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size));
    let Some((taken, left)) = split else {
        return Err(Error::Truncated { part: part.to_owned(), expected: size, found: rest.len() as u64 });
    };
    *rest = left;
    Ok(taken)
}

fn take_sized<'a>(rest: &mut &'a [u8], part: &str, limit: usize) -> Result<&'a [u8], Error> {
    let size = take(rest, part, 4)?.iter().rev().fold(0u64, |size, byte| size << 8 | u64::from(*byte));
    if size > limit as u64 {
        return Err(Error::TooLarge { part: part.to_owned(), found: size, limit: limit as u64 });
    }
    take(rest, part, size)
}

fn check_count(found: usize) -> Result<(), Error> {
    if found > ENTRIES_MAX {
        let part = "the list of entries, counted in entries,".to_owned();
        return Err(Error::TooLarge { part, found: found as u64, limit: ENTRIES_MAX as u64 });
    }
    Ok(())
}

fn check_total(found: u64) -> Result<(), Error> {
    if found > CONTENTS_MAX {
        return Err(Error::TooLarge { part: "the sum of all entries".to_owned(), found, limit: CONTENTS_MAX });
    }
    Ok(())
}

/// Checks that the path of an entry is relative, has forward slashes, no `.` or `..`, and only
/// plain characters. Such a path means the same on every system and in every log.
fn check_path(path: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let good = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(plain);
    if path.len() > PATH_MAX || !path.split('/').all(good) {
        return Err(Error::Path(path.chars().take(PATH_MAX).collect()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let entries = entries.iter().map(|(path, bytes)| (path.to_string(), bytes.to_vec())).collect();
        write(&entries).unwrap()
    }

    /// Creates a package file from this header and these contents, even if they do not match.
    fn forged(header: &str, contents: &[u8]) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&(header.len() as u32).to_le_bytes());
        file.extend_from_slice(header.as_bytes());
        file.extend_from_slice(&[0; 4]);
        file.extend_from_slice(contents);
        file
    }

    fn entry(path: &str, size: u64, bytes: &[u8]) -> String {
        format!(r#"{{"path":"{path}","size":{size},"sha256":"{}"}}"#, hex(&Sha256::digest(bytes)))
    }

    #[test]
    fn a_written_package_is_read_and_equal_entries_have_equal_digests() {
        let package = read(&file(&[("plugin.toml", b"x"), ("mails/a/de.txt", b"y")])).unwrap();
        assert_eq!(package.get("plugin.toml"), Some(&b"x"[..]));
        assert_eq!(package.below("mails").collect::<Vec<_>>(), [("a/de.txt", &b"y"[..])]);
        let again = read(&file(&[("mails/a/de.txt", b"y"), ("plugin.toml", b"x")])).unwrap();
        assert_eq!(package.digest(), again.digest());
        assert_ne!(package.digest(), read(&file(&[("plugin.toml", b"z"), ("mails/a/de.txt", b"y")])).unwrap().digest());
    }

    #[test]
    fn a_package_cut_anywhere_is_refused() {
        let whole = file(&[("plugin.toml", b"content"), ("a", b"b")]);
        for length in 0..whole.len() {
            let error = read(&whole[..length]).unwrap_err();
            assert!(matches!(error, Error::Magic | Error::Truncated { .. }), "cut at {length}: {error}");
        }
        let error = read(&whole[..whole.len() - 1]).unwrap_err().to_string();
        assert_eq!(error, "the package is truncated: plugin.toml should have 7 bytes, there are 6");
    }

    #[test]
    fn one_changed_byte_is_noticed_wherever_it_is() {
        let whole = file(&[("plugin.toml", b"content")]);
        let digest = read(&whole).unwrap().digest().to_owned();
        for position in 0..whole.len() {
            let mut changed = whole.clone();
            changed[position] ^= 1;
            if let Ok(package) = read(&changed) {
                assert_ne!(package.digest(), digest, "byte {position}");
            }
        }
    }

    #[test]
    fn an_entry_twice_is_refused() {
        let header = format!(r#"{{"format":1,"entries":[{0},{0}]}}"#, entry("a", 1, b"x"));
        assert!(matches!(read(&forged(&header, b"xx")), Err(Error::Duplicate(path)) if path == "a"));
    }

    #[test]
    fn an_entry_above_the_limit_is_refused_before_it_is_copied() {
        let header =
            format!(r#"{{"format":1,"entries":[{},{}]}}"#, entry("a", u64::MAX, b"x"), entry("b", u64::MAX, b"x"));
        assert!(matches!(read(&forged(&header, b"x")), Err(Error::TooLarge { .. })));
        let mut huge_header = MAGIC.to_vec();
        huge_header.extend_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(read(&huge_header), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn a_path_that_leaves_the_package_is_refused() {
        for path in ["../a", "/a", "a//b", "a/./b", "", "a b", "a\\\\b"] {
            let header = format!(r#"{{"format":1,"entries":[{}]}}"#, entry(path, 1, b"x"));
            assert!(matches!(read(&forged(&header, b"x")), Err(Error::Path(_))), "{path}");
        }
    }

    #[test]
    fn bytes_after_the_last_entry_are_refused() {
        let mut whole = file(&[("a", b"b")]);
        whole.push(0);
        assert!(matches!(read(&whole), Err(Error::Trailing(1))));
    }
}
