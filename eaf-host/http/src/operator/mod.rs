//! What a platform operator sees: which tenants and products there are and whether work gets done. No customer data.

pub mod audit;
pub mod grant_delete;
pub mod grant_put;
pub mod plugin_stop;
pub mod plugins;
pub mod product_switch;
mod tenant;
pub mod tenant_products;
pub mod tenants;
pub mod workflows;
