//! How a response code becomes a whole number of units: tables, as small as the question allows.

use crate::check::MAX_PROPOSITIONS;
use crate::exact::Exact;
use crate::mark::{self, Key};
use crate::question::Question;
use crate::response;
use crate::scheme::{BlankPolicy, Formula, MarkingScheme};
use std::collections::HashMap;
use std::ops::Range;

/// How codes become units.
pub(super) enum Kernel {
    /// For codes of at most [`SMALL_BITS`] bits, one entry a code: most questions of most papers.
    Small(Box<SmallTable>),
    /// One entry a code.
    Table(Vec<i64>),
    /// For wide questions whose score depends on the numbers of good and bad ticks only.
    Counts(Box<CountTable>),
    /// For wide questions under other rules: the codes that occur.
    Sparse(HashMap<u32, i64>),
}

impl Kernel {
    #[inline]
    pub(super) fn units(&self, code: u32) -> i64 {
        match self {
            Self::Small(units) => units[small(code)],
            Self::Table(units) => units.get(code as usize).copied().unwrap_or(0),
            Self::Counts(table) => table.units(code),
            Self::Sparse(units) => units.get(&code).copied().unwrap_or(0),
        }
    }
}

/// Bits of the codes of five propositions, of a TCS, of a QROC, of five zones.
pub(super) const SMALL_BITS: u32 = 5;
pub(super) const SMALL_MASK: u32 = (1 << SMALL_BITS) - 1;
/// Units by code.
pub(super) type SmallTable = [i64; 1 << SMALL_BITS];

/// Index in a [`SmallTable`]: the mask shows the compiler that it is within bounds.
#[inline]
pub(super) fn small(code: u32) -> usize {
    (code & SMALL_MASK) as usize
}

/// Units of a wide question by how many good and bad ticks there are: `units[good * (bads + 1) + bad]`, where
/// `bads` is the number of false propositions. That index is the sum of what each tick adds to it, and is looked
/// up nine bits of the code at a time. With 25 propositions it is at most 12 × 14 + 13 = 181.
pub(super) struct CountTable {
    parts: [[u8; 512]; 3],
    units: [i64; 256],
}

impl CountTable {
    #[inline]
    pub(super) fn units(&self, code: u32) -> i64 {
        let part = |p: usize| self.parts[p][(code >> (9 * p) & 511) as usize];
        // The parts sum to an index of the table: nothing is lost by wrapping.
        self.units[part(0).wrapping_add(part(1)).wrapping_add(part(2)) as usize]
    }

    /// For a key of at most 25 propositions, with units by good and bad ticks.
    pub(super) fn new(right: u32, wrong: u32, by_counts: &[i64]) -> Self {
        let stride = wrong.count_ones() + 1;
        let mut parts = [[0; 512]; 3];
        for (p, part) in parts.iter_mut().enumerate() {
            for (bits, index) in (0_u32..).zip(part.iter_mut()) {
                let ticked = bits << (9 * p);
                *index = ((ticked & right).count_ones() * stride + (ticked & wrong).count_ones()) as u8;
            }
        }
        let mut units = [0; 256];
        units.iter_mut().zip(by_counts).for_each(|(unit, given)| *unit = *given);
        Self { parts, units }
    }
}

/// Codes of at most this many bits are tabulated.
pub(super) const TABLE_BITS: u32 = 11;

/// How the scores of one question were found, before the common unit is known.
pub(super) enum Draft {
    Table(Vec<Exact>),
    Counts { right: u32, wrong: u32, scores: Vec<Exact> },
    Sparse(HashMap<u32, Exact>),
}

impl Draft {
    pub(super) fn scores(&self) -> Box<dyn Iterator<Item = &Exact> + '_> {
        match self {
            Self::Table(scores) | Self::Counts { scores, .. } => Box::new(scores.iter()),
            Self::Sparse(scores) => Box::new(scores.values()),
        }
    }

    pub(super) fn of(question: &Question, scheme: &MarkingScheme, column: &[u32]) -> Self {
        let bits = response::code_bits(&question.body);
        let score = |code| mark::score(question, scheme, code).score;
        if bits <= SMALL_BITS {
            return Self::Table((0..1_u32 << SMALL_BITS).map(score).collect());
        }
        if bits <= TABLE_BITS {
            return Self::Table((0..1_u32 << bits).map(score).collect());
        }
        if let (Some(key), Some(rule)) = (Key::of(&question.body), scheme.rule(question.kind())) {
            let counted = matches!(rule.formula, Formula::Expected { .. } | Formula::Discordance { .. });
            let plain = !rule.zeroing && rule.blank_policy == BlankPolicy::ScoreAsAnswer && rule.all_ticked.is_none();
            if counted && plain && !key.three_states && key.count <= MAX_PROPOSITIONS as u32 {
                let all = (1_u32 << key.count) - 1;
                let wrong = all & !key.right;
                let (goods, bads) = (key.right.count_ones(), wrong.count_ones());
                let scores = (0..=goods)
                    .flat_map(|g| (0..=bads).map(move |b| (g, b)))
                    .map(|(g, b)| score(lowest(key.right, g) | lowest(wrong, b)))
                    .collect();
                return Self::Counts { right: key.right, wrong, scores };
            }
        }
        let mut seen: HashMap<u32, Exact> = HashMap::new();
        for code in column {
            seen.entry(*code).or_insert_with(|| score(*code));
        }
        Self::Sparse(seen)
    }
}

/// The `n` lowest bits that are set in `mask`.
pub(super) fn lowest(mask: u32, n: u32) -> u32 {
    let (mut left, mut picked) = (mask, 0);
    for _ in 0..n {
        picked |= left & left.wrapping_neg();
        left &= left.wrapping_sub(1);
    }
    picked
}

/// Two small questions marked by one look-up: the index is one code after the other.
pub(super) struct Pair {
    first: usize,
    second: usize,
    units: Box<[i32; 1 << (2 * SMALL_BITS)]>,
}

impl Pair {
    /// `None` if the sums need more than 32 bits: half the size of the others, these tables stay in cache.
    pub(super) fn new((first, one): (usize, &SmallTable), (second, two): (usize, &SmallTable)) -> Option<Self> {
        let mut units = Box::new([0; 1 << (2 * SMALL_BITS)]);
        for (row, two) in units.chunks_exact_mut(one.len()).zip(two) {
            for (unit, one) in row.iter_mut().zip(one) {
                *unit = i32::try_from(one + two).ok()?;
            }
        }
        Some(Self { first, second, units })
    }

    /// Where to look up each row. Apart from the look-ups because several indices are made at once.
    pub(super) fn indices(&self, columns: &[Vec<u32>], rows: Range<usize>, into: &mut [u32; TILE]) {
        let codes = columns[self.first][rows.clone()].iter().zip(&columns[self.second][rows]);
        for (index, (first, second)) in into.iter_mut().zip(codes) {
            *index = (first & SMALL_MASK) | (second & SMALL_MASK) << SMALL_BITS;
        }
    }

    /// The mask shows the compiler that the index is within bounds.
    #[inline]
    pub(super) fn units(&self, index: u32) -> i64 {
        self.units[index as usize & (self.units.len() - 1)].into()
    }
}

/// Rows whose indices are made before they are looked up.
pub(super) const TILE: usize = 512;

/// Adds to each sum the units of its row at two pairs of questions.
pub(super) fn add_two_pairs(sums: &mut [i64], [one, two]: &[Pair; 2], columns: &[Vec<u32>], start: usize) {
    let (mut in_one, mut in_two) = ([0; TILE], [0; TILE]);
    for (t, sums) in sums.chunks_mut(TILE).enumerate() {
        let rows = start + t * TILE..start + t * TILE + sums.len();
        one.indices(columns, rows.clone(), &mut in_one);
        two.indices(columns, rows, &mut in_two);
        for (sum, (a, b)) in sums.iter_mut().zip(in_one.iter().zip(&in_two)) {
            *sum += one.units(*a) + two.units(*b);
        }
    }
}

/// Adds to each sum the units of its row at one pair of questions.
pub(super) fn add_pair(sums: &mut [i64], pair: &Pair, columns: &[Vec<u32>], start: usize) {
    let mut indices = [0; TILE];
    for (t, sums) in sums.chunks_mut(TILE).enumerate() {
        pair.indices(columns, start + t * TILE..start + t * TILE + sums.len(), &mut indices);
        sums.iter_mut().zip(&indices).for_each(|(sum, index)| *sum += pair.units(*index));
    }
}

/// Adds to each sum what its code is worth.
pub(super) fn add(sums: &mut [i64], codes: &[u32], units: impl Fn(u32) -> i64) {
    sums.iter_mut().zip(codes).for_each(|(sum, code)| *sum += units(*code));
}

pub(super) fn rarity(draft: &Draft, column: &[u32]) -> Exact {
    let score = |code: &u32| match draft {
        Draft::Table(scores) => scores.get(*code as usize).copied().unwrap_or(Exact::ZERO),
        Draft::Counts { right, wrong, scores } => {
            let stride = wrong.count_ones() as usize + 1;
            scores[(code & right).count_ones() as usize * stride + (code & wrong).count_ones() as usize]
        }
        Draft::Sparse(scores) => scores.get(code).copied().unwrap_or(Exact::ZERO),
    };
    let exact = column.iter().filter(|code| score(code) >= Exact::ONE).count();
    Exact::ONE - Exact::new(exact as i128, column.len() as i128)
}
