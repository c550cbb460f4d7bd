//! How each candidate's marginal log-likelihood moves with the parameters, from which standard errors come.

use super::maximise::Working;
use super::packed::{Coded, Grid, Packed, PosteriorSlice};
use crate::docimology::matrix::MISSING;
use nalgebra::DMatrix;
use rayon::prelude::*;

/// Derivatives of each question's log-probabilities at the nodes.
pub struct ItemGradients {
    /// `[question][(category * free + parameter) * width + node]`
    by_item: Vec<Vec<f64>>,
    free: Vec<usize>,
    at: Vec<usize>,
    common: bool,
    /// Free parameters of all questions.
    pub size: usize,
}

impl ItemGradients {
    /// Of questions whose free parameters are `free`, from `by_item[question][(category * free + parameter) * width +
    /// node]`; with `common`, the first of each is one and the same.
    pub fn new(by_item: Vec<Vec<f64>>, free: Vec<usize>, common: bool) -> Self {
        let mut size = usize::from(common);
        let mut at = Vec::with_capacity(free.len());
        for free in &free {
            at.push(size);
            size += free - usize::from(common);
        }
        Self { by_item, free, at, common, size }
    }

    /// Of questions of the usual models.
    pub fn of_items(items: &[Working], grid: &Grid, common: bool) -> Self {
        let width = grid.width();
        let of = |item: &Working| {
            let mut out = vec![0.0; item.categories() * item.flat_len() * width];
            item.gradients(&grid.nodes, &mut out);
            out
        };
        Self::new(items.par_iter().map(of).collect(), items.iter().map(Working::flat_len).collect(), common)
    }

    /// Gradient of each candidate's marginal log-likelihood: candidates × parameters.
    pub fn of(&self, slice: &PosteriorSlice, coded: &Coded, packed: &Packed, grid: &Grid) -> DMatrix<f64> {
        let width = grid.width();
        let rows: Vec<Vec<f64>> = (0..slice.places.len())
            .into_par_iter()
            .map(|row| {
                let candidate = packed.order[slice.places.start + row] as usize;
                let (low, post) = slice.row(row);
                let mut g = vec![0.0; self.size];
                for (q, gradients) in self.by_item.iter().enumerate() {
                    let cell = coded.cells[q][candidate];
                    if cell == MISSING {
                        continue;
                    }
                    for p in 0..self.free[q] {
                        let from = (usize::from(cell) * self.free[q] + p) * width + low;
                        let value: f64 = post.iter().zip(&gradients[from..from + post.len()]).map(|(w, d)| w * d).sum();
                        let into = match (self.common, p) {
                            (true, 0) => 0,
                            (true, p) => self.at[q] + p - 1,
                            (false, p) => self.at[q] + p,
                        };
                        g[into] += value;
                    }
                }
                g
            })
            .collect();
        DMatrix::from_fn(rows.len(), self.size, |i, j| rows[i][j])
    }
}
