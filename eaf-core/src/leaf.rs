//! The hash of a row: SHA-256 over its columns, each behind its length, so that no two rows have the same encoding.
//!
//! Computed here and not in the database, whose own functions its owner can change.

use sha2::{Digest, Sha256};

pub(crate) struct Leaf(Sha256);

impl Leaf {
    /// `kind`: one number per table, so that no row passes for one of another.
    pub fn new(kind: u8) -> Leaf {
        let mut sha = Sha256::new();
        sha.update([kind]);
        Leaf(sha)
    }

    /// Null and empty differ.
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

    pub fn maybe(self, value: Option<&str>) -> Leaf {
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
            Leaf::new(1).text("abc").maybe(None).hash(),
            Leaf::new(1).text("abc").maybe(Some("")).hash(),
            Leaf::new(2).text("abc").hash(),
        ];
        for (index, leaf) in leaves.iter().enumerate() {
            assert!(!leaves[..index].contains(leaf), "{index}");
        }
    }
}
