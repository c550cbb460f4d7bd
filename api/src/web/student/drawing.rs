//! Where to draw things over an image in a correction.

use crate::exam::correction::{PlacedPoint, ZoneResult};

/// Outline of a zone with the place of its number.
pub struct DrawnZone {
    /// From 1.
    pub number: usize,
    /// Name.
    pub name: String,
    /// SVG path, pixels of the image.
    pub path: String,
    /// Where its number goes.
    pub x: String,
    /// Where its number goes.
    pub y: String,
    /// Hit?
    pub hit: bool,
    /// Why, safe HTML.
    pub comment_html: String,
}

/// A point as a small path.
pub struct DrawnPoint {
    /// SVG path.
    pub path: String,
    /// In a zone?
    pub right: bool,
}

/// Zones with their numbers.
pub fn zones(zones: Vec<ZoneResult>) -> Vec<DrawnZone> {
    let one = |(i, zone): (usize, ZoneResult)| {
        let (x, y) = centre(&zone.path);
        DrawnZone {
            number: i + 1,
            name: zone.name,
            path: zone.path,
            x: format!("{x:.0}"),
            y: format!("{y:.0}"),
            hit: zone.hit,
            comment_html: zone.comment_html,
        }
    };
    zones.into_iter().enumerate().map(one).collect()
}

/// Points: a ring when right, a cross when wrong, sized by the image.
pub fn points(points: &[PlacedPoint], width: u32) -> Vec<DrawnPoint> {
    let r = f64::from(width) * 0.016;
    let one = |p: &PlacedPoint| {
        let path = if p.right {
            format!(
                "M{:.1} {:.1}a{r:.1} {r:.1} 0 1 0 {:.1} 0a{r:.1} {r:.1} 0 1 0 {:.1} 0",
                p.x - r,
                p.y,
                2.0 * r,
                -2.0 * r
            )
        } else {
            let (left, top, side) = (p.x - r, p.y - r, 2.0 * r);
            format!("M{left:.1} {top:.1}l{side:.1} {side:.1}M{:.1} {top:.1}l{:.1} {side:.1}", p.x + r, -side)
        };
        DrawnPoint { path, right: p.right }
    };
    points.iter().map(one).collect()
}

/// Middle of an outline: of a circle, a rectangle or a polygon, as the results write them.
fn centre(path: &str) -> (f64, f64) {
    let numbers = |text: &str| -> Vec<f64> {
        text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).filter_map(|n| n.parse().ok()).collect()
    };
    let all = numbers(path);
    match (path.contains('a'), path.contains('h'), &all[..]) {
        (true, _, [x, y, r, ..]) => (x + r, *y),
        (_, true, [x, y, w, h, ..]) => (x + w / 2.0, y + h / 2.0),
        (_, _, corners) if corners.len() >= 2 => {
            let n = (corners.len() / 2) as f64;
            let sum = |from: usize| corners.iter().skip(from).step_by(2).sum::<f64>();
            (sum(0) / n, sum(1) / n)
        }
        _ => (0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_in_the_middle_of_its_zone() {
        assert_eq!(centre("M90.0 50.0a10.0 10.0 0 1 0 20.0 0a10.0 10.0 0 1 0 -20.0 0"), (100.0, 50.0));
        assert_eq!(centre("M10.0 20.0h40.0v20.0h-40.0z"), (30.0, 30.0));
        assert_eq!(centre("M0.0 0.0L30.0 0.0L0.0 30.0z"), (10.0, 10.0));
        assert_eq!(centre(""), (0.0, 0.0));
    }
}
