//! A head that learns from validated tags: what titles do not say, the same for the same seed, promoted only if better.
#![allow(clippy::expect_used, reason = "a test that cannot go on should stop loudly")]

use docimo_ai::tagging::evaluation::Gold;
use docimo_ai::tagging::head::{Example, Head, LearnError, learn};
use docimo_ai::tagging::{Asked, Corpus, Method, Tagger};
use docimo_search::synonyms::Synonyms;
use r2c_referential::ItemNumber;

/// Questions in words that no official title has: two items, told apart by invented signs.
fn examples() -> Vec<Example> {
    let signs = [(188, ["flibuste", "gromelle", "tirouette"]), (339, ["zébulon", "cacatoès", "parapet"])];
    let mut all = Vec::new();
    for round in 0..60 {
        for (item, words) in signs {
            let stem = format!("Observation {round}-{item} : {} et {} ?", words[round % 3], words[(round + 1) % 3]);
            let gold = Gold { items: vec![ItemNumber::new(item).expect("an item")], objectives: vec![] };
            all.push(Example { asked: Asked { stem, ..Asked::default() }, gold });
        }
    }
    all
}

fn tagger() -> Tagger {
    Tagger::new(Corpus::default(), Synonyms::embedded())
}

#[test]
fn it_learns_what_titles_do_not_say_and_says_by_which_words() {
    let tagger = tagger();
    let learned = learn(&tagger, &examples(), None, 7, &|| false).expect("enough questions");
    assert!(learned.before.items[0] < 0.2, "{:?}", learned.before);
    assert!(learned.after.items[0] > 0.9, "{:?}", learned.after);
    assert!(learned.is_better());
    let asked = Asked { stem: "Une flibuste avec tirouette ?".into(), ..Asked::default() };
    let answer = tagger.tag_with(&asked, Method::Lexical, None, 3, Some(&learned.head)).expect("words");
    assert_eq!(answer.items[0].code.get(), 188);
    assert!(answer.items[0].words.contains(&"flibuste".to_owned()), "{:?}", answer.items[0]);
    // What it never saw is left to words.
    let other = Asked { stem: "Méningites et méningo-encéphalites de l’adulte".into(), ..Asked::default() };
    let answer = tagger.tag_with(&other, Method::Lexical, None, 3, Some(&learned.head)).expect("words");
    let without = tagger.tag(&other, Method::Lexical, None, 3).expect("words");
    assert_eq!(answer.items[0].code, without.items[0].code);
}

#[test]
fn the_same_seed_gives_the_same_head_and_json_brings_it_back() {
    let tagger = tagger();
    let of = |seed| learn(&tagger, &examples(), None, seed, &|| false).expect("enough").head;
    let head = of(7);
    assert_eq!(head, of(7));
    assert_ne!(head, of(8));
    let json = serde_json::to_string(&head).expect("plain data");
    assert_eq!(Head::read(&json), Some(head));
    assert_eq!(Head::read("{}"), None);
    assert_eq!(Head::read(&json.replace("\"format\":1", "\"format\":9")), None);
}

#[test]
fn one_that_learned_nothing_is_not_promoted() {
    let tagger = tagger();
    let first = learn(&tagger, &examples(), None, 7, &|| false).expect("enough");
    // The same again is not better than itself.
    let again = learn(&tagger, &examples(), Some(&first.head), 7, &|| false).expect("enough");
    assert_eq!(again.before, first.after);
    assert!(!again.is_better());
}

#[test]
fn too_few_questions_or_one_item_teach_nothing() {
    let tagger = tagger();
    let all = examples();
    let few = learn(&tagger, &all[..10], None, 1, &|| false);
    assert_eq!(few, Err(LearnError::TooFew { found: 10 }));
    let one: Vec<Example> = all.iter().filter(|e| e.gold.items[0].get() == 188).cloned().collect();
    assert_eq!(learn(&tagger, &one, None, 1, &|| false), Err(LearnError::OneItem));
    assert_eq!(learn(&tagger, &all, None, 1, &|| true), Err(LearnError::Stopped));
}
