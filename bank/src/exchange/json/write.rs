//! Docimo's own format, written: one entry a line, then the pictures, PDFs and videos.

use super::{FORMAT, files};
use crate::exchange::WriteError;
use crate::exchange::media;
use crate::exchange::write::{Elements, Export, Written};
use docimo_engine::paper::Element;
use std::collections::BTreeSet;
use std::io::{self, Write};

pub(in crate::exchange) fn write(
    elements: Elements<'_>,
    export: &Export<'_>,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let mut written = Written::default();
    let (mut pictures, mut documents): (BTreeSet<String>, BTreeSet<String>) = Default::default();
    let title = serde_json::to_string(export.title).map_err(io::Error::other)?;
    write!(out, "{{\"format\":\"{FORMAT}\",\"title\":{title},\"entries\":[")?;
    while let Some(element) = elements.next() {
        out.write_all(if written.elements == 0 { b"\n" } else { b",\n" })?;
        // An entry is the question or the case itself: its kind tells which.
        match element {
            Element::Question(question) => serde_json::to_writer(&mut *out, question),
            Element::Case(case) => serde_json::to_writer(&mut *out, case),
        }
        .map_err(io::Error::other)?;
        pictures.extend(files(element).map(str::to_owned));
        documents.extend(element.pdf().map(|pdf| pdf.file.clone()));
        documents.extend(element.videos().map(|video| video.file.clone()));
        written.elements += 1;
    }
    out.write_all(b"\n]")?;
    let mut first = true;
    for file in &pictures {
        let Some(bytes) = (export.media)(file) else {
            let what = if documents.contains(file) {
                format!("le fichier « {file} » est introuvable : l’export ne fait que le nommer")
            } else {
                format!("l’image « {file} » est introuvable : le fichier ne fait que la nommer")
            };
            written.lost(file, what);
            continue;
        };
        let name = serde_json::to_string(file).map_err(io::Error::other)?;
        let start = if first { ",\"media\":{\n" } else { ",\n" };
        first = false;
        write!(out, "{start}{name}:\"{}\"", media::to_base64(&bytes))?;
    }
    out.write_all(if first { b"}\n" } else { b"\n}}\n" })?;
    Ok(written)
}
