//! dcm
