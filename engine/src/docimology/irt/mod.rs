//! Item response theory: one latent ability, questions that reveal it more or less.
//!
//! Metric: logistic, D = 1; ability is standard normal in the population (of the first group).
//! Reading order: [`model`], [`mml`] (estimation), [`ability`], [`fit`]; then [`conditional`] (Rasch without assuming
//! how abilities are spread) and [`nominal`] (options that no order ranks).

pub mod ability;
mod acceleration;
pub mod conditional;
pub mod fit;
mod gradients;
pub mod maximise;
pub mod mml;
pub mod model;
pub mod nominal;
pub mod packed;

pub use mml::{Calibration, Options, calibrate, calibrate_groups};
pub use model::{ItemParameters, Model, Response};
