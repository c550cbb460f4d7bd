//! The shell of Docimo: command line, server, pages, exam delivery, configuration, the system clock.
//!
//! Reading order: [`app`] (what a running server holds), [`routes`] (every door, in one table),
//! [`auth`] (who passes which), [`bank`] (the life of questions), [`exam`] (the life of an exam: what pages, the JSON interface and the
//! command line all call), [`json`] and [`web`] (the two faces of it), [`demo`], [`cli`].

pub mod ambient;
pub mod analysis;
pub mod app;
pub mod assets;
pub mod assistance;
pub mod auth;
pub mod bank;
pub mod cli;
pub mod demo;
pub mod error;
pub mod exam;
pub mod json;
pub mod library;
pub mod markdown;
pub mod math;
pub mod media;
pub mod metrics;
pub mod referential;
pub mod routes;
pub mod server;
pub mod strict;
pub mod table;
pub mod web;
