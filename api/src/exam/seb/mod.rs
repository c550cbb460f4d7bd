//! Safe Exam Browser, without anything around it: its configuration files ([`plist`]), the Config Key of one and the
//! configuration that we make ([`config`]), and whether what a browser presents is what an exam asks for ([`keys`]).

pub mod config;
pub mod keys;
pub mod plist;
