//! Import and export of the 2,171 questions of FrenchMedMCQA as Moodle XML, beside the bare reading of the
//! same file by quick-xml, which no import can beat.

use docimo_bank::exchange::{Export, Format, Limits, Target, read, stream, write};
use docimo_engine::paper::Element;
use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

/// The median of some runs.
fn timed(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..7)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn bare(bytes: &[u8]) -> usize {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let (mut buffer, mut events) = (Vec::new(), 0);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(quick_xml::events::Event::Eof) | Err(_) => return events,
            Ok(_) => events += 1,
        }
    }
}

fn main() {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), Into::into);
    let path = root.join("questions/frenchmedmcqa_train.moodle.xml");
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("{} is absent: nothing to measure", path.display());
        return;
    };
    let least = timed(|| {
        black_box(bare(&bytes));
    });
    let reading = match read(&bytes, "x.xml", Some(Format::MoodleXml)) {
        Ok(reading) => reading,
        Err(error) => return eprintln!("{error}"),
    };
    let count = reading.entries.len() + reading.faulty.len();
    let elements: Vec<Element> = reading.elements().cloned().collect();
    println!("{count} questions, {} bytes; bare quick-xml {:.1} ms", bytes.len(), least.as_secs_f64() * 1e3);
    let row = |name: &str, questions: usize, time: Duration| {
        println!(
            "{name:<22} {:>9.1} ms {:>9.0} questions/s  {:>6.1} x bare",
            time.as_secs_f64() * 1e3,
            questions as f64 / time.as_secs_f64(),
            time.as_secs_f64() / least.as_secs_f64()
        );
    };
    row("import, whole", count, timed(|| drop(black_box(read(&bytes, "x.xml", Some(Format::MoodleXml))))));
    let streamed = || {
        stream(Cursor::new(&bytes), "x.xml", Some(Format::MoodleXml), &Limits::default(), |entry| {
            drop(black_box(entry))
        })
    };
    row("import, streamed twice", count, timed(|| drop(black_box(streamed()))));
    let export = Export { title: "Banc", media: &|_| None };
    for target in Target::ALL {
        let time = timed(|| {
            let mut out = Vec::new();
            let _ = black_box(write(target, &elements, &export, &mut out));
            black_box(out);
        });
        row(&format!("export {}", target.code()), elements.len(), time);
    }
}
