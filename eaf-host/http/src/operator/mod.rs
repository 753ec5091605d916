//! Operations for operators: tenants, products, grants and the health of workflows, without
//! customer data.

pub mod audit;
pub mod grant_delete;
pub mod grant_put;
pub mod plugin_stop;
pub mod plugins;
pub mod product_switch;
mod tenant;
pub mod tenant_admin_invite;
pub mod tenant_create;
pub mod tenant_products;
pub mod tenants;
pub mod workflows;

use super::code::Code;

/// Error codes of every operation with a JSON body.
const BODY_ERRORS: [Code; 5] =
    [Code::MalformedJson, Code::BodyTooLarge, Code::BodyTooComplex, Code::UnsupportedMediaType, Code::BodyInvalid];
