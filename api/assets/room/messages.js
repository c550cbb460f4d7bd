// Every French word of the exam room. Non-breaking spaces and curly apostrophes are real characters.

/** @param {number} n @param {string} one @param {string} many */
const count = (n, one, many) => `${n} ${Math.abs(n) < 2 ? one : many}`;

/** @param {number} ms a date of the server */
const hour = (ms) => new Date(ms).toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit", timeZone: document.body.dataset.timezone || undefined }).replace(/^0?(\d+):/, "$1 h ");

/** Long: by the minute; under ten minutes: by the second. @param {number} ms */
function duration(ms) {
  const total_s = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total_s / 3600);
  const minutes = Math.floor((total_s % 3600) / 60);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  if (hours > 0) return minutes > 0 ? `${hours} h ${two(minutes)} min` : `${hours} h`;
  if (total_s >= 600) return `${minutes} min`;
  if (minutes > 0) return `${minutes} min ${two(total_s % 60)} s`;
  return `${total_s} s`;
}

export const M = {
  hour,
  duration,
  loading: "Ouverture de l’épreuve…",
  loadFailed: "L’épreuve n’a pas pu être ouverte. Nouvel essai en cours…",
  doorTitle: "Vous ne pouvez pas entrer ainsi",
  doorWaits: "Cette page s’ouvrira d’elle-même dès qu’un surveillant vous laissera entrer.",
  openBrowser: "Ouvrir Safe Exam Browser",
  loadRefused: "Vous n’avez pas accès à cette épreuve avec ce compte.",
  loadSession: "Votre session a expiré. Reconnectez-vous pour ouvrir l’épreuve.",
  reconnect: "Se reconnecter",
  backHome: "Retour à mes épreuves",
  skip: "Aller à la question",
  section: (/** @type {number} */ index, /** @type {number} */ total) => `partie ${index} sur ${total}`,

  // before
  instructions: "Consignes",
  candidate: "Candidat",
  number: "Numéro",
  time: "Durée",
  questions: (/** @type {number} */ n) => count(n, "question", "questions"),
  accommodation: (/** @type {string} */ d) => `dont ${d} d’aménagement`,
  waiting: "L’épreuve n’est pas encore ouverte.",
  waitingHint: "Restez sur cette page : elle passera d’elle-même à l’épreuve dès son ouverture.",
  paperSoon: "Le sujet chiffré va être téléchargé sur cet ordinateur.",
  paperDownload: "Téléchargement du sujet :",
  paperProgress: "Téléchargement du sujet",
  paperReady: "Sujet prêt sur cet ordinateur : il s’ouvrira dès que le serveur en donnera la clé.",
  localHint: "Jusqu’à la réception de votre copie, le sujet et vos réponses restent sur cet ordinateur, même si vous fermez le navigateur. Ils en sont effacés ensuite.",
  opening: "Ouverture du sujet…",
  openingOffline: "Le réseau manque et le sujet n’est pas encore ouvert : il s’ouvrira dès son retour. Appelez un surveillant.",
  unable: "Ce navigateur ne peut pas ouvrir le sujet : il faut une adresse en https et un navigateur à jour. Appelez un surveillant.",
  startsIn: (/** @type {string} */ d) => `Début prévu dans ${d}`,
  ready: "Vous pouvez commencer.",
  readyHint: "Le temps court dès que vous commencez, et ne s’arrête plus.",
  start: "Commencer l’épreuve",
  startFailed: "Le serveur n’a pas répondu. Attendez un instant et recommencez.",

  // top bar
  remaining: "Temps restant",
  hideTime: "Masquer le temps",
  showTime: "Afficher le temps",
  timeHidden: "masqué",
  noLimit: "sans limite",
  approximately: (/** @type {string} */ d) => `environ ${d}`,
  saidApproximate: "Page rouverte sans réseau : le temps affiché est approximatif, d’après l’horloge de cet ordinateur. L’heure du serveur fera foi à son retour.",
  timeWarning: (/** @type {number} */ min) => `Il vous reste ${count(min, "minute", "minutes")}.`,
  extended: (/** @type {string} */ end) => `L’heure de fin a changé : l’épreuve se termine maintenant à ${end}.`,
  handIn: "Remettre",
  saved: "Enregistré",
  saving: "Enregistrement…",
  offline: (/** @type {number} */ answers, /** @type {number} */ steps) => {
    if (answers > 0) return `Hors ligne, ${count(answers, "réponse", "réponses")} en attente`;
    return steps > 0 ? "Hors ligne, envoi en attente" : "Hors ligne";
  },
  busy: (/** @type {number} */ n) => `Serveur occupé : ${n} en attente`,
  session: "Session expirée",
  serverTrouble: (/** @type {number} */ n) => `Nouvel essai : ${n} en attente`,
  refused: "Enregistrement refusé",
  saidOffline: "Connexion perdue. Continuez : vos réponses sont gardées sur cet ordinateur et partiront dès son retour.",
  saidOfflineMemory: "Connexion perdue. Continuez sans fermer ni recharger cette page : ce navigateur ne garde rien sur l’ordinateur, vos réponses partiront d’ici au retour de la connexion.",
  saidTrouble: "Le serveur tarde à répondre : vos réponses lui sont renvoyées jusqu’à ce qu’il les reçoive.",
  saidOnline: "Connexion rétablie, réponses enregistrées.",
  saidSession: "Votre session a expiré. Vos réponses sont gardées sur cet ordinateur. Reconnectez-vous dans un nouvel onglet, puis revenez ici.",
  saidRefused: "Le serveur refuse d’enregistrer vos réponses. Elles restent gardées sur cet ordinateur : appelez un surveillant et ne fermez pas cette page.",
  notDurable: "Ce navigateur ne garde rien sur l’ordinateur : ne fermez pas cette page tant que « Enregistré » n’est pas affiché.",

  // plan
  plan: "Plan",
  planTitle: "Plan de l’épreuve",
  close: "Fermer",
  marks: { empty: "vide", answered: "répondue", locked: "verrouillée", hidden: "à venir" },
  markFlag: "à revoir",
  question: (/** @type {number} */ n) => `Question ${n}`,
  ofTotal: (/** @type {number} */ n) => `sur ${n}`,
  answeredOf: (/** @type {number} */ a, /** @type {number} */ n) => `${a} sur ${count(n, "répondue", "répondues")}`,
  textSize: "Taille du texte",
  smaller: "A−, texte plus petit",
  larger: "A+, texte plus grand",

  // bottom bar
  moving: "D’une question à l’autre",
  previous: "Précédente",
  next: "Suivante",
  finish: "Terminer",
  flag: "À revoir",
  flagOn: "Question marquée à revoir.",
  flagOff: "Marque retirée.",

  // answers
  clear: "Effacer ma réponse",
  cleared: "Réponse effacée.",
  tooManyTicks: (/** @type {number} */ n) => `${count(n, "réponse", "réponses")} au plus : décochez-en une avant d’en choisir une autre.`,
  ticks: (/** @type {number} */ n, /** @type {number} */ most) => `${n} sur ${count(most, "réponse cochée", "réponses cochées")}`,
  isTrue: "Vrai",
  isFalse: "Faux",
  noAnswer: "Sans réponse",
  proposition: (/** @type {string} */ l) => `Proposition ${l}`,
  yourAnswer: "Votre réponse",
  words: (/** @type {number} */ n, /** @type {number} */ most) => `${n} sur ${count(most, "mot", "mots")}`,
  tooManyWords: (/** @type {number} */ most, /** @type {string} */ kept) =>
    `Non enregistré : ${count(most, "mot", "mots")} au plus, raccourcissez. ${kept.trim() ? `Réponse enregistrée : « ${kept.trim()} ».` : "Aucune réponse n’est enregistrée."}`,
  hypothesis: "Hypothèse",
  finding: "Élément nouveau",
  effect: "Effet sur l’hypothèse",
  article: "Article",
  caseText: "Énoncé",
  caseSoFar: "Relire l’énoncé depuis le début",
  newInformation: "Suite du dossier",
  partOf: (/** @type {boolean} */ progressive, /** @type {number} */ i, /** @type {number} */ n) => `${progressive ? "étape" : "question"} ${i} sur ${n}`,
  /** @type {Record<string, string>} */
  caseKinds: { "DP": "Dossier progressif", "mini-DP": "Mini-dossier progressif", "KFP": "Dossier à éléments clés (KFP)", "LCA": "Lecture critique d’article" },
  lockedNote: "Question validée : elle reste lisible et ne se modifie plus.",
  lockingNote: "Validation en cours…",
  lockingOffline: "Validation gardée sur cet ordinateur. La suite du dossier s’affichera au retour de la connexion ; vous pouvez passer à une autre question.",
  lockingKept: "Validation gardée sur cet ordinateur : elle partira au retour de la connexion.",
  lock: "Valider et passer à la suite",
  lockLast: "Valider la dernière étape",
  lockTitle: "Valider cette réponse ?",
  lockLines: ["La suite du dossier va s’afficher. Vous pourrez relire cette question, mais plus la modifier."],
  lockLastLines: ["C’est la dernière question du dossier. Vous pourrez la relire, mais plus la modifier."],
  lockEmpty: "Attention : cette question est sans réponse.",
  lockOk: "Valider",
  cancel: "Annuler",

  // images, videos and articles
  newTab: " dans un nouvel onglet",
  video: (/** @type {string} */ words) => (words ? `Vidéo : ${words}` : "Vidéo"),
  videoDescription: "Description de la vidéo",
  enlarge: "Agrandir l’image",
  image: "Image",
  zoomIn: "Agrandir",
  zoomOut: "Réduire",
  zoomReset: "Taille d’origine",
  zoomHint: "Touches + et −, flèches pour se déplacer, Échap pour fermer.",
  zone: "Image à pointer",
  addPoint: "Placer un point au centre",
  pointAt: (/** @type {number} */ i, /** @type {number} */ x, /** @type {number} */ y) => `Point ${i} : ${x} % depuis la gauche, ${y} % depuis le haut`,
  pointKeys: "Flèches pour déplacer, Suppr pour retirer",
  pointRemoved: (/** @type {number} */ i) => `Point ${i} retiré.`,
  removePoint: "Retirer",
  removePointN: (/** @type {number} */ i) => `Retirer le point ${i}`,
  tooManyPoints: (/** @type {number} */ n) => `${count(n, "point", "points")} au plus : retirez-en un ou déplacez-le.`,
  points: (/** @type {number} */ n, /** @type {number} */ most) => `${n} sur ${count(most, "point placé", "points placés")}`,
  zoneHint: "Cliquez sur l’image pour placer un point ; glissez-le ou utilisez les flèches pour l’ajuster.",

  // end
  summaryTitle: "Remettre ma copie",
  summaryLead: "Vérifiez avant de remettre. Après la remise, plus rien ne peut être modifié.",
  answeredLabel: "Répondues",
  emptyLabel: "Sans réponse",
  flaggedLabel: "À revoir",
  hiddenLabel: "Étapes non ouvertes",
  pendingLabel: "En attente d’envoi",
  pendingHint: "Ces réponses sont sur cet ordinateur et partiront avec la remise.",
  hiddenHint: "Étapes de dossiers que vous n’avez pas encore ouvertes.",
  backToQuestions: "Revenir aux questions",
  handInNow: "Remettre ma copie",
  handInTitle: "Remettre définitivement ?",
  handInLine: "Votre copie sera close : aucune réponse ne pourra plus être changée.",
  handInEmpty: (/** @type {number} */ n) => `${count(n, "question est", "questions sont")} encore sans réponse.`,
  handInHidden: (/** @type {number} */ n) => `${count(n, "étape de dossier n’a pas été ouverte", "étapes de dossiers n’ont pas été ouvertes")} : validez la précédente pour les voir.`,
  handInOk: "Remettre",
  handingIn: "Remise en cours…",
  handingInHint: "Votre copie n’est pas encore remise. Ne fermez pas cette page.",
  handingInOffline: "Sans connexion, la remise attend sur cet ordinateur. Elle partira d’elle-même ; si cela dure, appelez un surveillant.",
  handedIn: "Copie remise",
  handedInAt: (/** @type {string} */ t) => `Reçue par le serveur à ${t}.`,
  receipt: "Reçu",
  receiptHint: (/** @type {number} */ n) => `Notez ce reçu : il est calculé sur les ${count(n, "acte", "actes")} de votre copie, dans l’ordre, et prouve ce qui a été enregistré. Le jury peut le comparer à la copie conservée.`,
  handedInHint: "Le sujet et vos réponses ont été effacés de cet ordinateur. Vous pouvez fermer cette page.",
  closed: "Temps écoulé, copie fermée",
  closedHint: "Vos réponses enregistrées sont conservées.",
  closedPending: (/** @type {number} */ n) => `${count(n, "réponse attend", "réponses attendent")} encore d’être reçues par le serveur : l’envoi continue. Ne fermez pas cette page. Ce qui arrive après l’heure est signalé au jury comme tardif.`,
  closedFlushed: "Tout est arrivé au serveur. Ce qui est arrivé après l’heure est signalé au jury.",
  answersReceived: "Réponses reçues",

  saveQueue: "Enregistrer mes réponses en attente dans un fichier",
  queueSaved: (/** @type {number} */ n) => `${count(n, "réponse enregistrée", "réponses enregistrées")} dans un fichier chiffré. Donnez-le au surveillant : il l’apportera au serveur, pour votre copie seulement. Ne fermez pas cette page, l’envoi continue.`,
  queueFailed: "Le fichier n’a pas pu être fait par ce navigateur. Appelez un surveillant et ne fermez pas cette page.",
  queueName: (/** @type {string} */ number) => `reponses-${number.replace(/[^0-9A-Za-z-]/g, "_")}.docimo`,

  // notices
  verdicts: {
    late: "Une réponse est arrivée après l’heure : elle est gardée et signalée au jury.",
    locked: "Une modification n’a pas été comptée : la question était déjà validée.",
    handed_in: "Une modification n’a pas été comptée : la copie était déjà remise.",
    invalid: "Une réponse n’a pas pu être lue par le serveur et n’est pas enregistrée : vérifiez vos questions sans réponse.",
    superseded: "Une réponse donnée ici n’a pas été comptée : vous avez répondu depuis à cette question sur un autre poste.",
    after_marking: "Une réponse est arrivée après la correction de l’épreuve : elle est gardée et ne compte pas. Signalez-le au jury.",
  },
  reopened: "L’épreuve est de nouveau ouverte : vous pouvez continuer.",
  otherTab: "Cette épreuve est ouverte dans un autre onglet : celui-ci ne fait plus que l’afficher.",
  otherMachine: "Cette épreuve a été ouverte sur un autre poste ou dans un autre onglet : cette page ne fait plus que l’afficher.",
  takeBack: "Reprendre ici",
  leaving: "Des réponses attendent d’être envoyées.",

  // shortcuts
  shortcuts: "Raccourcis",
  shortcutsOn: "Activer les raccourcis d’une seule lettre",
  /** @type {[string[], string][]} */
  shortcutList: [
    [["Alt", "→"], "question suivante"],
    [["Alt", "←"], "question précédente"],
    [["N"], "question suivante"],
    [["P"], "question précédente"],
    [["R"], "marquer ou non à revoir"],
    [["A", "…", "Y"], "cocher la proposition de cette lettre"],
    [["?"], "afficher cette liste"],
  ],
  shortcutNote: "Quand une longue liste porte les propositions N, P ou R, ces lettres cochent la proposition ; Alt et les flèches restent disponibles.",
};
