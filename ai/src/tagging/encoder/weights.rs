//! What a folder of a model holds, as numbers.

use super::{EncoderError, read as read_file};
use candle_core::{DType, Device, Tensor};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

/// Weights in a block of 4-bit numbers.
const BLOCK: usize = 32;
/// Bytes of such a block: a scale in half precision, then two weights a byte.
const BLOCK_BYTES: usize = 2 + BLOCK / 2;
/// More than any encoder of this family, so that a malformed file asks for no memory.
const MOST: usize = 1 << 20;

/// The shape of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Numbers in a vector.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// Heads of attention.
    pub heads: usize,
    /// Numbers between the two halves of a layer.
    pub inner: usize,
    /// Pieces of words.
    pub pieces: usize,
    /// Longest text.
    pub positions: usize,
    /// What keeps a division from being by zero.
    pub epsilon: f64,
}

/// The vectors of pieces.
#[derive(Clone, Debug)]
pub enum Pieces {
    /// In 4 bits, row after row.
    Blocks(Vec<u8>),
    /// As numbers.
    Plain(Vec<f32>),
}

impl Pieces {
    /// Appends the vector of a piece; false where there is none.
    pub(super) fn push(&self, piece: usize, hidden: usize, out: &mut Vec<f32>) -> bool {
        match self {
            Self::Blocks(bytes) => {
                let row = hidden / BLOCK * BLOCK_BYTES;
                let found = bytes.get(piece * row..(piece + 1) * row);
                found.map(|blocks| unfold(blocks, out)).is_some()
            }
            Self::Plain(values) => {
                let found = values.get(piece * hidden..(piece + 1) * hidden);
                found.map(|row| out.extend_from_slice(row)).is_some()
            }
        }
    }
}

/// A model as read: matrices by the names under which they are published.
#[derive(Debug)]
pub struct Model {
    /// Its shape.
    pub shape: Shape,
    /// Vectors of pieces.
    pub pieces: Pieces,
    /// Everything else.
    pub tensors: HashMap<String, Tensor>,
    /// Digest of the file of weights.
    pub digest: [u8; 32],
}

/// Unfolds 4-bit blocks (ggml's Q4_0): of a byte, the low half is a weight of the first sixteen, the high half of the
/// last sixteen.
fn unfold(blocks: &[u8], out: &mut Vec<f32>) {
    for block in blocks.chunks_exact(BLOCK_BYTES) {
        let scale = half(u16::from_le_bytes([block[0], block[1]]));
        out.extend(block[2..].iter().map(|b| f32::from(i16::from(b & 15) - 8) * scale));
        out.extend(block[2..].iter().map(|b| f32::from(i16::from(b >> 4) - 8) * scale));
    }
}

/// A number in half precision (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

/// Reads a folder.
pub(super) fn read(folder: &Path) -> Result<Model, EncoderError> {
    let entries = std::fs::read_dir(folder)
        .map_err(|source| EncoderError::Unreadable { path: folder.to_owned(), source })?
        .filter_map(|entry| entry.ok().map(|e| e.path()));
    let mut containers: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == "bin")).collect();
    containers.sort();
    for path in containers {
        let bytes = read_file(&path)?;
        if bytes.starts_with(CONTAINER) {
            return container(&bytes).map_err(|reason| EncoderError::Malformed { path, reason });
        }
    }
    let (config, weights) = (folder.join("config.json"), folder.join("model.safetensors"));
    if config.is_file() && weights.is_file() {
        let shape = published_shape(&read_file(&config)?);
        let shape = shape.map_err(|reason| EncoderError::Malformed { path: config, reason })?;
        let bytes = read_file(&weights)?;
        return published(&bytes, shape).map_err(|reason| EncoderError::Malformed { path: weights, reason });
    }
    Err(EncoderError::Absent { path: folder.to_owned() })
}

const CONTAINER: &[u8] = b"E5S1";

/// Bytes read in order; what is beyond the end is a fault, never a panic.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], String> {
        let end = self.at.checked_add(count);
        let found = end.and_then(|end| self.bytes.get(self.at..end));
        let found = found.ok_or_else(|| format!("fichier coupé à l’octet {} : reprenez-le entier", self.at))?;
        self.at += count;
        Ok(found)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// A count, refused where it is absurd.
    fn count(&mut self, what: &str) -> Result<usize, String> {
        let found = u32::from_le_bytes(self.array()?);
        usize::try_from(found)
            .ok()
            .filter(|n| *n <= MOST)
            .ok_or_else(|| format!("{what} : {found} dépasse tout modèle connu"))
    }

    fn long(&mut self) -> Result<usize, String> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| "taille démesurée".to_owned())
    }
}

/// Where a matrix lies in a container.
struct Place {
    kind_is_blocks: bool,
    start: usize,
    length: usize,
}

/// The container "E5S1": header, tokenizer (passed over: `tokenizer.json` is the published one), directory, data.
fn container(bytes: &[u8]) -> Result<Model, String> {
    let mut r = Reader { bytes, at: CONTAINER.len() };
    let version = u32::from_le_bytes(r.array()?);
    let shape = Shape {
        hidden: r.count("dimension")?,
        layers: r.count("couches")?,
        heads: r.count("têtes")?,
        inner: r.count("dimension intérieure")?,
        pieces: r.count("morceaux de mots")?,
        positions: r.count("positions")?,
        epsilon: {
            let _types = r.count("types")?;
            f64::from(f32::from_le_bytes(r.array()?))
        },
    };
    let _kind: [u8; 4] = r.array()?;
    check(&shape)?;
    if !shape.hidden.is_multiple_of(BLOCK) || !shape.inner.is_multiple_of(BLOCK) {
        return Err(format!("version {version} : dimensions qui ne sont pas des multiples de {BLOCK}"));
    }
    let named = r.count("morceaux de mots")?;
    r.take(4 * 4)?;
    let texts = r.long()?;
    r.take(4 * (named + 1))?;
    r.take(4 * named)?;
    r.take(texts)?;
    r.count("règles d’écriture")?;
    let rules = u32::from_le_bytes(r.array()?);
    r.take(rules as usize)?;
    let mut places = HashMap::new();
    for _ in 0..r.count("matrices")? {
        let length = u16::from_le_bytes(r.array()?);
        let name = String::from_utf8_lossy(r.take(usize::from(length))?).into_owned();
        let [kind] = r.array()?;
        let _count: [u8; 4] = r.array()?;
        let (start, length) = (r.long()?, r.long()?);
        places.insert(name, Place { kind_is_blocks: kind != 0, start, length });
    }
    let held = |name: &str, numbers: usize, blocks: bool| -> Result<&[u8], String> {
        let place = places.get(name).ok_or_else(|| format!("matrice « {name} » absente"))?;
        let expected = if blocks { numbers / BLOCK * BLOCK_BYTES } else { numbers * 4 };
        let found = place.start.checked_add(place.length).and_then(|end| bytes.get(place.start..end));
        let found = found.ok_or_else(|| format!("matrice « {name} » au-delà de la fin du fichier"))?;
        // The directory tells both kinds apart by a number; sizes tell it more surely.
        if found.len() == expected {
            Ok(found)
        } else {
            let form = if place.kind_is_blocks { "blocs" } else { "nombres" };
            Err(format!("matrice « {name} » ({form}) : {} octets au lieu de {expected}", found.len()))
        }
    };
    let tensor = |values: Vec<f32>, rows: usize, columns: usize| {
        let tensor = if rows == 0 {
            Tensor::from_vec(values, columns, &Device::Cpu)
        } else {
            Tensor::from_vec(values, (rows, columns), &Device::Cpu)
        };
        tensor.map_err(|e| e.to_string())
    };
    let plain = |name: &str, rows: usize, columns: usize| {
        let numbers = held(name, rows.max(1) * columns, false)?.chunks_exact(4);
        tensor(numbers.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(), rows, columns)
    };
    let folded = |name: &str, rows: usize, columns: usize| {
        let mut values = Vec::with_capacity(rows * columns);
        unfold(held(name, rows * columns, true)?, &mut values);
        tensor(values, rows, columns)
    };
    let (h, inner) = (shape.hidden, shape.inner);
    let mut tensors = HashMap::new();
    tensors.insert("embeddings.position_embeddings.weight".to_owned(), plain("emb.pos", shape.positions, h)?);
    tensors.insert("embeddings.LayerNorm.weight".to_owned(), plain("emb.ln.w", 0, h)?);
    tensors.insert("embeddings.LayerNorm.bias".to_owned(), plain("emb.ln.b", 0, h)?);
    // Several types may be there: a single text is of the first.
    let types = places.get("emb.type").map_or(0, |p| p.length / 4 / h.max(1));
    let types = plain("emb.type", types.max(1), h)?;
    tensors.insert("embeddings.token_type_embeddings.weight".to_owned(), types);
    for layer in 0..shape.layers {
        for (short, name, rows, columns) in [
            ("q", "attention.self.query", h, h),
            ("k", "attention.self.key", h, h),
            ("v", "attention.self.value", h, h),
            ("ao", "attention.output.dense", h, h),
            ("fi", "intermediate.dense", inner, h),
            ("fo", "output.dense", h, inner),
        ] {
            let weight = folded(&format!("l{layer}.{short}.w"), rows, columns)?;
            tensors.insert(format!("encoder.layer.{layer}.{name}.weight"), weight);
            let bias = plain(&format!("l{layer}.{short}.b"), 0, rows)?;
            tensors.insert(format!("encoder.layer.{layer}.{name}.bias"), bias);
        }
        for (short, name) in [("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")] {
            for (letter, part) in [("w", "weight"), ("b", "bias")] {
                let value = plain(&format!("l{layer}.{short}.{letter}"), 0, h)?;
                tensors.insert(format!("encoder.layer.{layer}.{name}.{part}"), value);
            }
        }
    }
    let pieces = Pieces::Blocks(held("emb.word", shape.pieces * h, true)?.to_vec());
    Ok(Model { shape, pieces, tensors, digest: Sha256::digest(bytes).into() })
}

/// What a published `config.json` says of the shape.
#[derive(Deserialize)]
struct Config {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    layer_norm_eps: f64,
    hidden_act: String,
}

fn published_shape(bytes: &[u8]) -> Result<Shape, String> {
    let c: Config = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    if c.model_type != "bert" || c.hidden_act != "gelu" {
        let (kind, act) = (c.model_type, c.hidden_act);
        return Err(format!("modèle « {kind} » ({act}) : seuls les encodeurs « bert » (gelu) sont lus"));
    }
    let shape = Shape {
        hidden: c.hidden_size,
        layers: c.num_hidden_layers,
        heads: c.num_attention_heads,
        inner: c.intermediate_size,
        pieces: c.vocab_size,
        positions: c.max_position_embeddings,
        epsilon: c.layer_norm_eps,
    };
    check(&shape).map(|()| shape)
}

fn check(shape: &Shape) -> Result<(), String> {
    let sizes = [shape.hidden, shape.layers, shape.heads, shape.inner, shape.pieces, shape.positions];
    let whole = sizes.iter().all(|n| (1..=MOST).contains(n)) && shape.hidden.is_multiple_of(shape.heads.max(1));
    // A product of sizes that fits no memory is refused before it is asked for.
    let fits = shape.pieces.checked_mul(shape.hidden).is_some_and(|n| n <= 1 << 31);
    let fits = fits && shape.layers <= 64 && shape.hidden <= 8192 && shape.inner <= 32768;
    if whole && fits && shape.epsilon.is_finite() && shape.epsilon >= 0.0 {
        Ok(())
    } else {
        Err(format!("dimensions impossibles : {shape:?}"))
    }
}

/// A published file of weights, whatever its precision.
fn published(bytes: &[u8], shape: Shape) -> Result<Model, String> {
    let read = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(|e| e.to_string())?;
    let mut tensors = HashMap::new();
    for (name, tensor) in read {
        let name = name.strip_prefix("bert.").unwrap_or(&name).to_owned();
        if name.starts_with("embeddings.") || name.starts_with("encoder.") {
            // Identifiers of positions are whole numbers and are not used.
            if tensor.dtype().is_float() {
                tensors.insert(name, tensor.to_dtype(DType::F32).map_err(|e| e.to_string())?);
            }
        }
    }
    let words = tensors.remove("embeddings.word_embeddings.weight").ok_or("vecteurs de morceaux absents")?;
    let expected = [shape.pieces, shape.hidden];
    if words.dims() != expected {
        return Err(format!("vecteurs de morceaux : {:?} au lieu de {expected:?}", words.dims()));
    }
    let values = words.flatten_all().and_then(|t| t.to_vec1::<f32>()).map_err(|e| e.to_string())?;
    Ok(Model { shape, pieces: Pieces::Plain(values), tensors, digest: Sha256::digest(bytes).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_read() {
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (0x0001, 2f32.powi(-24)), (0, 0.0)]
        {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7e00).is_nan() && half(0x7c00).is_infinite());
    }

    #[test]
    fn blocks_unfold_low_halves_first() {
        let mut block = vec![0x00, 0x40]; // a scale of 2
        block.extend([0x9f; 16]);
        let mut out = Vec::new();
        unfold(&block, &mut out);
        assert_eq!(out.len(), BLOCK);
        assert!(out[..16].iter().all(|v| *v == 14.0) && out[16..].iter().all(|v| *v == 2.0), "{out:?}");
    }

    #[test]
    fn what_is_no_model_is_refused_with_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let said = |folder: &Path| read(folder).expect_err("no model").to_string();
        assert!(said(folder.path()).contains("ni fichier .bin au format E5S1"));
        assert!(said(&folder.path().join("absent")).contains("illisible"));
        std::fs::write(folder.path().join("m.bin"), b"E5S1\x01\0\0\0\x80\x01").expect("written");
        assert!(said(folder.path()).contains("fichier coupé à l’octet 8"), "{}", said(folder.path()));
        let mut huge = b"E5S1\x01\0\0\0".to_vec();
        huge.extend([0xff; 200]);
        std::fs::write(folder.path().join("m.bin"), huge).expect("written");
        assert!(said(folder.path()).contains("dépasse tout modèle connu"), "{}", said(folder.path()));
        std::fs::remove_file(folder.path().join("m.bin")).expect("removed");
        std::fs::write(folder.path().join("config.json"), b"{}").expect("written");
        std::fs::write(folder.path().join("model.safetensors"), b"{}").expect("written");
        assert!(said(folder.path()).contains("config.json"));
    }
}
