//! What is proposed of a question: item, objective, rank, specialties, situations, each sure enough or not at all, and why.

use super::bm25::{Bm25, Parameters};
use super::fusion::best;
use super::head::Head;
use super::neighbours::{Near, Neighbours};
use super::tagger::{Answer, Asked, Method, TagError, Tagger};
use super::terms::terms;
use crate::proposal::{Function, Parameter, Parameters as Settings, PromptTemplate, Provenance, Tokens};
use r2c_referential::{Rank, Tag, item, situations, specialties_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Items and objectives among which a reviewer may choose.
pub const CHOICE: usize = 10;
/// Neighbours shown.
const NEIGHBOURS: usize = 4;
/// Situations proposed at most.
const SITUATIONS: usize = 2;
/// How far above the crowd a situation must stand, in standard deviations over the 356, to be proposed. Titles are
/// short: most questions of a chapter share a word with some.
const SITUATION_HEIGHT: f64 = 7.0;
/// Version of what is decided here; it goes with each proposal.
pub const VERSION: &str = "1";

/// A tag that may be right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// As a question has it.
    pub tag: String,
    /// Official title.
    pub title: String,
    /// The words that decided.
    #[serde(default)]
    pub words: Vec<String>,
}

/// A validated question that is near.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its entry.
    pub entry: String,
    /// The author's own id.
    pub name: String,
    /// First words.
    pub title: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The words shared.
    pub words: Vec<String>,
}

/// A tag proposed rather than nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sure {
    /// As a question has it.
    pub tag: String,
    /// Probability that it is right, as far as can be told; 0 where nothing was ever measured.
    pub confidence: f64,
    /// In a few words.
    pub why: String,
}

/// What is proposed of one question. It is no tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagDraft {
    /// The entry.
    pub entry: String,
    /// The wording that was read.
    pub revision: i64,
    /// Proposed rather than nothing; empty where the machine abstains.
    pub proposed: Vec<Sure>,
    /// The first items, the best first.
    pub items: Vec<Candidate>,
    /// Probability that the first is right.
    pub item_confidence: f64,
    /// The first objectives.
    pub objectives: Vec<Candidate>,
    /// Probability that the first is right.
    pub objective_confidence: f64,
    /// A or B, where the objectives that may be right agree.
    pub rank: Option<Sure>,
    /// Specialties that may be right.
    pub specialties: Vec<Candidate>,
    /// Situations that may be right.
    pub situations: Vec<Candidate>,
    /// Validated questions that are near.
    pub neighbours: Vec<Neighbour>,
}

/// The situations, ready for questions.
#[derive(Clone, Debug)]
pub struct Situations {
    index: Bm25,
    /// What each title is worth when a question says all of it.
    whole: Vec<f32>,
}

impl Default for Situations {
    fn default() -> Self {
        let titles: Vec<_> = situations().iter().map(|s| terms(s.title)).collect();
        let index = Bm25::new(&titles, Parameters::default());
        let own = |(place, title): (usize, &super::terms::Terms)| {
            title.iter().map(|(term, own)| index.contribution(term, own.weight, place)).sum()
        };
        let whole = titles.iter().enumerate().map(own).collect();
        Self { index, whole }
    }
}

impl Situations {
    /// Those that the words of a question call for, the best first; none where none stands out.
    #[must_use]
    pub fn of(&self, tagger: &Tagger, asked: &Asked) -> Vec<Candidate> {
        let question: super::terms::Terms =
            tagger.whole_question(asked).into_iter().filter(|(term, _)| !tagger.is_neutral(term)).collect();
        let plain = self.index.scores(&question);
        let mut scores = plain.clone();
        super::fusion::standardise(&mut scores);
        // One word of a long title (« non », of « non stéroïdiens ») is not the situation.
        let said = |place: usize| self.whole.get(place).is_some_and(|whole| plain[place] * 2.0 >= *whole);
        let near = best(&scores, SITUATIONS)
            .into_iter()
            .filter(|place| f64::from(scores[*place]) >= SITUATION_HEIGHT && said(*place));
        near.map(|place| {
            let words = question.iter().filter(|(term, own)| self.index.contribution(term, own.weight, place) > 0.0);
            Candidate {
                tag: Tag::Situation(situations()[place].number).to_string(),
                title: situations()[place].title.to_owned(),
                words: words.map(|(_, own)| own.written.clone()).collect(),
            }
        })
        .collect()
    }
}

/// What a question is compared with.
#[derive(Clone, Copy)]
pub struct Against<'a> {
    /// The referential.
    pub tagger: &'a Tagger,
    /// The situations.
    pub situations: &'a Situations,
    /// What was learned, where something was.
    pub head: Option<&'a Head>,
    /// Validated questions, with what is shown of each.
    pub neighbours: Option<(&'a Neighbours, &'a [Neighbour])>,
    /// Confidence from which a tag is proposed rather than nothing.
    pub threshold: f64,
    /// Items and objectives kept: [`CHOICE`], or as many as a language model is to see.
    pub choice: usize,
}

/// What is proposed of a question that has `has` already.
///
/// # Errors
/// None by words; kept for methods that need a model.
pub fn propose(
    against: Against<'_>,
    asked: &Asked,
    entry: &str,
    revision: i64,
    has: &[String],
) -> Result<TagDraft, TagError> {
    let Against { tagger, situations, head, neighbours, threshold, choice } = against;
    let answer = tagger.tag_with(asked, Method::Lexical, None, choice, head)?;
    let items: Vec<Candidate> = (answer.items.iter())
        .map(|found| Candidate {
            tag: Tag::Item(found.code).to_string(),
            title: item(found.code).title.to_owned(),
            words: found.words.clone(),
        })
        .collect();
    let known = tagger.corpus().objectives();
    let title =
        |code| known.binary_search_by_key(&code, |o| o.code).map_or("", |at| known[at].title.as_str()).to_owned();
    let objectives: Vec<Candidate> = (answer.objectives.iter())
        .map(|found| Candidate {
            tag: Tag::Objective(found.code).to_string(),
            title: title(found.code),
            words: found.words.clone(),
        })
        .collect();
    let near = neighbours.map_or_else(Vec::new, |(index, all)| {
        let skip = |place: usize| all.get(place).is_some_and(|n| n.entry == entry);
        let found = index.of(tagger, asked, NEIGHBOURS, &skip);
        found
            .into_iter()
            .filter_map(|Near { place, words }| Some(Neighbour { words, ..all.get(place)?.clone() }))
            .collect()
    });
    let rank = rank(&answer, threshold);
    let specialties = specialties(&answer);
    let situations = situations.of(tagger, asked);
    let proposed = sure(&answer, &objectives, rank.as_ref(), &specialties, &situations, threshold, has);
    Ok(TagDraft {
        entry: entry.to_owned(),
        revision,
        proposed,
        item_confidence: answer.item_confidence,
        objective_confidence: answer.objective_confidence,
        items,
        objectives,
        rank,
        specialties: specialties.into_iter().map(|(candidate, _)| candidate).collect(),
        situations,
        neighbours: near,
    })
}

/// How much each of the first answers weighs beside the others, from their scores.
fn shares(scores: impl Iterator<Item = f32> + Clone) -> Vec<f64> {
    let most = scores.clone().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = scores.map(|s| f64::from(s - most).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| if sum > 0.0 { w / sum } else { 0.0 }).collect()
}

/// The rank on which the objectives of the first item agree.
fn rank(answer: &Answer, threshold: f64) -> Option<Sure> {
    let first = answer.items.first()?.code;
    let own: Vec<_> = answer.objectives.iter().filter(|o| o.code.item() == first).collect();
    let shares = shares(own.iter().map(|o| o.score));
    let a: f64 = own.iter().zip(&shares).filter(|(o, _)| o.code.rank() == Rank::A).map(|(_, share)| share).sum();
    let (tag, agree) = if a >= 0.5 { ("rang:A", a) } else { ("rang:B", 1.0 - a) };
    // As sure as the item, no surer: of another item the rank would be another question.
    let confidence = agree * answer.item_confidence;
    (!own.is_empty() && confidence >= threshold).then(|| Sure {
        tag: tag.into(),
        confidence,
        why: format!("{} objectif(s) proche(s) de l’item, d’accord à {:.0} %", own.len(), agree * 100.0),
    })
}

/// Specialties of the items that may be right, with the part of their weight that each has.
fn specialties(answer: &Answer) -> Vec<(Candidate, f64)> {
    let shares = shares(answer.items.iter().map(|i| i.score));
    let mut sums: BTreeMap<String, (&'static str, f64)> = BTreeMap::new();
    for (found, share) in answer.items.iter().zip(shares) {
        for specialty in specialties_of(found.code) {
            let tag = format!("spec:{}", specialty.slug);
            sums.entry(tag).or_insert((specialty.name, 0.0)).1 += share;
        }
    }
    let mut all: Vec<_> = sums.into_iter().collect();
    all.sort_by(|a, b| b.1.1.total_cmp(&a.1.1).then_with(|| a.0.cmp(&b.0)));
    let one = |(tag, (name, share)): (String, (&str, f64))| {
        (Candidate { tag, title: name.to_owned(), words: Vec::new() }, share)
    };
    all.into_iter().take(4).map(one).collect()
}

fn sure(
    answer: &Answer,
    objectives: &[Candidate],
    rank: Option<&Sure>,
    specialties: &[(Candidate, f64)],
    situations: &[Candidate],
    threshold: f64,
    has: &[String],
) -> Vec<Sure> {
    let mut all = Vec::new();
    let words = |words: &[String]| match words {
        [] => "sens".to_owned(),
        words => format!("mots : {}", words.join(", ")),
    };
    if let Some(found) = answer.item(threshold) {
        let tag = Tag::Item(found.code).to_string();
        all.push(Sure { tag, confidence: answer.item_confidence, why: words(&found.words) });
        // An objective of another item would say two things at once.
        if let Some(first) = answer.objective(threshold).filter(|o| o.code.item() == found.code)
            && let Some(candidate) = objectives.first()
        {
            let tag = candidate.tag.clone();
            all.push(Sure { tag, confidence: answer.objective_confidence, why: words(&first.words) });
        }
        all.extend(rank.cloned());
        for (candidate, share) in specialties {
            let confidence = share * answer.item_confidence;
            // One that teaches the item and weighs most among those that may be right.
            if confidence >= threshold
                && specialties_of(found.code).any(|s| format!("spec:{}", s.slug) == candidate.tag)
            {
                all.push(Sure {
                    tag: candidate.tag.clone(),
                    confidence,
                    why: format!("enseigne l’item {}", found.code),
                });
            }
        }
    }
    // How often words of situations are right was never measured: shown, not counted sure.
    let unmeasured = |c: &Candidate| Sure { tag: c.tag.clone(), confidence: 0.0, why: words(&c.words) };
    all.extend(situations.iter().map(unmeasured));
    all.retain(|sure| !has.contains(&sure.tag));
    all
}

/// Where proposals of tags come from: no prompt and no document, but a version and a digest all the same.
#[must_use]
pub fn provenance(
    head: Option<(&str, &str)>,
    threshold: f64,
    reranked: Option<&super::rerank::Told>,
    created_at_ms: i64,
) -> Provenance {
    let (model, version) = match head {
        Some((id, hash)) => (format!("les mots et la tête apprise {id}"), hash.to_owned()),
        None => ("les mots du référentiel".to_owned(), VERSION.to_owned()),
    };
    let mut parameters = Settings::from([("seuil d’abstention".to_owned(), Parameter::Number(threshold))]);
    let mut from = Provenance {
        function: Function::Tagging,
        provider: "Docimo, sur ce serveur".into(),
        model,
        model_version: version,
        parameters: Settings::new(),
        prompt: PromptTemplate::of("tagging", VERSION, "sans invite"),
        sources: Vec::new(),
        created_at_ms,
        tokens: Tokens::default(),
    };
    if let Some(told) = reranked {
        from.tokens = told.tokens;
        if !told.model.is_empty() {
            from.model = format!("{}, reclassés par {}", from.model, told.model);
            from.prompt = super::rerank::template();
        }
        if let Some(why) = &told.failed {
            parameters.insert("reclassement abandonné".to_owned(), Parameter::Text(why.clone()));
        }
    }
    from.parameters = parameters;
    from
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagging::tagger::THRESHOLD;
    use crate::tagging::{Corpus, Objective};
    use docimo_search::synonyms::Synonyms;

    fn tagger() -> Tagger {
        let one = |code: &str, title: &str| Objective {
            code: code.parse().expect("a code"),
            rubric: None,
            title: title.to_owned(),
        };
        let corpus = Corpus::new([
            one("OIC-188-01-A", "Connaître le traitement de fond de l’asthme"),
            one("OIC-188-02-A", "Reconnaître les signes de gravité d’une crise d’asthme"),
            one("OIC-188-03-A", "Connaître les facteurs déclenchants"),
        ]);
        Tagger::new(corpus, Synonyms::embedded())
    }

    fn proposed(stem: &str, has: &[String]) -> TagDraft {
        let (tagger, situations) = (tagger(), Situations::default());
        let known = [Neighbour {
            entry: "e9".into(),
            name: "PNEUMO-9".into(),
            title: "Crise d’asthme".into(),
            tags: vec!["R2C:188".into()],
            words: vec![],
        }];
        let index =
            Neighbours::new(&tagger, &[Asked { stem: "Gravité d’une crise d’asthme".into(), ..Asked::default() }]);
        let against = Against {
            tagger: &tagger,
            situations: &situations,
            head: None,
            neighbours: Some((&index, &known)),
            threshold: THRESHOLD,
            choice: CHOICE,
        };
        let asked = Asked { stem: stem.into(), ..Asked::default() };
        propose(against, &asked, "e1", 2, has).expect("words need no model")
    }

    const ASTHMA: &str =
        "Hypersensibilités et allergies respiratoires, asthme, rhinite : signes de gravité de la crise ?";

    #[test]
    fn item_objective_rank_and_specialty_are_proposed_with_their_reasons() {
        let draft = proposed(ASTHMA, &[]);
        let tags: Vec<&str> = draft.proposed.iter().map(|s| s.tag.as_str()).collect();
        assert!(tags.contains(&"R2C:188"), "{draft:?}");
        assert!(tags.contains(&"rang:A"), "{draft:?}");
        assert!(tags.iter().any(|t| t.starts_with("spec:")), "{draft:?}");
        assert!(draft.proposed[0].why.contains("asthme"), "{draft:?}");
        assert_eq!(draft.neighbours[0].name, "PNEUMO-9");
        assert!(draft.neighbours[0].words.contains(&"gravité".to_owned()));
        assert_eq!((draft.entry.as_str(), draft.revision, draft.objectives.len()), ("e1", 2, 3));
        let json = serde_json::to_string(&draft).expect("plain data");
        assert_eq!(serde_json::from_str::<TagDraft>(&json).expect("reads back"), draft);
    }

    #[test]
    fn what_it_has_is_not_proposed_again_and_doubt_is_silence() {
        let draft = proposed(ASTHMA, &["R2C:188".to_owned()]);
        assert!(draft.proposed.iter().all(|s| s.tag != "R2C:188"));
        let draft = proposed("Lequel de ces patients est un adulte ?", &[]);
        assert_eq!(draft.proposed, []);
        assert!(draft.items.is_empty());
    }

    #[test]
    fn a_situation_is_proposed_where_its_words_stand_out_only() {
        let (tagger, all) = (tagger(), Situations::default());
        let of = |stem: &str| all.of(&tagger, &Asked { stem: stem.into(), ..Asked::default() });
        let found = of("Devant une hépatomégalie, quel examen ?");
        assert!(found.iter().any(|c| c.title.to_lowercase().contains("hépatomégalie")), "{found:?}");
        assert_eq!(of("Laquelle de ces propositions est exacte ?"), []);
        assert_eq!(of("Laquelle ? Oui. Non. Toujours."), [], "one word of a long title");
    }

    #[test]
    fn provenance_is_whole() {
        for head in [None, Some(("h1", "abc"))] {
            let told = super::super::rerank::Told { model: "essai".into(), ..Default::default() };
            for reranked in [None, Some(&told)] {
                assert!(crate::proposal::Proposal::new(1, provenance(head, 0.5, reranked, 1)).is_ok());
            }
        }
    }
}
