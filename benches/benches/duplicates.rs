//! Near-duplicates: how many edits of real questions are found, and how long a question takes in a large bank, beside
//! comparing it with every question (measured on 2,000, extrapolated).
//!
//! `cargo bench -p docimo-benches --bench duplicates [-- size]`, 100,000 by default.

mod common;

use common::{best, demonstration, real};
use docimo_bank::duplicates::{BYTES, NEAR, NearIndex, Text, Verdict, signatures, similarity, within};
use docimo_bank::revision::fingerprint;
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Proposition, Question, Status};
use docimo_engine::shuffle::Stream;
use std::time::Instant;

/// Most candidates compared for a question.
const MOST: usize = 100;

fn main() {
    let size = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(100_000);
    let mut base = real();
    if base.is_empty() {
        println!("FrenchMedMCQA: absent; the demonstration bank in its place");
        base = demonstration().into_iter().filter(|e| matches!(e, Element::Question(_))).collect();
    }
    edits(&base);
    near(&base);
    speed(&base, size);
}

/// Words of a question changed in one way.
fn edited(question: &Question, how: &str, seed: u64) -> Option<Question> {
    let mut stream = Stream::new(seed, &[how, question.id.as_str()]);
    let mut q = question.clone();
    let change = |text: &str,
                  stream: &mut Stream,
                  with: &dyn Fn(&str) -> String,
                  fit: &dyn Fn(&str) -> bool|
     -> Option<String> {
        let words: Vec<&str> = text.split(' ').collect();
        let fits: Vec<usize> = (0..words.len()).filter(|i| fit(words[*i])).collect();
        let at = *fits.get((stream.next_u64() % fits.len().max(1) as u64) as usize)?;
        let mut out: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        out[at] = with(words[at]);
        Some(out.join(" "))
    };
    let long = |w: &str| w.chars().filter(|c| c.is_alphabetic()).count() >= 6 && w.chars().all(char::is_alphabetic);
    match how {
        "word changed" => {
            // In the propositions, where the matter is.
            let list = q.body.propositions_mut()?;
            let order: Vec<usize> = (0..list.len()).collect();
            let i = order.into_iter().find(|i| list[*i].text.split(' ').any(&long))?;
            list[i].text = change(&list[i].text, &mut stream, &|_| "autrement".to_owned(), &long)?;
        }
        "propositions permuted" => {
            let list = q.body.propositions_mut()?;
            list.reverse();
            let turn = 1 + (stream.next_u64() % 3) as usize;
            let n = list.len().max(1);
            list.rotate_left(turn % n);
        }
        "typo" => {
            let drop = |w: &str| w.chars().enumerate().filter(|(i, _)| *i != 3).map(|(_, c)| c).collect::<String>();
            q.stem = change(&q.stem, &mut stream, &drop, &long)?;
            if let Some(p) = q.body.propositions_mut()?.first_mut() {
                p.text = change(&p.text, &mut stream, &drop, &long).unwrap_or_else(|| p.text.clone());
            }
        }
        "number changed" => {
            let digits = |w: &str| w.bytes().any(|b| b.is_ascii_digit());
            let plus = |w: &str| {
                w.chars()
                    .map(|c| c.to_digit(10).map_or(c, |d| char::from_digit((d + 1) % 10, 10).unwrap_or(c)))
                    .collect::<String>()
            };
            let in_stem = change(&q.stem, &mut stream, &plus, &digits);
            match in_stem {
                Some(text) => q.stem = text,
                None => {
                    let list = q.body.propositions_mut()?;
                    let i = list.iter().position(|p| p.text.split(' ').any(digits))?;
                    list[i].text = change(&list[i].text, &mut stream, &plus, &digits)?;
                }
            }
        }
        "stem reordered" => {
            let (head, tail) = q.stem.split_once([',', '?', '.'])?;
            if tail.split_whitespace().count() < 2 {
                return None;
            }
            q.stem = format!("{} {}", tail.trim(), head.trim());
        }
        _ => {
            // Other boilerplate, and a proposition replaced.
            q.stem = format!("Cochez la ou les propositions exactes. {}", q.stem);
            let list = q.body.propositions_mut()?;
            list.last_mut()?.text = "Aucune de ces réponses n’est exacte".to_owned();
        }
    }
    (q != *question).then_some(q)
}

/// Recall: of edits, how many have their original among the candidates, and how many are then judged near.
fn edits(base: &[Element]) {
    let mut index = NearIndex::new();
    let texts: Vec<Text> = base.iter().map(Text::of).collect();
    for (i, e) in base.iter().enumerate() {
        index.insert(i, &signatures(e));
    }
    println!(
        "edits of {} questions: original among the candidates, judged near or closer, others judged so",
        base.len()
    );
    let ways = [
        "word changed",
        "propositions permuted",
        "typo",
        "number changed",
        "stem reordered",
        "boilerplate and last proposition",
    ];
    for how in ways {
        let (mut tried, mut candidate, mut judged, mut others, mut value) =
            (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
        for (i, e) in base.iter().enumerate() {
            let Element::Question(q) = e else { continue };
            let Some(changed) = edited(q, how, 2026) else { continue };
            tried += 1;
            let element = Element::Question(changed);
            let text = Text::of(&element);
            for c in index.query(&signatures(&element), MOST) {
                let found = similarity(&texts[c.id], &text);
                let near = found.verdict >= Verdict::Near;
                if c.id == i {
                    candidate += 1;
                    judged += usize::from(near);
                    value += usize::from(found.verdict == Verdict::ValueChanged);
                } else {
                    others += usize::from(near);
                }
            }
        }
        let of = |n: usize| 100.0 * n as f64 / tried.max(1) as f64;
        println!(
            "  {how:<34} {tried:5} edits  {:5.1} %  {:5.1} %  {:5.1} %   value changed {:5.1} %",
            of(candidate),
            of(judged),
            of(others),
            of(value)
        );
    }
}

/// What the threshold separates: every pair of questions, by overall similarity, exhaustively on a sample.
fn near(base: &[Element]) {
    let sample: Vec<&Element> = base.iter().take(2200).step_by(2).collect();
    let texts: Vec<Text> = sample.iter().map(|e| Text::of(e)).collect();
    let groups = within(&sample);
    let found: usize = groups.iter().map(|g| g.pairs.len()).sum();
    let (mut all, mut missed, mut bins) = (0_usize, 0_usize, [0_usize; 10]);
    let in_index: std::collections::BTreeSet<(usize, usize)> =
        groups.iter().flat_map(|g| g.pairs.iter().map(|(a, b, _)| (*a, *b))).collect();
    let exact: std::collections::BTreeSet<String> = sample.iter().map(|e| fingerprint(e)).collect();
    for b in 0..texts.len() {
        for a in 0..b {
            let s = similarity(&texts[a], &texts[b]);
            bins[((s.overall * 10.0) as usize).min(9)] += 1;
            if s.verdict >= Verdict::Near {
                all += 1;
                missed += usize::from(!in_index.contains(&(a, b)));
            }
        }
    }
    println!(
        "all {} pairs of {}: {all} at {NEAR} or closer, {} by the index, {missed} missed; {} exact duplicates",
        texts.len() * (texts.len() - 1) / 2,
        texts.len(),
        found,
        sample.len() - exact.len()
    );
    println!("  pairs by similarity, tenths: {bins:?}");
}

/// A question of words drawn from the real ones.
fn made(words: &[String], i: usize) -> Element {
    let mut stream = Stream::new(7, &["made", &i.to_string()]);
    let mut text = |n: usize| {
        (0..n).map(|_| words[(stream.next_u64() % words.len() as u64) as usize].as_str()).collect::<Vec<_>>().join(" ")
    };
    let propositions = (0..5)
        .map(|p| Proposition {
            id: char::from(b'a' + p).to_string().as_str().into(),
            text: text(5),
            status: Status::Faux,
            comment: String::new(),
        })
        .collect();
    Element::Question(Question {
        id: format!("q{i}").as_str().into(),
        stem: format!("Parmi les propositions suivantes, lesquelles sont exactes ? {}", text(9)),
        image: None,
        video: None,
        body: Body::Qrm { propositions },
        weight: docimo_engine::Exact::ONE,
        rank: None,
        tags: vec![],
        comment: String::new(),
        source: String::new(),
        scheme: None,
    })
}

/// Kilobytes that the process holds; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn speed(base: &[Element], size: usize) {
    let sign = best(5, || base.iter().map(|e| signatures(e).len()).sum::<usize>()) / base.len() as f64;
    let print = best(5, || base.iter().map(|e| fingerprint(e).len()).sum::<usize>()) / base.len() as f64;
    println!("signature {:8.1} µs a question, {:.1} × its fingerprint; {BYTES} bytes stored", sign * 1e6, sign / print);

    let words: Vec<String> = base
        .iter()
        .flat_map(|e| {
            e.questions()
                .flat_map(|q| q.body.propositions())
                .flat_map(|p| p.text.split_whitespace().map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect();
    let before = resident();
    let start = Instant::now();
    let mut index = NearIndex::new();
    for i in 0..size {
        index.insert(i as u64, &signatures(&made(&words, i)));
    }
    println!(
        "{size} made and put in: {:.1} s, {} MB",
        start.elapsed().as_secs_f64(),
        (resident().saturating_sub(before)) / 1024
    );
    for (i, e) in base.iter().enumerate() {
        index.insert((size + i) as u64, &signatures(e));
    }
    // A question at saving: its signature, the candidates, each compared.
    let kept: Vec<Text> = base.iter().map(Text::of).collect();
    let asked: Vec<&Element> = base.iter().step_by(base.len().div_ceil(500)).collect();
    let mut most = 0;
    let at_saving = best(3, || {
        for e in &asked {
            let text = Text::of(e);
            let found = index.query(&signatures(e), MOST);
            most = most.max(found.len());
            for c in found {
                // Texts of what is made are not kept: one of the same length stands for it.
                let other = (c.id as usize).checked_sub(size).map_or(&kept[c.id as usize % kept.len()], |i| &kept[i]);
                std::hint::black_box(similarity(&text, other));
            }
        }
    }) / asked.len() as f64;
    let few: Vec<&Text> = kept.iter().take(2000).collect();
    let some: Vec<Text> = asked.iter().take(5).map(|e| Text::of(e)).collect();
    let pair = best(3, || some.iter().flat_map(|t| few.iter().map(|f| similarity(t, f).overall)).sum::<f64>())
        / (some.len() * few.len()) as f64;
    let naive = pair * index.len() as f64;
    println!(
        "at saving, among {}: {:.2} ms, at most {most} candidates; every pair {:.1} µs each, {:.1} s: {:.0} times slower",
        index.len(),
        at_saving * 1e3,
        pair * 1e6,
        naive,
        naive / at_saving
    );
}
