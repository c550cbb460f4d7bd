use super::*;
use proptest::prelude::*;

fn node(line: &str) -> Node {
    match parse(line) {
        Ok(parsed) => parsed.query.node,
        Err(fault) => panic!("{line}: {fault}"),
    }
}

fn word(text: &str) -> Node {
    Node::Word(text.to_owned())
}

fn is(facet: Facet, value: &str) -> Node {
    Node::Filter(Filter::Is(facet, value.to_owned()))
}

fn remarks(line: &str) -> Vec<String> {
    parse(line).unwrap().remarks.into_iter().map(|r| r.message).collect()
}

fn fault(line: &str) -> Fault {
    parse(line).unwrap_err()
}

#[test]
fn words_phrases_and_operators() {
    assert_eq!(node(""), Node::All);
    assert_eq!(node("infarctus"), word("infarctus"));
    assert_eq!(node("a1 ET b2"), Node::And(vec![word("a1"), word("b2")]));
    assert_eq!(node("« prise en charge »"), Node::Phrase("prise en charge".to_owned()));
    assert_eq!(node("-x SAUF y"), Node::And(vec![word("x").negated(), word("y").negated()]));
    assert_eq!(
        node("a b OU c"),
        Node::Or(vec![Node::And(vec![word("a"), word("b")]), word("c")]),
        "words side by side hold together"
    );
    assert_eq!(node("a (b | c)"), Node::And(vec![word("a"), Node::Or(vec![word("b"), word("c")])]));
    assert_eq!(node("cardio*"), Node::Prefix("cardio".to_owned()));
    assert_eq!(node("NOT NOT x"), word("x"));
    assert_eq!(node("Na+ HCO3-"), Node::And(vec![word("Na+"), word("HCO3-")]));
    assert_eq!(node("R2C:339"), word("R2C:339"));
    assert!(remarks("R2C:339 12:30").is_empty());
}

#[test]
fn fields_in_french_and_english() {
    assert_eq!(node("genre:qrm"), is(Facet::Kind, "QRM"));
    assert_eq!(node("kind:mini-dp"), is(Facet::Kind, "mini-DP"));
    assert_eq!(node("rang:A,B"), Node::Or(vec![is(Facet::Rank, "A"), is(Facet::Rank, "B")]));
    assert_eq!(node("item:031"), is(Facet::Item, "31"));
    assert_eq!(node("item:330..340"), Node::Filter(Filter::Between(Facet::Item, 330, 340)));
    assert_eq!(node("objectif:oic-031-11-b"), is(Facet::Objective, "OIC-031-11-B"));
    assert_eq!(node("spécialité:Cardiologie"), is(Facet::Specialty, "medecine-cardiovasculaire"));
    assert_eq!(node("specialty:\"santé publique\""), is(Facet::Specialty, "sante-publique"));
    assert_eq!(node("situation:SDD-2"), is(Facet::Situation, "2"));
    assert_eq!(node("auteur:\"Anne  Martin\""), is(Facet::Author, "Anne Martin"));
    assert_eq!(node("auteur: Martin"), is(Facet::Author, "Martin"));
    for text in ["validée", "valide", "validé", "validated", "VALIDÉES"] {
        assert_eq!(node(&format!("statut:{text}")), is(Facet::Status, "validated"), "{text}");
    }
    assert_eq!(node("statut:\"en relecture\""), is(Facet::Status, "in_review"));
    assert_eq!(node("langue:français"), is(Facet::Language, "fr"));
    assert_eq!(node("image:sans"), is(Facet::Image, "non"));
    assert_eq!(node("défaut:négation"), is(Facet::Flaw, "négation"));
    assert_eq!(node("code:q-17"), Node::Filter(Filter::Code("q-17".to_owned())));
}

#[test]
fn spans_and_days() {
    let span = |line: &str| match node(line) {
        Node::Filter(Filter::Measure(_, span)) => span,
        other => panic!("{other:?}"),
    };
    assert_eq!(span("difficulté:<0,4"), Span { from: None, to: Some((0.4, false)) });
    assert_eq!(span("difficulté<0,4"), span("p:<0.4"));
    assert_eq!(span("discrimination:>=0,2"), Span { from: Some((0.2, true)), to: None });
    assert_eq!(span("discrimination≥0,2"), Span { from: Some((0.2, true)), to: None });
    assert_eq!(span("exposition:100..999"), Span { from: Some((100.0, true)), to: Some((999.0, true)) });
    let days = |line: &str| match node(line) {
        Node::Filter(Filter::Moment(_, days)) => days.bounds_ms(),
        other => panic!("{other:?}"),
    };
    assert_eq!(days("utilisée:2024"), (Some(1_704_067_200_000), Some(1_735_689_600_000)));
    assert_eq!(days("utilisée:2024-01-01.."), (Some(1_704_067_200_000), None));
    assert_eq!(days("modifiée:<2024"), (None, Some(1_704_067_200_000)));
    assert_eq!(days("créée:01/01/2024"), (Some(1_704_067_200_000), Some(1_704_153_600_000)));
    assert_eq!(node("inutilisée:2023"), Node::Filter(Filter::UnusedSince(jiff::civil::date(2023, 1, 1))));
    assert_eq!(node("utilisée:non"), Node::Filter(Filter::EverUsed(false)));
    assert_eq!(node("difficulté:non"), Node::Filter(Filter::Measure(Measure::Difficulty, Span::EVERYTHING)).negated());
}

#[test]
fn sorts() {
    let sort = |line: &str| parse(line).unwrap().query.sort;
    assert_eq!(sort("x"), None);
    assert_eq!(sort("x tri:récence"), Some(Sort { key: SortKey::Recency, reversed: false }));
    assert_eq!(sort("sort:-difficulty"), Some(Sort { key: SortKey::Difficulty, reversed: true }));
}

#[test]
fn what_cannot_be_guessed_is_told_with_its_place() {
    let f = fault("mot item:999");
    assert_eq!((f.start, f.end, f.character), (9, 12, 10));
    assert!(f.to_string().contains("hors de la liste officielle"), "{f}");
    assert_eq!(fault("tri:recense").proposal.as_deref(), Some("récence"));
    assert_eq!(fault("spécialité:cardiologi").proposal.as_deref(), Some("cardiologie"));
    assert_eq!(fault("statut:valdiée").proposal.as_deref(), Some("validée"));
    assert_eq!(fault("genre:QRN").proposal.as_deref(), Some("QRU"));
    assert_eq!(fault("item:340..330").proposal.as_deref(), Some("330..340"));
    assert!(fault("utilisée:hier").message.contains("n’est pas une date"));
    assert!(fault("utilisée:2024-13").message.contains("n’est pas une date"));
    assert!(fault("difficulté:facile").message.contains("ni un nombre"));
}

#[test]
fn what_is_harmless_is_remarked() {
    assert!(remarks("\"a b")[0].contains("guillemet"));
    assert!(remarks("(a b")[0].contains("parenthèse fermée à la fin"));
    assert!(remarks("a) b")[0].contains("sans avoir été ouverte"));
    assert!(remarks("a OU")[0].contains("rien d’un côté"));
    assert!(remarks("item:")[0].contains("sans valeur"));
    let parsed = parse("spécialié:x").unwrap();
    assert_eq!(parsed.remarks[0].proposal.as_deref(), Some("spécialité:x"));
    assert_eq!(parsed.query.node, word("spécialié:x"));
    assert!(remarks("a*")[0].contains("astérisque"));
}

#[test]
fn facets_are_set_and_lifted() {
    let query = parse("asthme rang:A,B item:3 tri:récence").unwrap().query;
    assert_eq!(query.with(Facet::Rank, "A").to_string(), "asthme item:3 rang:A tri:récence");
    assert_eq!(query.without(Facet::Item).to_string(), "asthme (rang:A OR rang:B) tri:récence");
    assert_eq!(
        query.with(Facet::LastUse, "jamais").to_string(),
        "asthme (rang:A OR rang:B) item:3 utilisée:non tri:récence"
    );
}

#[test]
fn the_help_holds_only_what_reads() {
    for line in GRAMMAR_FR.lines().filter(|l| l.starts_with("  ")) {
        let example = line.trim().split("  ").next().unwrap();
        if example.contains('…') || example.starts_with("tri:pertinence,") {
            continue;
        }
        let parsed = parse(example).unwrap_or_else(|fault| panic!("{example}: {fault}"));
        assert!(parsed.remarks.is_empty(), "{example}: {:?}", parsed.remarks);
    }
}

fn reads_back(line: &str) -> Result<(), TestCaseError> {
    if let Ok(parsed) = parse(line) {
        let printed = parsed.query.to_string();
        let again = parse(&printed);
        let again = again.map_err(|f| TestCaseError::fail(format!("{line:?} → {printed:?}: {f}")))?;
        prop_assert_eq!(&again.query, &parsed.query, "{:?} → {:?}", line, printed);
        for remark in parsed.remarks {
            prop_assert!(line.is_char_boundary(remark.start) && line.is_char_boundary(remark.end));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_line_is_read(line in "\\PC{0,60}") {
        reads_back(&line)?;
    }

    #[test]
    fn any_grammar_is_read(parts in prop::collection::vec(prop::sample::select(vec![
        "(", ")", "\"", "«", "»", "-", "--", "OR", "OU", "ET", "SAUF", "|", "*", "ab*", "é", "Na+", "x-", "mot", " ",
        "item:", "item:3", "item:3..5", "rang:A,B", "auteur:", "difficulté", ":", "<0,4", ">=", "..", "2024",
        "utilisée:2024..", "inutilisée:2023", "tri:-récence", "code:", "R2C:3", "foo:", "“", "”", "12:30", "p", "=",
    ]), 0..14), spaced in prop::collection::vec(any::<bool>(), 14)) {
        let line: String = parts.iter().zip(spaced).map(|(p, s)| format!("{p}{}", if s { " " } else { "" })).collect();
        reads_back(&line)?;
    }
}
