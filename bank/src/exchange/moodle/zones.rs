//! Moodle's markers and labels to put on an image, as zones to point at. Which label goes where is asked
//! by Moodle and not here: it is told.

use crate::exchange::draft::Draft;
use crate::exchange::html::{self, LineFeed};
use crate::exchange::media::{self, Names};
use crate::exchange::xml::Node;
use docimo_engine::ZoneId;
use docimo_engine::question::{Body, Shape, Zone};

impl Draft {
    /// `ddmarker`: circles, rectangles and polygons in pixels.
    pub(super) fn markers(&mut self, node: &Node, names: &mut Names) -> Option<Body> {
        let (width, height) = self.background(node, names)?;
        let labels = labels(node);
        let mut zones = Vec::new();
        for drop in node.children("drop") {
            let text = |name: &str| drop.child(name).map(Node::text).unwrap_or_default().trim().to_owned();
            match shape(&text("shape"), &text("coords"), width, height) {
                Some(shape) => zones.push((text("choice"), shape)),
                None => self.errors.push(format!(
                    "ligne {} : zone « {} {} » illisible",
                    drop.line,
                    text("shape"),
                    text("coords")
                )),
            }
        }
        self.zones(&labels, zones)
    }

    /// `ddimageortext`: places given by a corner; their size is that of the label, which is only guessed
    /// for a text.
    pub(super) fn drops(&mut self, node: &Node, names: &mut Names) -> Option<Body> {
        let (width, height) = self.background(node, names)?;
        let labels = labels(node);
        let longest = labels.iter().map(|(_, text, _)| text.chars().count()).max().unwrap_or(0).clamp(3, 30);
        let images: Vec<(u32, u32)> = labels.iter().filter_map(|(_, _, size)| *size).collect();
        let (w, h) = match images.iter().copied().reduce(|a, b| (a.0.max(b.0), a.1.max(b.1))) {
            Some(size) => size,
            None => {
                self.warnings
                    .push("taille des zones estimée d’après les étiquettes : à vérifier sur l’image".to_owned());
                (u32::try_from(longest).unwrap_or(30) * 7 + 10, 26)
            }
        };
        let mut zones = Vec::new();
        for drop in node.children("drop") {
            let text = |name: &str| drop.child(name).map(Node::text).unwrap_or_default().trim().to_owned();
            let (Ok(left), Ok(top)) = (text("xleft").parse::<f64>(), text("ytop").parse::<f64>()) else {
                self.errors.push(format!("ligne {} : place d’une étiquette illisible", drop.line));
                continue;
            };
            let (x, y) = (left / width, top / height);
            let shape =
                Shape::Rect { x, y, w: (f64::from(w) / width).min(1.0 - x), h: (f64::from(h) / height).min(1.0 - y) };
            zones.push((text("choice"), shape));
        }
        self.zones(&labels, zones)
    }

    /// The image, with its size in pixels.
    fn background(&mut self, node: &Node, names: &mut Names) -> Option<(f64, f64)> {
        let Some(file) = media::attached(node).into_iter().next() else {
            self.errors.push("question sans image de fond".to_owned());
            return None;
        };
        let bytes = media::from_base64(&file.base64);
        let Some(size) = bytes.as_deref().and_then(media::size) else {
            self.errors.push(format!("l’image « {} » est illisible, ou sans taille en pixels", file.name));
            return None;
        };
        match names.take(&file.name, bytes.unwrap_or_default()) {
            Ok(media) => {
                self.take_picture(media, "");
                if let Some(image) = &mut self.image {
                    (image.width, image.height) = size;
                }
            }
            Err(reason) => {
                self.errors.push(reason);
                return None;
            }
        }
        Some((f64::from(size.0), f64::from(size.1)))
    }

    fn zones(&mut self, labels: &[Label], zones: Vec<(String, Shape)>) -> Option<Body> {
        if zones.is_empty() {
            self.errors.push("question sans zone".to_owned());
        }
        self.warnings
            .push("les étiquettes ne sont pas demandées ici : chaque zone garde la sienne pour nom".to_owned());
        let spare = labels.iter().filter(|(no, ..)| zones.iter().all(|(choice, _)| choice != no)).count();
        if spare > 0 {
            self.lose(format!("{spare} étiquette(s) en trop"));
        }
        let expected = u32::try_from(zones.len()).unwrap_or(u32::MAX);
        let zones = zones
            .into_iter()
            .enumerate()
            .map(|(i, (choice, shape))| {
                let label = labels.iter().find(|(no, ..)| *no == choice).map(|(_, text, _)| text.clone());
                let name = label.filter(|l| !l.is_empty()).unwrap_or_else(|| format!("Zone {}", i + 1));
                Zone { id: ZoneId::new(format!("z{}", i + 1)), name, shape, comment: String::new() }
            })
            .collect();
        self.errors.is_empty().then_some(Body::Qzp { expected, zones })
    }
}

/// Number, text, size of its image.
type Label = (String, String, Option<(u32, u32)>);

fn labels(node: &Node) -> Vec<Label> {
    node.children("drag")
        .map(|drag| {
            let no = drag.child("no").map(Node::text).unwrap_or_default().trim().to_owned();
            let text = html::to_markdown(&drag.text(), LineFeed::Space).markdown;
            let image = media::attached(drag).first().and_then(|f| media::from_base64(&f.base64));
            (no, crate::exchange::draft::one_line(&text), image.as_deref().and_then(media::size))
        })
        .collect()
}

/// "322,213;10", "10,20;30,40" or "1,1;5,1;5,5", in pixels.
fn shape(kind: &str, coords: &str, width: f64, height: f64) -> Option<Shape> {
    let pair = |text: &str| {
        let (a, b) = text.split_once(',')?;
        let (a, b) = (a.trim().parse::<f64>().ok()?, b.trim().parse::<f64>().ok()?);
        (a.is_finite() && b.is_finite()).then_some((a, b))
    };
    let mut points = coords.split(';').map(str::trim);
    match kind {
        "circle" => {
            let (x, y) = pair(points.next()?)?;
            let r = points.next()?.parse::<f64>().ok().filter(|r| r.is_finite())?;
            Some(Shape::Circle { x: x / width, y: y / height, r: r / width })
        }
        "rectangle" => {
            let ((x, y), (w, h)) = (pair(points.next()?)?, pair(points.next()?)?);
            Some(Shape::Rect { x: x / width, y: y / height, w: w / width, h: h / height })
        }
        "polygon" => {
            let corners: Option<Vec<[f64; 2]>> =
                points.map(|p| pair(p).map(|(x, y)| [x / width, y / height])).collect();
            corners.filter(|c| c.len() >= 3).map(Shape::Polygon)
        }
        _ => None,
    }
}
