//! The network: BERT (Devlin et al., 2018) as published for E5 (Wang et al., 2024): mean over the pieces, length 1.

use super::EncoderError;
use super::weights::{Model, Pieces, Shape};
use candle_core::{D, Device, Result, Tensor};
use std::collections::HashMap;

/// A product and a sum.
struct Linear {
    /// Turned once, when read.
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// `x` has two dimensions.
    fn of(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight)?.broadcast_add(&self.bias)
    }
}

/// Brings each vector to mean 0 and variance 1, then to a learned scale.
struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl Norm {
    fn of(&self, x: &Tensor) -> Result<Tensor> {
        let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
        let scaled = centred.broadcast_div(&(variance + self.epsilon)?.sqrt()?)?;
        scaled.broadcast_mul(&self.weight)?.broadcast_add(&self.bias)
    }
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attention: Linear,
    attention_norm: Norm,
    inner: Linear,
    outer: Linear,
    norm: Norm,
}

/// An encoder in memory.
pub(super) struct Bert {
    shape: Shape,
    pieces: Pieces,
    positions: Tensor,
    kind: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    device: Device,
}

/// Takes matrices out of a model, by name.
struct Held {
    tensors: HashMap<String, Tensor>,
    epsilon: f64,
    device: Device,
}

impl Held {
    fn take(&mut self, name: &str) -> Result<Tensor> {
        let found = self.tensors.remove(name);
        found.ok_or_else(|| candle_core::Error::Msg(format!("« {name} » absent")))?.to_device(&self.device)
    }

    fn linear(&mut self, name: &str) -> Result<Linear> {
        let weight = self.take(&format!("{name}.weight"))?.t()?.contiguous()?;
        Ok(Linear { weight, bias: self.take(&format!("{name}.bias"))? })
    }

    fn norm(&mut self, name: &str) -> Result<Norm> {
        let weight = self.take(&format!("{name}.weight"))?;
        Ok(Norm { weight, bias: self.take(&format!("{name}.bias"))?, epsilon: self.epsilon })
    }

    fn layer(&mut self, number: usize) -> Result<Layer> {
        let at = |name: &str| format!("encoder.layer.{number}.{name}");
        Ok(Layer {
            query: self.linear(&at("attention.self.query"))?,
            key: self.linear(&at("attention.self.key"))?,
            value: self.linear(&at("attention.self.value"))?,
            attention: self.linear(&at("attention.output.dense"))?,
            attention_norm: self.norm(&at("attention.output.LayerNorm"))?,
            inner: self.linear(&at("intermediate.dense"))?,
            outer: self.linear(&at("output.dense"))?,
            norm: self.norm(&at("output.LayerNorm"))?,
        })
    }
}

impl Bert {
    pub(super) fn new(model: Model, device: &Device) -> std::result::Result<Self, EncoderError> {
        let Model { shape, pieces, tensors, .. } = model;
        let mut held = Held { tensors, epsilon: shape.epsilon, device: device.clone() };
        Ok(Self {
            positions: held.take("embeddings.position_embeddings.weight")?,
            kind: held.take("embeddings.token_type_embeddings.weight")?.narrow(0, 0, 1)?.flatten_all()?,
            norm: held.norm("embeddings.LayerNorm")?,
            layers: (0..shape.layers).map(|number| held.layer(number)).collect::<Result<_>>()?,
            device: device.clone(),
            shape,
            pieces,
        })
    }

    pub(super) fn dimension(&self) -> usize {
        self.shape.hidden
    }

    /// The vectors of texts, given by their pieces.
    pub(super) fn vectors(&self, texts: &[&[u32]]) -> std::result::Result<Vec<Vec<f32>>, EncoderError> {
        let (count, hidden) = (texts.len(), self.shape.hidden);
        let longest = texts.iter().map(|t| t.len()).max().unwrap_or(0).min(self.shape.positions);
        if count == 0 || longest == 0 {
            return Ok(vec![vec![0.0; hidden]; count]);
        }
        let (mut input, mut seen) = (Vec::with_capacity(count * longest * hidden), Vec::with_capacity(count * longest));
        for text in texts {
            for place in 0..longest {
                match text.get(place) {
                    Some(piece) if self.pieces.push(*piece as usize, hidden, &mut input) => seen.push(1f32),
                    Some(piece) => return Err(EncoderError::Tokenize(format!("morceau {piece} inconnu du modèle"))),
                    None => {
                        input.extend(std::iter::repeat_n(0.0, hidden));
                        seen.push(0.0);
                    }
                }
            }
        }
        let seen = Tensor::from_vec(seen, (count, longest), &self.device)?;
        let input = Tensor::from_vec(input, (count, longest, hidden), &self.device)?;
        let positions = self.positions.narrow(0, 0, longest)?;
        let mut x = self.norm.of(&input.broadcast_add(&positions)?.broadcast_add(&self.kind)?)?;
        // What fills a text up to the longest gets no attention.
        let hide = ((&seen - 1.0)? * 1e9)?.reshape((count, 1, 1, longest))?;
        for layer in &self.layers {
            x = self.layer(layer, &x, &hide)?;
        }
        let seen = seen.unsqueeze(2)?;
        let mean = x.broadcast_mul(&seen)?.sum(1)?.broadcast_div(&seen.sum(1)?)?;
        let length = (mean.sqr()?.sum_keepdim(1)?.sqrt()? + 1e-12)?;
        Ok(mean.broadcast_div(&length)?.to_vec2::<f32>()?)
    }

    fn layer(&self, layer: &Layer, x: &Tensor, hide: &Tensor) -> Result<Tensor> {
        let (count, long, hidden) = x.dims3()?;
        let (heads, size) = (self.shape.heads, hidden / self.shape.heads);
        let flat = x.reshape((count * long, hidden))?;
        let by_head = |linear: &Linear| -> Result<Tensor> {
            linear.of(&flat)?.reshape((count, long, heads, size))?.transpose(1, 2)?.contiguous()
        };
        let (query, key, value) = (by_head(&layer.query)?, by_head(&layer.key)?, by_head(&layer.value)?);
        let scores = (query.matmul(&key.t()?.contiguous()?)? / (size as f64).sqrt())?.broadcast_add(hide)?;
        let grown = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?)?.exp()?;
        let shares = grown.broadcast_div(&grown.sum_keepdim(D::Minus1)?)?;
        let heard = shares.matmul(&value)?.transpose(1, 2)?.contiguous()?.reshape((count * long, hidden))?;
        let flat = layer.attention_norm.of(&(layer.attention.of(&heard)? + flat)?)?;
        let inner = layer.inner.of(&flat)?.gelu_erf()?;
        layer.norm.of(&(layer.outer.of(&inner)? + flat)?)?.reshape((count, long, hidden))
    }
}
