//! `docimo mark` on a file of 10,000 sheets of 450 questions, beside merely reading the file with the csv crate.
//!
//! `cargo bench -p docimo-benches --bench mark_csv`. Nothing is asserted on time.

use docimo::cli::mark::{self, Input};
use docimo_engine::scheme::MarkingScheme;
use docimo_engine::shuffle::Stream;
use std::error::Error;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

const CANDIDATES: usize = 10_000;
const QUESTIONS: usize = 450;
const RUNS: usize = 7;
/// Kinds of an EDN, in hundredths.
const MIX: [(&str, usize); 7] =
    [("QRM", 45), ("QRU", 25), ("QRP", 12), ("QRPL", 5), ("QROC", 5), ("TCS", 4), ("QZP", 4)];
const TEXTS: [&str; 8] = [
    "embolie pulmonaire",
    "Embolie pulmonaire",
    "maladie thrombo-embolique veineuse",
    "embolie pulmonère",
    "pneumopathie",
    "phlébite",
    "infarctus du myocarde",
    "",
];

fn main() -> Result<(), Box<dyn Error>> {
    let (key, responses) = files()?;
    let scheme = MarkingScheme::preset("edn").ok_or("edn")?;
    let input = Input {
        key_name: "key.csv",
        key: key.as_bytes(),
        responses_name: "responses.csv",
        responses: responses.as_bytes(),
        scheme,
        progress: &|_| {},
    };
    let mark = || mark::mark(&input).map_err(|faults| format!("{} faults: {:?}", faults.len(), faults.first()));
    let (mut reading, mut marking, mut json, mut table) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        reading.push(timed(|| read(responses.as_bytes()))?);
        let start = Instant::now();
        let marked = mark()?;
        marking.push(start.elapsed().as_secs_f64());
        json.push(timed(|| Ok(serde_json::to_vec(&marked)?.len()))?);
        table.push(timed(|| Ok(mark::csv(&marked, b',')?.len()))?);
    }
    let megabytes = responses.len() as f64 / 1e6;
    let threads = rayon::current_num_threads();
    println!("{CANDIDATES} sheets of {QUESTIONS} questions, {megabytes:.1} MB, {threads} threads; medians of {RUNS}");
    let (reading, marking) = (median(reading), median(marking));
    println!("read with the csv crate          {:8.1} ms", reading * 1e3);
    println!("mark                             {:8.1} ms", marking * 1e3);
    println!("mark / read                      {:8.2}", marking / reading);
    println!("marks as JSON                    {:8.1} ms", median(json) * 1e3);
    println!("marks as CSV                     {:8.1} ms", median(table) * 1e3);
    Ok(())
}

fn timed(work: impl Fn() -> Result<usize, Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    black_box(work()?);
    Ok(start.elapsed().as_secs_f64())
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Every cell seen once, as bytes.
fn read(bytes: &[u8]) -> Result<usize, Box<dyn Error>> {
    let mut reader = csv::Reader::from_reader(bytes);
    let (mut record, mut seen) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record)? {
        seen += record.iter().map(<[u8]>::len).sum::<usize>();
    }
    Ok(seen)
}

/// The key and the responses.
fn files() -> Result<(String, String), std::fmt::Error> {
    let mut kinds: Vec<&str> = MIX.iter().flat_map(|(kind, share)| vec![*kind; share * QUESTIONS / 100]).collect();
    kinds.resize(QUESTIONS, "QRM");
    let mut key =
        String::from("question,kind,propositions,correct,indispensable,inacceptable,weight,rank,section,acceptable\n");
    let mut responses = String::from("candidate");
    for (i, kind) in kinds.iter().enumerate() {
        let (count, correct, acceptable) = match *kind {
            "QRU" => ("5", "B", ""),
            "QRM" => ("5", ["A", "AC", "ACD", "ABDE"][i % 4], ""),
            "QRP" => ("5", "AE", ""),
            "QRPL" => ("15", "ACM", ""),
            "QROC" => ("", "embolie pulmonaire", "maladie thromboembolique veineuse"),
            "TCS" => ("", "0|9|7|3|0", ""),
            _ => ("", "Z1|Z2", ""),
        };
        let rank = if i % 5 < 3 { "A" } else { "B" };
        writeln!(key, "q{i},{kind},{count},{correct},,,,{rank},UC{},{acceptable}", i * 3 / QUESTIONS)?;
        write!(responses, ",q{i}")?;
    }
    responses.push('\n');
    for c in 0..CANDIDATES {
        let mut stream = Stream::new(2026, &["sheet", &c.to_string()]);
        write!(responses, "candidat-{c:05}")?;
        for kind in &kinds {
            responses.push(',');
            let mut some = |letters: std::ops::Range<u8>, most: usize| {
                let share = most as f64 / f64::from(letters.end - letters.start);
                letters.filter(|_| stream.unit() < share).take(most).map(char::from).collect::<String>()
            };
            let cell = match *kind {
                "QRU" => char::from(b'A' + stream.below(5) as u8).to_string(),
                "QRM" => some(b'A'..b'F', 3),
                "QRP" => some(b'A'..b'F', 2),
                "QRPL" => some(b'A'..b'P', 3),
                "QROC" => TEXTS[stream.below(8)].to_owned(),
                "TCS" => (stream.below(5) as i32 - 2).to_string(),
                _ => ["Z1|Z2", "Z1", "Z2", ""][stream.below(4)].to_owned(),
            };
            responses.push_str(&cell);
        }
        responses.push('\n');
    }
    Ok((key, responses))
}
