//! The embedded tables against the lists of `shared/r2c`, read in place.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use r2c_referential::{
    Change, Followed, ObjectiveCode, Rank, Read, Rubric, TitleStatus, Version, changes_after, common_units, diff,
    ecn_items, ecn_items_of, follow_code, items, items_of, read, situations, specialties,
};

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

#[test]
fn the_older_list_agrees_with_the_shared_folder() -> Outcome {
    let Some(folder) = shared()? else { return Ok(()) };
    let theirs = columns(folder.join("ecn2013_items.csv"), ["ecn_item", "title", "r2c_item"])?;
    let ours: Vec<_> = ecn_items()
        .iter()
        .map(|i| {
            let successor = i.successor.map(|n| n.to_string()).unwrap_or_default();
            [i.number.to_string(), i.title.to_owned(), successor]
        })
        .collect();
    assert_eq!(ours, theirs);
    // The other direction of the crosswalk, as the table of items gives it.
    for [item, older] in columns(folder.join("items.csv"), ["item", "ecn2013_items"])? {
        let ours: Vec<String> = ecn_items_of(item.parse()?).map(|i| i.number.to_string()).collect();
        assert_eq!(ours.join(" "), older, "item {item}");
    }
    Ok(())
}

/// A title without its « (voir item…) ».
fn without_references(title: &str) -> String {
    let mut title = title.to_owned();
    while let Some(start) = title.find("(voir item")
        && let Some(length) = title[start..].find(')')
    {
        title.replace_range(start..=start + length, "");
        title.truncate(title.trim_end().len());
        title = title.replace(" .", ".").replace("  ", " ");
    }
    title
}

#[test]
fn titles_of_2021_and_2024_agree_with_the_shared_folder() -> Outcome {
    let Some(folder) = shared()? else { return Ok(()) };
    let rows = columns(folder.join("items.csv"), ["item", "title_bo2021", "title_lisa2024"])?;
    for change in changes_after(Version::R2c2021) {
        let Change::Retitled { code, before, after } = change else { panic!("{change:?}") };
        let number = code.trim_start_matches("R2C:");
        let [_, bo, lisa] = rows.iter().find(|[item, _, _]| item == number).ok_or("no such item")?;
        assert_eq!([without_references(bo), without_references(lisa)], [before.clone(), after.clone()], "{code}");
    }
    Ok(())
}

/// Reads `objectives.csv` as an instance would.
fn imported(folder: &std::path::Path) -> Result<Read, Box<dyn std::error::Error>> {
    let mut reader = csv::Reader::from_path(folder.join("objectives.csv"))?;
    let headers: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    assert!(read::table::is_national(&headers, &rows));
    Ok(read::table::objectives(&headers, &rows))
}

#[test]
fn objectives_are_imported_whole() -> Outcome {
    let Some(folder) = shared()? else { return Ok(()) };
    let read = imported(&folder)?;
    assert_eq!(read.faults, []);
    assert_eq!(read.nodes.len(), 4_872);
    let count = |status| read.nodes.iter().filter(|n| n.title_status == status).count();
    assert_eq!(TitleStatus::ALL.map(count), [4_001, 13, 227, 631]);
    assert_eq!(read.nodes.iter().filter(|n| n.rank == Some(Rank::A)).count(), 2_719);
    assert!(read.nodes.iter().all(|n| n.rubric.is_some()));
    // A title that comes without its status: what is cut is nearly always seen, what is whole never doubted.
    let guessed = |status| {
        let titles = read.nodes.iter().filter(|n| n.title_status == status);
        titles.filter(|n| TitleStatus::guess(&n.title) == TitleStatus::Truncated).count()
    };
    assert!(guessed(TitleStatus::Truncated) >= 220, "{} of 227", guessed(TitleStatus::Truncated));
    assert!(guessed(TitleStatus::Complete) <= 4, "{} of 4001", guessed(TitleStatus::Complete));
    Ok(())
}

/// Rubrics as sources word them, read without the table that settled them.
#[test]
fn rubrics_of_the_sources_are_understood() -> Outcome {
    let Some(folder) = shared()? else { return Ok(()) };
    let (mut read, mut unread) = (0, BTreeSet::new());
    for [source, settled] in columns(folder.join("objectives.csv"), ["rubric_source", "rubric"])? {
        match Rubric::read_loosely(&source) {
            Some(rubric) => {
                assert_eq!(rubric, settled.parse()?, "{source}");
                read += 1;
            }
            None => drop(unread.insert(source)),
        }
    }
    assert!(read > 4_860 && unread.len() < 8, "{read}, {unread:?}");
    Ok(())
}

#[test]
fn a_renumbered_objective_is_followed_and_a_lost_one_reviewed() -> Outcome {
    let Some(folder) = shared()? else { return Ok(()) };
    let before = imported(&folder)?.nodes;
    assert_eq!(diff(&before, &before), []);
    let mut after = before.clone();
    let reranked = after.iter().position(|n| n.code.as_str() == "OIC-226-01-A").ok_or("absent")?;
    after[reranked].code = "OIC-226-01-B".parse()?;
    let lost = after.iter().position(|n| n.code.as_str() == "OIC-339-01-A").ok_or("absent")?;
    after.remove(lost);
    let changes = diff(&before, &after);
    assert_eq!(follow_code("OIC-226-01-A", &changes), Followed::Moved { to: "OIC-226-01-B".into() });
    assert!(matches!(follow_code("OIC-339-01-A", &changes), Followed::Review { .. }));
    assert_eq!(follow_code("OIC-339-02-A", &changes), Followed::Same);
    assert_eq!(changes.len(), 3, "{changes:?}");
    Ok(())
}
