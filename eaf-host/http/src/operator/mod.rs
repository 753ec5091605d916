//! What a platform operator sees: which tenants and products there are and whether work gets done. No customer data.

pub mod audit;
pub mod plugins;
pub mod tenants;
pub mod workflows;
