//! The embedded tables against the lists of `shared/r2c`, read in place.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use r2c_referential::{ObjectiveCode, Rank, Rubric, common_units, items, items_of, situations, specialties};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The shared folder: `DOCIMO_SHARED`, or `../shared` beside the workspace. When it is absent a
/// line is left in the file named by `DOCIMO_SKIP_LOG`, and the test has nothing to compare.
fn shared() -> Result<Option<PathBuf>, std::io::Error> {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = root.join("r2c");
    if folder.is_dir() {
        return Ok(Some(folder));
    }
    if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        writeln!(log, "r2c-referential: shared/r2c absent")?;
    }
    Ok(None)
}

/// The named columns of a CSV file, record by record.
fn columns<const N: usize>(path: PathBuf, names: [&str; N]) -> Result<Vec<[String; N]>, Box<dyn std::error::Error>> {
    let mut reader = csv::Reader::from_path(&path)?;
    let headers = reader.headers()?.clone();
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(names) {
        *place = headers
            .iter()
            .position(|header| header == name)
            .ok_or_else(|| format!("{}: no column {name}", path.display()))?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        rows.push(places.map(|place| record.get(place).unwrap_or_default().to_owned()));
    }
    Ok(rows)
}

#[test]
fn official_lists_agree_with_the_shared_folder() -> Outcome {
    let Some(folder) = shared()? else { return Ok(()) };

    let theirs = columns(folder.join("items.csv"), ["item", "title"])?;
    let ours: Vec<_> = items().iter().map(|i| [i.number.to_string(), i.title.to_owned()]).collect();
    assert_eq!(ours, theirs);

    let theirs = columns(folder.join("situations.csv"), ["number", "title"])?;
    let ours: Vec<_> = situations().iter().map(|s| [s.number.to_string(), s.title.to_owned()]).collect();
    assert_eq!(ours, theirs);

    let theirs = columns(folder.join("first_cycle_ue.csv"), ["ue", "title"])?;
    let ours: Vec<_> = common_units().iter().map(|u| [u.number.to_string(), u.title.to_owned()]).collect();
    assert_eq!(ours, theirs);

    let theirs = columns(folder.join("specialties.csv"), ["slug", "name"])?;
    let ours: Vec<_> = specialties().iter().map(|s| [s.slug.to_string(), s.name.to_owned()]).collect();
    assert_eq!(ours, theirs);

    let theirs: BTreeSet<_> = columns(folder.join("item_specialties.csv"), ["item", "specialty", "sources"])?
        .into_iter()
        .filter(|[_, _, sources]| sources == "both" || sources == "second_only")
        .map(|[item, specialty, _]| (specialty, item))
        .collect();
    let ours: BTreeSet<_> = specialties()
        .iter()
        .flat_map(|s| items_of(s.slug.as_str()).map(|i| (s.slug.to_string(), i.number.to_string())))
        .collect();
    assert_eq!(ours, theirs);
    Ok(())
}

#[test]
fn every_objective_of_the_shared_folder_is_understood() -> Outcome {
    let Some(folder) = shared()? else { return Ok(()) };
    let rows = columns(folder.join("objectives.csv"), ["code", "item", "ordinal", "rank", "rubric"])?;
    assert_eq!(rows.len(), 4_872);
    let (mut ranks_a, mut rubrics) = (0, BTreeSet::new());
    for [text, item, ordinal, rank, rubric] in rows {
        let code: ObjectiveCode = text.parse()?;
        assert_eq!(code.to_string(), text);
        assert_eq!(code.item().to_string(), item, "{text}");
        assert_eq!(code.ordinal().to_string(), ordinal, "{text}");
        assert_eq!(code.rank().to_string(), rank, "{text}");
        ranks_a += usize::from(code.rank() == Rank::A);
        rubrics.insert(rubric.parse::<Rubric>()?);
    }
    assert_eq!(ranks_a, 2_719);
    assert_eq!(rubrics.len(), Rubric::ALL.len());
    Ok(())
}
