//! A question calibrated apart in two groups: are its parameters the same once on one scale?
//!
//! Unlike the rest of this module, it trusts a model of response. Link the two calibrations first
//! ([`crate::docimology::equating::linking`]), by questions that favour no one. The errors of a calibration are too large
//! where its candidates are not many times its parameters: what is found here is then cautious.

use crate::docimology::irt::mml::{Calibration, ItemErrors};
use crate::docimology::irt::{ItemParameters, Model};
use crate::docimology::numeric::{chi2_sf, normal_cdf};
use crate::docimology::{Estimate, NotEstimable};
use serde::Serialize;

const WHAT: &str = "comparaison des paramètres";

/// How far apart a question's parameters are. Positive areas: harder for the focal group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ParameterDif {
    /// Lord's χ² (1980, p. 223): the distance of (a, b), or of b alone where slopes are common, in units of its
    /// covariance.
    pub lord: f64,
    /// Degrees of freedom of Lord's χ²: 2, or 1 where slopes are common.
    pub df: usize,
    /// Probability of as much without a difference.
    pub lord_p: f64,
    /// Area between the two curves, in logits: b of the focal group less b of the reference (Raju 1988).
    pub signed_area: f64,
    /// Area without sign: curves that cross do not cancel out (Raju 1988).
    pub unsigned_area: f64,
    /// Signed area over its standard error (Raju 1990).
    pub raju_z: f64,
    /// Probability of as much, either way, without a difference.
    pub raju_p: f64,
}

/// A right-or-wrong question on the common scale, with variances of slope and difficulty and their covariance.
#[derive(Clone, Copy)]
struct Estimated {
    a: f64,
    b: f64,
    aa: f64,
    bb: f64,
    ab: f64,
}

impl Estimated {
    /// Ability becoming `slope` · θ + shift.
    fn new(item: &ItemParameters, errors: &ItemErrors, slope: f64, shift: f64) -> Self {
        Self {
            a: item.a / slope,
            b: item.b[0] * slope + shift,
            aa: (errors.a / slope).powi(2),
            bb: (errors.b[0] * slope).powi(2),
            ab: errors.a_with_b[0],
        }
    }
}

/// Lord's χ² and Raju's areas of each question of two calibrations of the same questions, the focal group's ability
/// put on the reference's scale by `slope` · θ + `shift`. Rasch and 2PL; standard errors are needed.
///
/// # Errors
/// Other models, calibrations of different models or questions, or without standard errors.
pub fn parameter_dif(
    reference: &Calibration,
    focal: &Calibration,
    slope: f64,
    shift: f64,
) -> Estimate<Vec<ParameterDif>> {
    let unsuited = |detail: &str| Err(NotEstimable::Unsuited { what: WHAT, detail: detail.to_owned() });
    if reference.model != focal.model || !matches!(reference.model, Model::Rasch | Model::TwoPl) {
        return unsuited("il faut deux calibrages de Rasch, ou deux à deux paramètres");
    }
    if reference.kept != focal.kept {
        return unsuited("les deux groupes ne sont pas calibrés sur les mêmes questions");
    }
    let (Some(ours), Some(theirs)) = (&reference.errors, &focal.errors) else {
        return unsuited("les erreurs types des paramètres manquent");
    };
    if !(slope.is_finite() && slope > 0.0 && shift.is_finite()) {
        return unsuited("les deux échelles ne sont pas reliées");
    }
    let common = reference.model == Model::Rasch;
    let pairs = reference.items.iter().zip(ours).zip(focal.items.iter().zip(theirs));
    pairs
        .map(|((r, re), (f, fe))| {
            let (r, f) = (Estimated::new(r, re, 1.0, 0.0), Estimated::new(f, fe, slope, shift));
            compare(r, f, common)
                .ok_or_else(|| NotEstimable::Unsuited { what: WHAT, detail: "une erreur type est nulle".into() })
        })
        .collect()
}

fn compare(r: Estimated, f: Estimated, common: bool) -> Option<ParameterDif> {
    let (da, db) = (f.a - r.a, f.b - r.b);
    let (aa, bb, ab) = (f.aa + r.aa, f.bb + r.bb, f.ab + r.ab);
    let (lord, df) = if common {
        (db * db / bb, 1)
    } else {
        ((da * da * bb - 2.0 * da * db * ab + db * db * aa) / (aa * bb - ab * ab), 2)
    };
    let unsigned_area = if common || da.abs() < 1e-9 {
        db.abs()
    } else {
        // 2 (a_F − a_R) / (a_F a_R) · ln(1 + exp(a_F a_R (b_F − b_R) / (a_F − a_R))) − (b_F − b_R), D = 1.
        let product = f.a * r.a;
        let z = product * db / da;
        let soft = z.max(0.0) + (-z.abs()).exp().ln_1p();
        (2.0 * da / product * soft - db).abs()
    };
    let raju_z = db / bb.sqrt();
    let found = ParameterDif {
        lord,
        df,
        lord_p: chi2_sf(lord, df as f64)?,
        signed_area: db,
        unsigned_area,
        raju_z,
        raju_p: 2.0 * normal_cdf(-raju_z.abs()),
    };
    (lord.is_finite() && raju_z.is_finite() && unsigned_area.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Raju's closed forms are the integrals of the difference between the curves.
    #[test]
    fn areas_are_integrals() {
        for (ra, rb, fa, fb) in
            [(1.0, 0.0, 1.4, 0.3), (0.8, -0.5, 0.6, -0.5), (1.2, 0.2, 1.2, 0.9), (0.9, 1.0, 1.5, 0.2)]
        {
            let at = |a: f64, b: f64| Estimated { a, b, aa: 0.01, bb: 0.01, ab: 0.001 };
            let found = compare(at(ra, rb), at(fa, fb), false).unwrap_or_else(|| panic!("{ra} {rb}"));
            let (mut signed, mut unsigned) = (0.0, 0.0);
            let step = 0.001;
            for i in -40_000..40_000 {
                let t = f64::from(i) * step;
                let p = |a: f64, b: f64| 1.0 / (1.0 + (-a * (t - b)).exp());
                let off = p(ra, rb) - p(fa, fb);
                signed += off * step;
                unsigned += off.abs() * step;
            }
            assert!((found.signed_area - signed).abs() < 2e-3, "{signed} {found:?}");
            assert!((found.unsigned_area - unsigned).abs() < 2e-3, "{unsigned} {found:?}");
        }
    }
}
