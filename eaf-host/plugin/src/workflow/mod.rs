//! WebAssembly for the workflow engine of eaf-core: active packages and their workflow components.

pub mod component;
mod packages;

#[cfg(test)]
mod tests;
