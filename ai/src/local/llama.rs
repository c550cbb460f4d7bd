//! The network: decoders of the Llama family (Touvron and others, 2023) as GGUF files hold them, `llama` (Llama, Mistral,
//! SmolLM), `qwen2` and `qwen3`, on candle-core alone.

use super::LocalError;
use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{D, DType, Device, IndexOp, Module, Result, Tensor};
use std::io::{Read, Seek};

/// Positions prefilled at once: the scores of a long prompt would not fit in memory.
const CHUNK: usize = 256;

/// The sizes of a network.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    architecture: String,
    layers: usize,
    heads: usize,
    key_heads: usize,
    head: usize,
    epsilon: f64,
    base: f64,
    /// Longest text, in tokens.
    pub(super) context: usize,
}

fn number(content: &Content, key: &str) -> Option<f64> {
    content.metadata.get(key).and_then(|value| match value {
        Value::U8(n) => Some(f64::from(*n)),
        Value::U16(n) => Some(f64::from(*n)),
        Value::U32(n) => Some(f64::from(*n)),
        Value::I32(n) => Some(f64::from(*n)),
        Value::U64(n) => Some(*n as f64),
        Value::F32(n) => Some(f64::from(*n)),
        Value::F64(n) => Some(*n),
        _ => None,
    })
}

impl Shape {
    pub(super) fn read(content: &Content) -> std::result::Result<Self, LocalError> {
        let architecture = match content.metadata.get("general.architecture").map(Value::to_string) {
            Some(Ok(name)) => name.clone(),
            _ => return Err(LocalError::Unreadable("le fichier ne dit pas son architecture".into())),
        };
        if !["llama", "qwen2", "qwen3"].contains(&architecture.as_str()) {
            return Err(LocalError::Unknown(architecture));
        }
        let of = |name: &str| number(content, &format!("{architecture}.{name}"));
        let size = |name: &str, most: f64| {
            of(name)
                .filter(|n| *n >= 1.0 && *n <= most && n.fract() == 0.0)
                .map(|n| n as usize)
                .ok_or_else(|| LocalError::Unreadable(format!("« {architecture}.{name} » absent ou hors de propos")))
        };
        let (width, heads) = (size("embedding_length", 65_536.0)?, size("attention.head_count", 1_024.0)?);
        let shape = Self {
            layers: size("block_count", 1_024.0)?,
            key_heads: size("attention.head_count_kv", 1_024.0).unwrap_or(heads),
            head: size("attention.key_length", 4_096.0).unwrap_or(width / heads),
            epsilon: of("attention.layer_norm_rms_epsilon").unwrap_or(1e-5),
            base: of("rope.freq_base").unwrap_or(10_000.0),
            context: size("context_length", 1e7)?,
            heads,
            architecture,
        };
        if shape.head < 2 || !shape.head.is_multiple_of(2) || !shape.heads.is_multiple_of(shape.key_heads) {
            return Err(LocalError::Unreadable("têtes d’attention hors de propos".into()));
        }
        Ok(shape)
    }
}

struct Linear {
    weight: QMatMul,
    bias: Option<Tensor>,
}

impl Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let out = self.weight.forward(x)?;
        match &self.bias {
            Some(bias) => out.broadcast_add(bias),
            None => Ok(out),
        }
    }
}

struct Layer {
    attention_norm: Tensor,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    /// Of each head, in `qwen3`.
    query_norm: Option<Tensor>,
    key_norm: Option<Tensor>,
    feed_norm: Tensor,
    gate: Linear,
    up: Linear,
    down: Linear,
}

/// What was seen so far: keys and values of every layer.
pub(super) struct Memory {
    layers: Vec<Option<(Tensor, Tensor)>>,
    seen: usize,
}

/// A network with its weights.
pub(super) struct Network {
    shape: Shape,
    device: Device,
    tokens: Tensor,
    layers: Vec<Layer>,
    norm: Tensor,
    head: QMatMul,
}

fn norm(x: &Tensor, weight: &Tensor, epsilon: f64) -> Result<Tensor> {
    let mean = (x.sqr()?.sum_keepdim(D::Minus1)? / x.dim(D::Minus1)? as f64)?;
    x.broadcast_div(&(mean + epsilon)?.sqrt()?)?.broadcast_mul(weight)
}

fn softmax(x: &Tensor) -> Result<Tensor> {
    let exp = x.broadcast_sub(&x.max_keepdim(D::Minus1)?)?.exp()?;
    exp.broadcast_div(&exp.sum_keepdim(D::Minus1)?)
}

impl Network {
    pub(super) fn read<R: Read + Seek>(content: &Content, file: &mut R, shape: Shape, device: Device) -> Result<Self> {
        let place = device.clone();
        let mut tensor = |name: &str| content.tensor(file, name, &place);
        let embedding = tensor("token_embd.weight")?;
        let tokens = embedding.dequantize_f16(&device)?;
        let norm = tensor("output_norm.weight")?.dequantize(&device)?;
        let head = match tensor("output.weight") {
            Ok(own) => own,
            // Many small models read words out as they read them in.
            Err(_) => embedding,
        };
        let head = QMatMul::from_qtensor(head)?;
        let mut layers = Vec::with_capacity(shape.layers);
        for i in 0..shape.layers {
            let mut part = |name: &str| -> Result<QTensor> { tensor(&format!("blk.{i}.{name}")) };
            let mut linear = |name: &str| -> Result<Linear> {
                let weight = QMatMul::from_qtensor(part(&format!("{name}.weight"))?)?;
                let bias = part(&format!("{name}.bias")).ok().map(|b| b.dequantize(&device)).transpose()?;
                Ok(Linear { weight, bias })
            };
            let (query, key, value, output) =
                (linear("attn_q")?, linear("attn_k")?, linear("attn_v")?, linear("attn_output")?);
            let (gate, up, down) = (linear("ffn_gate")?, linear("ffn_up")?, linear("ffn_down")?);
            let mut plain = |name: &str| -> Result<Tensor> { part(name)?.dequantize(&device) };
            layers.push(Layer {
                attention_norm: plain("attn_norm.weight")?,
                feed_norm: plain("ffn_norm.weight")?,
                query_norm: plain("attn_q_norm.weight").ok(),
                key_norm: plain("attn_k_norm.weight").ok(),
                query,
                key,
                value,
                output,
                gate,
                up,
                down,
            });
        }
        Ok(Self { shape, device, tokens, layers, norm, head })
    }

    pub(super) fn memory(&self) -> Memory {
        Memory { layers: self.layers.iter().map(|_| None).collect(), seen: 0 }
    }

    /// Reads tokens, and gives what may follow the last one: a score for each token of the vocabulary.
    pub(super) fn read_on(&self, memory: &mut Memory, tokens: &[u32]) -> Result<Vec<f32>> {
        let mut last = None;
        for chunk in tokens.chunks(CHUNK) {
            last = Some(self.forward(memory, chunk)?);
        }
        match last {
            Some(scores) => scores.to_vec1(),
            None => candle_core::bail!("nothing to read"),
        }
    }

    fn forward(&self, memory: &mut Memory, tokens: &[u32]) -> Result<Tensor> {
        let (length, before) = (tokens.len(), memory.seen);
        let names = Tensor::new(tokens, &self.device)?;
        let mut x = self.tokens.index_select(&names, 0)?.to_dtype(DType::F32)?;
        let turn = self.turn(before, length)?;
        // What comes later is not seen.
        let mask: Vec<f32> = (0..length)
            .flat_map(|i| (0..before + length).map(move |j| if j > before + i { f32::NEG_INFINITY } else { 0.0 }))
            .collect();
        let mask = Tensor::from_vec(mask, (1, length, before + length), &self.device)?;
        for (layer, kept) in self.layers.iter().zip(&mut memory.layers) {
            let seen = norm(&x, &layer.attention_norm, self.shape.epsilon)?;
            x = (x + self.attend(layer, kept, &seen, &turn, &mask)?)?;
            let seen = norm(&x, &layer.feed_norm, self.shape.epsilon)?;
            let open = (layer.gate.forward(&seen)?.silu()? * layer.up.forward(&seen)?)?;
            x = (x + layer.down.forward(&open)?)?;
        }
        memory.seen += length;
        let last = norm(&x.i(length - 1)?.unsqueeze(0)?, &self.norm, self.shape.epsilon)?;
        self.head.forward(&last)?.squeeze(0)
    }

    fn attend(
        &self,
        layer: &Layer,
        kept: &mut Option<(Tensor, Tensor)>,
        x: &Tensor,
        turn: &(Tensor, Tensor),
        mask: &Tensor,
    ) -> Result<Tensor> {
        let Shape { heads, key_heads, head, epsilon, .. } = self.shape;
        let length = x.dim(0)?;
        let split = |flat: Tensor, count: usize| flat.reshape((length, count, head))?.transpose(0, 1)?.contiguous();
        let mut query = split(layer.query.forward(x)?, heads)?;
        let mut key = split(layer.key.forward(x)?, key_heads)?;
        let value = split(layer.value.forward(x)?, key_heads)?;
        if let Some(weight) = &layer.query_norm {
            query = norm(&query, weight, epsilon)?;
        }
        if let Some(weight) = &layer.key_norm {
            key = norm(&key, weight, epsilon)?;
        }
        let (query, key) = (self.turned(&query, turn)?, self.turned(&key, turn)?);
        let (key, value) = match kept.take() {
            Some((keys, values)) => (Tensor::cat(&[&keys, &key], 1)?, Tensor::cat(&[&values, &value], 1)?),
            None => (key, value),
        };
        *kept = Some((key.clone(), value.clone()));
        // Several heads ask of one key: they are put together with it.
        let group = heads / key_heads;
        let repeat = |t: &Tensor| -> Result<Tensor> {
            let total = t.dim(1)?;
            t.unsqueeze(1)?.expand((key_heads, group, total, head))?.reshape((heads, total, head))?.contiguous()
        };
        let (key, value) = (repeat(&key)?, repeat(&value)?);
        let scores = (query.matmul(&key.transpose(1, 2)?.contiguous()?)? / (head as f64).sqrt())?;
        let mixed = softmax(&scores.broadcast_add(mask)?)?.matmul(&value)?;
        layer.output.forward(&mixed.transpose(0, 1)?.reshape((length, heads * head))?.contiguous()?)
    }

    /// Cosines and sines of the positions (rotary embedding: Su and others, 2021).
    fn turn(&self, from: usize, length: usize) -> Result<(Tensor, Tensor)> {
        let half = self.shape.head / 2;
        let mut angles = Vec::with_capacity(length * half);
        for position in from..from + length {
            for i in 0..half {
                let speed = self.shape.base.powf(-2.0 * i as f64 / self.shape.head as f64);
                angles.push((position as f64 * speed) as f32);
            }
        }
        let angles = Tensor::from_vec(angles, (1, length, half), &self.device)?;
        Ok((angles.cos()?, angles.sin()?))
    }

    fn turned(&self, x: &Tensor, (cos, sin): &(Tensor, Tensor)) -> Result<Tensor> {
        let (heads, length, head) = x.dims3()?;
        let half = head / 2;
        // `llama` files pair neighbours, the others pair halves.
        let neighbours = self.shape.architecture == "llama";
        let (a, b) = if neighbours {
            let pairs = x.reshape((heads, length, half, 2))?;
            (pairs.i((.., .., .., 0))?.contiguous()?, pairs.i((.., .., .., 1))?.contiguous()?)
        } else {
            (x.narrow(2, 0, half)?.contiguous()?, x.narrow(2, half, half)?.contiguous()?)
        };
        let left = (a.broadcast_mul(cos)? - b.broadcast_mul(sin)?)?;
        let right = (a.broadcast_mul(sin)? + b.broadcast_mul(cos)?)?;
        if neighbours {
            Tensor::stack(&[left, right], 3)?.reshape((heads, length, head))
        } else {
            Tensor::cat(&[left, right], 2)
        }
    }
}
