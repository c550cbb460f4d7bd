//! Every code, with its French title, why it matters, how to mend it and who says so: the help page and the search
//! facet read this table.

use serde::{Serialize, Serializer};

/// What the help page says of a code.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Which.
    pub code: Code,
    /// Its French title.
    pub title: &'static str,
    /// Why it matters, in French.
    pub why: &'static str,
    /// How to mend it, in French.
    pub advice: &'static str,
    /// Who says so.
    pub source: &'static str,
}

const HDR: &str = "Haladyna, Downing et Rodriguez, 2002";
const TARRANT: &str = "Tarrant et coll., 2006";
const NBME: &str = "NBME, guide de rédaction, 2020";
const FRENCH: &str = "Règles françaises de rédaction des QCM (CPA, guides de facultés)";
const R2C: &str = "Arrêté du 21 décembre 2021 et règles de notation de la R2C";
const TCS: &str = "Charlin, Gagnon et coll. ; guide du CPASS, Montréal";
const HOUSE: &str = "Usage de la maison";

macro_rules! catalogue {
    ($($name:ident $code:literal $source:ident $title:literal $why:literal $advice:literal;)+) => {
        /// What is wrong. Its name in `snake_case` never changes: it is stored and searched for.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[allow(missing_docs, reason = "the catalogue says what each is")]
        pub enum Code { $($name,)+ }

        /// Every code, in the order of the help page.
        pub const CATALOGUE: &[Entry] =
            &[$(Entry { code: Code::$name, title: $title, why: $why, advice: $advice, source: $source },)+];

        impl Code {
            /// The stable name: `negative_stem`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
        }
    };
}

catalogue! {
    NegativeStemUnmarked "negative_stem_unmarked" HDR "Question négative non signalée"
        "Un étudiant qui sait peut lire trop vite « sauf » ou « inexacte » et cocher l’inverse."
        "Posez la question à la forme affirmative ; à défaut, mettez la négation en gras ou en capitales.";
    NegativeStem "negative_stem" HDR "Question négative"
        "Même signalée, la négation fait reconnaître ce qui est faux au lieu de mobiliser ce qui est utile."
        "Demandez plutôt ce qu’il faut faire ou reconnaître, sauf si ce qui est à éviter est l’objet de la question.";
    DoubleNegative "double_negative" HDR "Double négation"
        "Deux négations mesurent la lecture et non la connaissance."
        "Supprimez l’une des deux négations.";
    NoSubject "no_subject" HDR "Énoncé sans sujet"
        "L’énoncé ne dit pas de quoi il s’agit : on ne peut rien chercher avant d’avoir lu les propositions."
        "Dites sur quoi porte la question et ce qu’il faut en trouver.";
    UnfocusedStem "unfocused_stem" NBME "Question sans tâche précise"
        "« Laquelle est exacte ? » demande de juger des phrases sans lien : on ne peut pas répondre en cachant les propositions."
        "Posez une question à laquelle on puisse répondre sans lire les propositions : quel diagnostic, quel examen, quel mécanisme ?";
    StemNotQuestion "stem_not_question" HDR "L’énoncé ne demande rien"
        "Une phrase affirmative laisse deviner ce qui est attendu."
        "Terminez l’énoncé par une question, ou par une consigne explicite.";
    StemTooLong "stem_too_long" HDR "Énoncé très long"
        "Au-delà de 150 mots, une question isolée mesure surtout la vitesse de lecture."
        "Retirez ce qui ne sert pas à répondre, ou faites-en un dossier.";
    WindowDressing "window_dressing" HDR "Habillage inutile"
        "Les tournures qui n’apportent rien ralentissent la lecture sans rien mesurer."
        "Retirez la tournure ; gardez les données nécessaires à la réponse.";
    BlankInStem "blank_in_stem" HDR "Phrase à trou"
        "Un trou au milieu d’une phrase oblige à relire l’énoncé avec chaque proposition."
        "Transformez la phrase à trou en une question complète.";
    AsksTwice "asks_twice" HDR "Deux questions en une"
        "On ne sait pas à laquelle des deux questions il faut répondre."
        "Gardez une seule question, ou faites deux questions d’un dossier.";
    Opinion "opinion" HDR "Demande d’opinion"
        "À « selon vous », toute réponse est défendable : c’est la connaissance qui est notée."
        "Demandez la réponse de la recommandation ou de la référence, sans « selon vous ».";
    CountContradiction "count_contradiction" FRENCH "Nombre de réponses contredit par le type"
        "L’énoncé annonce un nombre de réponses que le type de question contredit."
        "Retirez le nombre de l’énoncé, ou mettez-le en accord avec le type de question.";
    AcronymNotSpelled "acronym_not_spelled" FRENCH "Sigle non développé"
        "Un sigle a souvent plusieurs sens, et il ne va pas de soi pour un étudiant d’une autre spécialité."
        "Écrivez le terme entier à sa première apparition, suivi du sigle entre parenthèses.";
    MissingImage "missing_image" FRENCH "Document annoncé et absent"
        "L’énoncé désigne un document qui n’est pas joint : personne ne peut répondre."
        "Joignez le document annoncé, ou décrivez-le dans l’énoncé.";
    ImageUnmentioned "image_unmentioned" HOUSE "Image dont l’énoncé ne parle pas"
        "Le lecteur ne sait pas s’il doit interpréter l’image."
        "Dites dans l’énoncé ce qu’est l’image et ce qu’il faut en tirer, ou retirez-la.";
    ImageWithoutAlt "image_without_alt" HOUSE "Image sans texte de remplacement"
        "Un candidat qui utilise un lecteur d’écran ne reçoit rien, et la question est perdue si l’image ne se charge pas."
        "Décrivez ce que montre l’image, sans l’interpréter.";
    AnswerInAlt "answer_in_alt" HOUSE "La réponse est dans le texte de remplacement"
        "La description de l’image contient la réponse attendue."
        "Décrivez ce qui se voit, sans nommer ce qu’il faut trouver.";
    ReferToAnother "refer_to_another" HDR "Renvoi à une autre proposition"
        "Les propositions peuvent être mélangées : une lettre ou « la précédente » ne désigne plus rien."
        "Rendez la proposition indépendante des autres.";
    AbsoluteTerm "absolute_term" NBME "Terme absolu"
        "« Toujours », « jamais » et « uniquement » désignent le plus souvent une proposition fausse, et les étudiants le savent."
        "Énoncez la condition précise, ou retirez le terme.";
    VagueFrequency "vague_frequency" NBME "Fréquence vague"
        "« Souvent » ou « parfois » n’a pas la même valeur pour deux lecteurs, et presque tout est « parfois » vrai."
        "Donnez un ordre de grandeur ou une comparaison ; gardez le terme si c’est celui de la référence.";
    NegativeOption "negative_option" HDR "Proposition négative"
        "Une proposition négative se lit moins vite et s’oublie."
        "Écrivez la proposition à la forme affirmative, sauf si l’absence est ce qu’on demande de reconnaître.";
    TrickNegative "trick_negative" HDR "Négation piège"
        "La proposition n’est fausse que par une négation non signalée : l’erreur vient de la lecture."
        "Écrivez une affirmation fausse plutôt que la négation d’une affirmation vraie.";
    AllOfTheAbove "all_of_the_above" HDR "« Toutes les réponses »"
        "Il suffit de reconnaître deux propositions vraies pour trouver, et une seule fausse pour l’écarter."
        "Remplacez-la par une véritable proposition.";
    NoneOfTheAbove "none_of_the_above" HDR "« Aucune de ces réponses »"
        "Cochée, elle ne montre pas que l’étudiant connaît la réponse ; mélangée aux autres, elle perd son sens."
        "Remplacez-la par une véritable proposition ; si rien n’est vrai, changez la question.";
    CombinedAnswers "combined_answers" HDR "Réponses combinées"
        "« A et C » se devine par recoupement, et les lettres changent si les propositions sont mélangées."
        "Utilisez une question à réponses multiples.";
    DontKnowOption "dont_know_option" HOUSE "« Je ne sais pas »"
        "Ce n’est pas une réponse : la question perd un distracteur."
        "Retirez-la ; le barème décide déjà de ce que vaut une absence de réponse.";
    Placeholder "placeholder" HOUSE "Texte provisoire"
        "Un texte d’attente, ou le reste d’un tableur, est resté dans la question."
        "Écrivez la proposition, ou supprimez-la.";
    DoubleBarrelled "double_barrelled" HDR "Deux affirmations en une"
        "Si l’une est vraie et l’autre fausse, on ne sait pas ce qu’il faut répondre."
        "Une seule idée par proposition.";
    OptionTooLong "option_too_long" HDR "Proposition très longue"
        "Au-delà de 40 mots, la proposition mesure la lecture."
        "Raccourcissez, et placez dans l’énoncé ce qui est commun.";
    LongestKey "longest_key" TARRANT "La bonne réponse est la plus longue"
        "L’auteur précise davantage ce qui est vrai ; qui ne sait pas choisit la plus longue."
        "Rapprochez les longueurs : raccourcissez la bonne réponse ou étoffez les autres.";
    MostPreciseKey "most_precise_key" NBME "La bonne réponse est la plus précise"
        "Chiffres, conditions et parenthèses dans la seule bonne réponse la désignent."
        "Donnez la même précision à toutes les propositions.";
    Clang "clang" HDR "Mot de l’énoncé dans la seule bonne réponse"
        "L’écho d’un mot de l’énoncé désigne la réponse sans qu’on la connaisse."
        "Remplacez le mot dans la bonne réponse, ou reprenez-le aussi dans un distracteur.";
    Convergence "convergence" NBME "Bonne réponse par recoupement"
        "La bonne réponse a le plus d’éléments communs avec les autres : on la trouve en les comptant."
        "Répartissez également les éléments combinés dans les propositions.";
    OppositePair "opposite_pair" HDR "Deux propositions contraires, dont la bonne"
        "Une seule des deux peut être vraie : le choix se réduit à elles."
        "Remplacez la contraire, ou ajoutez une seconde paire de contraires.";
    GrammaticalCue "grammatical_cue" NBME "Accord grammatical avec la seule bonne réponse"
        "La fin de l’énoncé s’accorde en genre, en nombre ou par élision avec la seule bonne réponse."
        "Placez l’article dans chaque proposition, ou terminez l’énoncé par une question.";
    HeterogeneousForm "heterogeneous_form" HDR "Constructions différentes"
        "Une proposition construite autrement attire l’œil et gêne la comparaison."
        "Donnez à toutes les propositions la même construction : noms, infinitifs ou phrases.";
    HeterogeneousLength "heterogeneous_length" HDR "Longueurs très différentes"
        "Une proposition beaucoup plus longue que les autres attire l’attention."
        "Rapprochez les longueurs.";
    HeterogeneousPunctuation "heterogeneous_punctuation" FRENCH "Ponctuation finale différente"
        "Un point final sur quelques propositions seulement trahit un ajout ou un copier-coller."
        "Mettez un point à toutes les propositions, ou à aucune.";
    HeterogeneousCase "heterogeneous_case" FRENCH "Majuscule initiale différente"
        "Une majuscule sur quelques propositions seulement attire l’œil."
        "Commencez toutes les propositions de la même façon.";
    RepeatedOption "repeated_option" HDR "Proposition répétée"
        "Deux propositions identiques ne peuvent pas être jugées séparément."
        "Supprimez ou remplacez l’une des deux.";
    NearIdenticalOptions "near_identical_options" HDR "Propositions presque identiques"
        "Une différence d’une lettre ou d’un petit mot mesure la vue, ou n’est qu’une faute de frappe."
        "Mettez la différence en évidence, ou remplacez l’une des deux.";
    SynonymousOptions "synonymous_options" HDR "Propositions synonymes"
        "Deux propositions qui disent la même chose sont toutes deux vraies, ou toutes deux fausses."
        "Remplacez l’une des deux.";
    RepeatedWords "repeated_words" HDR "Mots répétés dans toutes les propositions"
        "Les mêmes mots relus à chaque proposition font perdre du temps."
        "Placez les mots communs dans l’énoncé.";
    UnorderedNumbers "unordered_numbers" HDR "Valeurs non rangées"
        "Chercher une valeur dans le désordre fait perdre du temps."
        "Rangez les valeurs par ordre croissant, et n’autorisez pas le mélange de ces propositions.";
    OverlappingNumbers "overlapping_numbers" HDR "Intervalles qui se recouvrent"
        "Une même valeur répond à deux propositions."
        "Rendez les intervalles disjoints.";
    MixedUnits "mixed_units" NBME "Unités différentes"
        "On mesure la conversion au lieu de la connaissance."
        "Exprimez toutes les valeurs dans la même unité.";
    MixedPrecision "mixed_precision" NBME "Précisions différentes"
        "Une valeur plus précise que les autres se remarque."
        "Écrivez toutes les valeurs avec le même nombre de décimales.";
    FewOptions "few_options" R2C "Trop peu de propositions"
        "Moins il y a de propositions, plus le hasard rapporte."
        "Complétez à quatre ou cinq propositions plausibles (dix au moins dans une QRP longue).";
    WrongKeyCount "wrong_key_count" R2C "Nombre de réponses vraies contraire au type"
        "Une QRU a une réponse vraie, une QRP autant que le nombre annoncé."
        "Corrigez les réponses vraies, le nombre annoncé, ou le type de la question.";
    AllTrue "all_true" FRENCH "Toutes les propositions sont vraies"
        "Tout cocher rapporte tous les points, sans rien savoir."
        "Ajoutez des distracteurs plausibles.";
    NoneTrue "none_true" FRENCH "Aucune proposition n’est vraie"
        "Ne rien cocher rapporte tous les points : on ne distingue pas l’ignorance."
        "Ajoutez une proposition vraie.";
    OneTrue "one_true" FRENCH "Une seule vraie dans une question à réponses multiples"
        "Une seule proposition est vraie : le format fait croire à plusieurs."
        "Faites-en une QRU, ou ajoutez une proposition vraie.";
    Typography "typography" FRENCH "Typographie"
        "Espaces doubles, mots doublés et espaces mal placées gênent la lecture et font douter du reste."
        "Corrigez l’espace, le mot ou la ponctuation.";
    MarkupResidue "markup_residue" HOUSE "Balises restées dans le texte"
        "Un reste de balise ou d’entité HTML sera affiché tel quel aux candidats."
        "Supprimez la balise, ou remplacez l’entité par le caractère.";
    MissingRank "missing_rank" R2C "Rang non indiqué"
        "Sans rang, la question ne compte pas dans la note de rang A."
        "Indiquez le rang A ou B de la connaissance demandée.";
    MissingTags "missing_tags" HOUSE "Aucune étiquette"
        "Sans item ni spécialité, la question ne sera pas trouvée ni équilibrée dans un sujet."
        "Ajoutez au moins l’item du référentiel.";
    MissingSource "missing_source" FRENCH "Source non indiquée"
        "Sans référence, ni le relecteur ni l’étudiant ne peuvent vérifier la réponse."
        "Citez le collège, la recommandation ou l’article, avec son année.";
    MissingComment "missing_comment" FRENCH "Pas de correction rédigée"
        "Une correction sans explication n’apprend rien."
        "Justifiez la réponse, proposition par proposition si possible.";
    MissingKey "missing_key" HOUSE "Question sans réponse attendue"
        "Sans réponse à laquelle comparer, rien ne peut être noté : la question reste un brouillon."
        "Ajoutez au moins une réponse exacte, ou les votes du panel d’un TCS.";
    QrocAnswerInStem "qroc_answer_in_stem" HDR "La réponse est dans l’énoncé"
        "Une réponse acceptée figure dans le texte que lit le candidat."
        "Reformulez l’énoncé sans le mot attendu.";
    QrocFewAnswers "qroc_few_answers" R2C "Une seule réponse acceptée"
        "Un synonyme ou un sigle juste serait refusé jusqu’à la relecture."
        "Ajoutez les synonymes, les sigles et les formes avec article.";
    QrocManyAnswers "qroc_many_answers" R2C "Trop de réponses acceptées"
        "Beaucoup de réponses très différentes montrent une question trop ouverte."
        "Précisez la question pour qu’elle n’ait qu’une réponse.";
    QrocShortAnswer "qroc_short_answer" R2C "Réponse acceptée très courte"
        "Un ou deux caractères se devinent et se confondent avec une faute de frappe."
        "Demandez le terme entier, ou acceptez aussi le terme entier.";
    QrocLongAnswer "qroc_long_answer" R2C "Réponse attendue trop longue"
        "Une QROC se répond en cinq mots au plus."
        "Demandez une notion qui se dise en quelques mots.";
    TcsPanel "tcs_panel" TCS "Panel insuffisant"
        "Sous dix experts, ou s’ils répondent tous ou s’opposent, la cotation n’est pas stable ou ne mesure rien."
        "Réunissez dix à vingt experts ; écartez la question si le panel est unanime ou partagé entre les extrêmes.";
    TcsHypothesisForm "tcs_hypothesis_form" TCS "Hypothèse mal formulée"
        "L’hypothèse d’un TCS complète « si vous pensez à… » : un diagnostic, un examen ou un traitement."
        "Écrivez un groupe nominal court, sans question ni réponse.";
    TcsFindingForm "tcs_finding_form" TCS "Nouvelle information mal formulée"
        "L’information complète « et que vous trouvez… » : un fait, sans interprétation ni question."
        "Écrivez un seul fait nouveau, absent de la vignette et différent de l’hypothèse.";
    AnswerInView "answer_in_view" HDR "La réponse est déjà affichée"
        "Un texte que le candidat lit avant de répondre, ou en même temps, contient la réponse."
        "Déplacez l’information après la question, ou demandez autre chose.";
    AnswerInTitle "answer_in_title" HDR "Le titre donne une réponse"
        "Le titre du dossier est affiché dès le début."
        "Choisissez un titre qui dise la plainte et non le diagnostic.";
    ChainedQuestion "chained_question" HDR "Question qui dépend de la précédente"
        "Qui s’est trompé à la question précédente ne peut plus répondre à celle-ci."
        "Rappelez la bonne réponse dans le texte qui amène la question.";
}

impl Code {
    /// What the help page says of it.
    pub fn entry(self) -> &'static Entry {
        // Same order, both made from one list; a test says so.
        &CATALOGUE[self as usize]
    }

    /// The code of that name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        CATALOGUE.iter().map(|e| e.code).find(|c| c.name() == name)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
