//! Migrations are embedded; cargo cannot see by itself that a new file belongs to the crate.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
