//! Who passes which door.

pub mod accounts;
pub mod csrf;
pub mod guard;
pub mod password;
pub mod roles;
pub mod sessions;
pub mod signin;
pub mod throttle;

pub use guard::{Actor, guard};
pub use roles::{Access, Role};
