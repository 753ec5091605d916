//! WebAssembly under the workflow engine of `eaf_core`: packages and their workflow components.

pub mod component;
mod packages;

#[cfg(test)]
mod tests;
