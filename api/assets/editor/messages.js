// Everything that the editor says.

/** The hour of pages is that of Paris, by the server's clock. */
const paris = new Intl.DateTimeFormat("fr-FR", { timeZone: "Europe/Paris", hour: "numeric", minute: "2-digit" });
/** @param {Date} at */
const hour = (at) => paris.format(at).replace(":", " h ");

export const M = {
  typing: "Modifié, pas encore enregistré",
  sending: "Enregistrement…",
  /** @param {Date} at */
  saved: (at) => `Enregistré à ${hour(at)}`,
  offline: "Hors ligne, non enregistré. Votre texte est gardé sur cet ordinateur et partira dès que le réseau revient.",
  server: "Le serveur ne répond pas bien, non enregistré. Votre texte est gardé sur cet ordinateur ; nouvel essai dans un instant.",
  session: "Session expirée, non enregistré. Reconnectez-vous dans un autre onglet, puis revenez ici : rien n’est perdu.",
  conflict: "Non enregistré : ce brouillon a été modifié dans une autre page.",
  gone: "Non enregistré : ce brouillon n’existe plus, il a été publié ou abandonné ailleurs. Copiez ce que vous voulez garder.",
  /** @param {string} why */
  refused: (why) => `Non enregistré : ${why}`,
  notLeft: "Attendez que le texte soit enregistré, puis recommencez.",
  mine: "Garder ce texte-ci",
  theirs: "Charger l’autre",
  /** @param {number} n */
  overtaken: (n) => `Quelqu’un vient de publier la version ${n}.`,
  compare: "Comparer",
  foundTitle: "Un texte de cet ordinateur n’a pas été enregistré",
  foundText: "Il a été tapé ici, et le brouillon a changé ailleurs depuis. Lequel continue ?",
  foundMine: "Reprendre le texte de cet ordinateur",
  foundTheirs: "Garder celui du serveur",
  /** @param {string} what @param {number} i from 0 */
  added: (what, i) => `${name(what, i)} ${what === "experts" ? "ajouté" : "ajoutée"}.`,
  /** @param {string} what @param {number} i from 0 */
  moved: (what, i) => `${what === "experts" ? "Devenu" : "Devenue"} ${name(what, i).toLowerCase()}.`,
  /** @param {string} what @param {number} i from 0 */
  removed: (what, i) => `${name(what, i)} ${what === "experts" ? "retiré" : "retirée"}.`,
  restore: "Rétablir ce qui vient d’être retiré",
  bold: "Gras", italic: "Italique", list: "Liste", table: "Tableau", formula: "Formule",
  /** @param {string} label */
  bar: (label) => `Mise en forme : ${label}`,
  boldText: "texte", formulaText: "\\frac{a}{b}",
  tableText: "\n| Paramètre | Valeur | Référence |\n|---|---|---|\n| Na | 138 mmol/L | 135 à 145 |\n",
  tagSearch: "Chercher une étiquette : numéro, code ou mots du titre",
  tagAdd: "Ajouter",
  sendingPicture: "Envoi de l’image…",
  pictureFailed: "L’image n’a pas pu être envoyée. Réessayez.",
  sendingDocument: "Envoi du fichier…",
  documentFailed: "Le fichier n’a pas pu être envoyé. Réessayez.",
  /** @param {string} kind */
  noDocument: (kind) => (kind === "video" ? "(aucune)" : "(aucun)"),
  /** @param {number} n @param {string} title */
  zone: (n, title) => `Zone ${n}${title ? `, ${title}` : ""}. Flèches : déplacer ; Maj et flèches : redimensionner ; Suppr : retirer.`,
  zonesArea: "Zones sur l’image",
  drawIt: "Tirez la zone sur l’image, ou servez-vous des nombres ci-dessous.",
  drawPolygon: "Touchez l’image à chaque sommet, puis « Fermer le polygone ».",
  closePolygon: "Fermer le polygone",
  redraw: "Redessiner",
  needsImage: "Choisissez d’abord une image.",
};

/** @param {string} what name of the list @param {number} i from 0 */
function name(what, i) {
  if (what === "propositions") return `Proposition ${String.fromCharCode(65 + (i % 26))}`;
  if (what === "experts") return `Expert ${i + 1}`;
  return what === "zones" ? `Zone ${i + 1}` : `Question ${i + 1}`;
}
