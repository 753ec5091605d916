//! Hash of a database row: SHA-256 over its columns with their lengths, so that two different rows
//! never have the same encoding.
//!
//! The host computes the hash and does not use an SQL function, because the owner of the database
//! can change these functions.

use sha2::{Digest, Sha256};

/// Hash of one database row, to which columns are added one by one.
pub(crate) struct Leaf(Sha256);

impl Leaf {
    /// Begins the hash of a row. `kind` is one number per table, so that equal rows of two tables
    /// have different hashes.
    pub fn new(kind: u8) -> Leaf {
        let mut sha = Sha256::new();
        sha.update([kind]);
        Leaf(sha)
    }

    /// Adds a column to the hash. Null and an empty value have different encodings.
    pub fn column(mut self, value: Option<&[u8]>) -> Leaf {
        match value {
            Some(bytes) => {
                self.0.update([1]);
                self.0.update((bytes.len() as u64).to_be_bytes());
                self.0.update(bytes);
            }
            None => self.0.update([0]),
        }
        self
    }

    pub fn text(self, value: &str) -> Leaf {
        self.column(Some(value.as_bytes()))
    }

    pub fn optional_text(self, value: Option<&str>) -> Leaf {
        self.column(value.map(str::as_bytes))
    }

    pub fn number(self, value: i64) -> Leaf {
        self.column(Some(&value.to_be_bytes()))
    }

    pub fn hash(self) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lists_of_columns_have_the_same_hash() {
        let leaves = [
            Leaf::new(1).text("ab").text("c").hash(),
            Leaf::new(1).text("a").text("bc").hash(),
            Leaf::new(1).text("abc").hash(),
            Leaf::new(1).text("abc").optional_text(None).hash(),
            Leaf::new(1).text("abc").optional_text(Some("")).hash(),
            Leaf::new(2).text("abc").hash(),
        ];
        for (index, leaf) in leaves.iter().enumerate() {
            assert!(!leaves[..index].contains(leaf), "{index}");
        }
    }
}
