//! Fewer steps of EM: Anderson's (1965) acceleration of a fixed point (Walker and Ni 2011).

use nalgebra::{DMatrix, DVector};

/// Anderson mixing of the last few steps.
#[derive(Default)]
pub struct Mixer {
    /// Differences of residuals and of images.
    residual_steps: Vec<DVector<f64>>,
    image_steps: Vec<DVector<f64>>,
    last: Option<(DVector<f64>, DVector<f64>)>,
}

const MEMORY: usize = 6;

impl Mixer {
    /// The next point from a point and its image under a step of EM; `None` while there is no memory.
    pub fn mix(&mut self, here: &[f64], image: &[f64]) -> Option<Vec<f64>> {
        let image = DVector::from_column_slice(image);
        let residual = &image - DVector::from_column_slice(here);
        if let Some((last_residual, last_image)) = self.last.replace((residual.clone(), image.clone())) {
            self.residual_steps.push(&residual - last_residual);
            self.image_steps.push(&image - last_image);
            if self.residual_steps.len() > MEMORY {
                self.residual_steps.remove(0);
                self.image_steps.remove(0);
            }
        } else {
            return None;
        }
        let m = self.residual_steps.len();
        let gram = DMatrix::from_fn(m, m, |i, j| self.residual_steps[i].dot(&self.residual_steps[j]));
        let right = DVector::from_fn(m, |i, _| self.residual_steps[i].dot(&residual));
        let scale = (0..m).map(|i| gram[(i, i)]).fold(0.0, f64::max);
        if scale <= 0.0 {
            return None;
        }
        let mut ridged = gram;
        (0..m).for_each(|i| ridged[(i, i)] += 1e-10 * scale);
        let weights = ridged.cholesky()?.solve(&right);
        let mut mixed = image;
        for (weight, step) in weights.iter().zip(&self.image_steps) {
            mixed -= step * *weight;
        }
        mixed.iter().all(|x| x.is_finite()).then(|| mixed.as_slice().to_vec())
    }
}
