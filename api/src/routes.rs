//! Every door of the server, in one table: method, path, who may pass, handler.
//!
//! The router is built from it, and so is the role matrix that a test walks. A page or JSON route that
//! is not in it does not exist.

use crate::app::App;
use crate::auth::roles::Access::{Public, Roles, SignedIn};
use crate::auth::roles::Role::{Administrator, Author, Committee, Registrar, Reviewer, Student, Supervisor};
use crate::auth::{Access, guard};
use crate::{assets, json, media, web};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

/// One door.
pub struct Door {
    /// HTTP method.
    pub method: &'static str,
    /// Path, in axum's syntax.
    pub path: &'static str,
    /// Who may pass.
    pub access: Access,
    handler: MethodRouter<App>,
}

fn door(method: &'static str, path: &'static str, access: Access, handler: MethodRouter<App>) -> Door {
    Door { method, path, access, handler }
}

/// Who prepares and decides.
const COMMITTEE: Access = Roles(&[Committee, Administrator]);
/// Who looks at an exam from the staff side.
const EXAM_STAFF: Access = Roles(&[Committee, Supervisor, Registrar, Administrator]);
/// Who watches a room and gives time.
const ROOM_STAFF: Access = Roles(&[Committee, Supervisor, Administrator]);
/// Who brings candidates and takes results away.
const REGISTRY: Access = Roles(&[Committee, Registrar, Administrator]);
/// Who reads the bank.
const BANK: Access = Roles(&[Author, Reviewer, Committee, Administrator]);
/// Who brings questions.
const AUTHORS: Access = Roles(&[Author, Committee, Administrator]);
/// Who sits exams.
const STUDENTS: Access = Roles(&[Student]);
/// Who makes accounts.
const ADMINS: Access = Roles(&[Administrator]);

/// Every door.
pub fn doors() -> Vec<Door> {
    let mut doors = pages();
    doors.extend(interface());
    doors
}

fn pages() -> Vec<Door> {
    use web::{account, admin, bank, committee, help, home, queue_import, referential, student, supervision};
    vec![
        // Anyone
        door("GET", "/connexion", Public, get(account::sign_in_page)),
        door("POST", "/connexion", Public, post(account::sign_in)),
        door("GET", "/premier-acces/{token}", Public, get(account::first_access_page)),
        door("POST", "/premier-acces/{token}", Public, post(account::first_access)),
        door("GET", "/aide", Public, get(help::help)),
        door("GET", "/accessibilite", Public, get(help::accessibility)),
        door("GET", "/composants", Public, get(help::components)),
        door("GET", "/static/{version}/{*path}", Public, get(assets::serve)),
        door("GET", "/navigateur/{exam}/{file}", Public, get(committee::configuration)),
        door("GET", "/healthz", Public, get(crate::server::healthz)),
        door("GET", "/readyz", Public, get(crate::server::readyz)),
        door("GET", "/metrics", Public, get(crate::server::metrics)),
        // Anyone signed in
        door("GET", "/", SignedIn, get(home::home)),
        door("POST", "/deconnexion", SignedIn, post(account::sign_out)),
        door("GET", "/compte", SignedIn, get(account::account_page)),
        door("POST", "/compte/mot-de-passe", SignedIn, post(account::change_password)),
        door("GET", "/media/{hash}", SignedIn, get(media::serve::whole)),
        door("GET", "/media/{hash}/{width}", SignedIn, get(media::serve::smaller)),
        // Students
        door("GET", "/mes-examens", STUDENTS, get(student::exams)),
        door("POST", "/mes-examens/{exam}/{section}", STUDENTS, post(student::enter)),
        door("GET", "/epreuves/{attempt}", STUDENTS, get(student::room)),
        door("GET", "/resultats/{exam}", STUDENTS, get(student::results)),
        // Bank
        door("GET", "/questions", BANK, get(bank::list)),
        door("GET", "/questions/importer", AUTHORS, get(bank::import_page)),
        door("POST", "/questions/importer", AUTHORS, post(bank::import)),
        door("GET", "/questions/importer/modele/{format}", AUTHORS, get(bank::template)),
        door("GET", "/questions/exporter", BANK, get(bank::export_page)),
        door("POST", "/questions/exporter", BANK, post(bank::export_ticked)),
        door("POST", "/questions/exporter/fichier", BANK, post(bank::export_file)),
        door("GET", "/questions/nouvelle", BANK, get(bank::editor::fresh)),
        door("GET", "/questions/brouillons", BANK, get(bank::editor::list)),
        door("GET", "/questions/brouillons/{draft}", BANK, get(bank::editor::show)),
        door("POST", "/questions/brouillons/{draft}", BANK, post(bank::editor::save)),
        door("POST", "/questions/brouillons/{draft}/publier", BANK, post(bank::editor::publish)),
        door("POST", "/questions/brouillons/{draft}/base", BANK, post(bank::editor::decide)),
        door("POST", "/questions/brouillons/{draft}/abandonner", BANK, post(bank::editor::abandon)),
        door("GET", "/questions/{entry}/modifier", BANK, get(bank::editor::change)),
        door("POST", "/questions/lot", BANK, post(bank::preview)),
        door("POST", "/questions/lot/faire", BANK, post(bank::apply)),
        door("GET", "/questions/lots", BANK, get(bank::operations)),
        door("POST", "/questions/lots/{operation}/defaire", BANK, post(bank::undo)),
        door("POST", "/questions/recherches", BANK, post(bank::save_search)),
        door("POST", "/questions/recherches/supprimer", BANK, post(bank::forget_search)),
        door("GET", "/questions/synonymes", COMMITTEE, get(bank::synonyms_page)),
        door("POST", "/questions/synonymes", COMMITTEE, post(bank::set_synonyms)),
        door("GET", "/questions/journal", COMMITTEE, get(bank::journal)),
        door("GET", "/questions/{entry}", BANK, get(bank::entry)),
        door("POST", "/questions/{entry}/etapes", BANK, post(bank::step)),
        door("POST", "/questions/{entry}/remarques", BANK, post(bank::comment)),
        door("POST", "/questions/{entry}/remarques/{comment}", BANK, post(bank::resolve)),
        door("POST", "/questions/{entry}/incompatibles", BANK, post(bank::declare_enemy)),
        door("POST", "/questions/{entry}/incompatibles/{other}/retirer", BANK, post(bank::remove_enemy)),
        door("GET", "/questions/{entry}/versions/{from}/{to}", BANK, get(bank::compare)),
        door("GET", "/dossiers", BANK, get(bank::folders)),
        door("POST", "/dossiers", BANK, post(bank::add_folder)),
        door("POST", "/dossiers/{folder}/droits", BANK, post(bank::set_right)),
        door("POST", "/dossiers/{folder}/supprimer", BANK, post(bank::remove_folder)),
        door("POST", "/unites", ADMINS, post(bank::set_unit)),
        door("POST", "/unites/{unit}/membres", ADMINS, post(bank::set_member)),
        // Referential
        door("GET", "/referentiel", BANK, get(referential::home)),
        door("GET", "/referentiel/recherche", BANK, get(referential::search)),
        door("GET", "/referentiel/items/{item}", BANK, get(referential::item)),
        door("GET", "/referentiel/specialites", BANK, get(referential::specialties_page)),
        door("GET", "/referentiel/specialites/{specialty}", BANK, get(referential::specialty_page)),
        door("GET", "/referentiel/situations", BANK, get(referential::situations_page)),
        door("GET", "/referentiel/importer", COMMITTEE, get(referential::import_page)),
        door("POST", "/referentiel/importer", COMMITTEE, post(referential::import)),
        door("GET", "/referentiel/revue", COMMITTEE, get(referential::review_page)),
        door("POST", "/referentiel/revue", COMMITTEE, post(referential::decide)),
        door("GET", "/referentiel/{referential}", BANK, get(referential::tree)),
        // Committee
        door("GET", "/examens", EXAM_STAFF, get(committee::list)),
        door("GET", "/examens/nouveau", COMMITTEE, get(committee::new_page)),
        door("POST", "/examens/nouveau", COMMITTEE, post(committee::create)),
        door("GET", "/examens/{exam}", EXAM_STAFF, get(committee::overview)),
        door("GET", "/examens/{exam}/reglages", COMMITTEE, get(committee::settings_page)),
        door("POST", "/examens/{exam}/reglages", COMMITTEE, post(committee::set_settings)),
        door("GET", "/examens/{exam}/sujet", COMMITTEE, get(committee::paper_page)),
        door("POST", "/examens/{exam}/sections", COMMITTEE, post(committee::add_section)),
        door("POST", "/examens/{exam}/sections/{section}", COMMITTEE, post(committee::set_section)),
        door("POST", "/examens/{exam}/sections/{section}/supprimer", COMMITTEE, post(committee::remove_section)),
        door("GET", "/examens/{exam}/sections/{section}/questions", COMMITTEE, get(committee::pick_page)),
        door("POST", "/examens/{exam}/sections/{section}/questions", COMMITTEE, post(committee::add_entries)),
        door("POST", "/examens/{exam}/sections/{section}/elements", COMMITTEE, post(committee::move_element)),
        door("GET", "/examens/{exam}/sections/{section}/elements/{element}", COMMITTEE, get(committee::element_page)),
        door("POST", "/examens/{exam}/sections/{section}/elements/{element}", COMMITTEE, post(committee::set_element)),
        door("GET", "/examens/{exam}/baremes", COMMITTEE, get(committee::schemes_page)),
        door("POST", "/examens/{exam}/baremes", COMMITTEE, post(committee::derive_scheme)),
        door("GET", "/examens/{exam}/baremes/{scheme}", COMMITTEE, get(committee::scheme_page)),
        door("POST", "/examens/{exam}/baremes/{scheme}", COMMITTEE, post(committee::set_scheme)),
        door("POST", "/examens/{exam}/baremes/{scheme}/supprimer", COMMITTEE, post(committee::remove_scheme)),
        door("GET", "/examens/{exam}/apercu", COMMITTEE, get(committee::preview_paper)),
        door(
            "GET",
            "/examens/{exam}/sections/{section}/elements/{element}/remplacer",
            COMMITTEE,
            get(committee::assembly::replace_page),
        ),
        door(
            "POST",
            "/examens/{exam}/sections/{section}/elements/{element}/remplacer",
            COMMITTEE,
            post(committee::assembly::replace),
        ),
        door("GET", "/examens/{exam}/table", COMMITTEE, get(committee::assembly::table_page)),
        door("POST", "/examens/{exam}/table", COMMITTEE, post(committee::assembly::set_table)),
        door("POST", "/examens/{exam}/table/exemple", COMMITTEE, post(committee::assembly::set_example)),
        door("POST", "/examens/{exam}/table/importer", COMMITTEE, post(committee::assembly::set_table_json)),
        door("GET", "/examens/{exam}/table.json", COMMITTEE, get(committee::assembly::table_json)),
        door("GET", "/examens/{exam}/assemblage", COMMITTEE, get(committee::assembly::assembled_page)),
        door("POST", "/examens/{exam}/assemblage", COMMITTEE, post(committee::assembly::start)),
        door("GET", "/examens/{exam}/assemblage/etat", COMMITTEE, get(committee::assembly::assembled_state)),
        door("POST", "/examens/{exam}/assemblage/arreter", COMMITTEE, post(committee::assembly::stop)),
        door("POST", "/examens/{exam}/assemblage/assouplir", COMMITTEE, post(committee::assembly::relax)),
        door("POST", "/examens/{exam}/assemblage/{form}/prendre", COMMITTEE, post(committee::assembly::take)),
        door("GET", "/examens/{exam}/assemblage/{form}/liste.csv", COMMITTEE, get(committee::assembly::form_list)),
        door("POST", "/examens/{exam}/risques", COMMITTEE, post(committee::answer_hazards)),
        door("GET", "/examens/{exam}/risques/{hazard}", COMMITTEE, get(committee::hazard_page)),
        door("GET", "/examens/{exam}/navigateur", COMMITTEE, get(committee::doors_page)),
        door("POST", "/examens/{exam}/navigateur", COMMITTEE, post(committee::set_browser)),
        door("POST", "/examens/{exam}/navigateur/adresses", COMMITTEE, post(committee::set_addresses)),
        door("GET", "/examens/{exam}/acces", ROOM_STAFF, get(committee::refusals_page)),
        door("POST", "/examens/{exam}/acces", ROOM_STAFF, post(committee::waive)),
        door("POST", "/examens/{exam}/figer", COMMITTEE, post(committee::freeze)),
        door("GET", "/examens/{exam}/candidats", EXAM_STAFF, get(committee::candidates_page)),
        door("POST", "/examens/{exam}/candidats", REGISTRY, post(committee::import_candidates)),
        door("GET", "/examens/{exam}/candidats/{person}", EXAM_STAFF, get(committee::candidate_page)),
        door("GET", "/examens/{exam}/candidats/{person}/copie", COMMITTEE, get(student::sheet_page)),
        door("POST", "/examens/{exam}/candidats/{person}/code", EXAM_STAFF, post(committee::new_code)),
        door("POST", "/examens/{exam}/candidats/{person}/retirer", REGISTRY, post(committee::remove_candidate)),
        door("POST", "/examens/{exam}/centres/{site}/retirer", COMMITTEE, post(committee::remove_site)),
        door("GET", "/examens/{exam}/centres", EXAM_STAFF, get(committee::sites_page)),
        door("POST", "/examens/{exam}/centres", COMMITTEE, post(committee::add_site)),
        door("POST", "/examens/{exam}/ouvrir", COMMITTEE, post(committee::open)),
        door("POST", "/examens/{exam}/clore", COMMITTEE, post(committee::close)),
        door("POST", "/examens/{exam}/terminer", COMMITTEE, post(committee::finish)),
        door("GET", "/examens/{exam}/suivi/{section}", ROOM_STAFF, get(supervision::watch)),
        door("POST", "/examens/{exam}/temps", ROOM_STAFF, post(supervision::give_time)),
        door("POST", "/copies/{attempt}/rendre", ROOM_STAFF, post(supervision::reopen)),
        door("GET", "/examens/{exam}/recus", ROOM_STAFF, get(committee::receipts_page)),
        door("POST", "/examens/{exam}/recus", ROOM_STAFF, post(committee::check_receipt)),
        door("GET", "/copies/{attempt}/importer", ROOM_STAFF, get(queue_import::page)),
        door("POST", "/copies/{attempt}/importer", ROOM_STAFF, post(queue_import::bring)),
        door("POST", "/examens/{exam}/noter", COMMITTEE, post(committee::first_marking)),
        door("GET", "/examens/{exam}/notation", COMMITTEE, get(committee::marking_page)),
        door("GET", "/examens/{exam}/notation/{question}", COMMITTEE, get(committee::question_page)),
        door("POST", "/examens/{exam}/notation/{question}/apercu", COMMITTEE, post(committee::preview_decision)),
        door("POST", "/examens/{exam}/notation/{question}", COMMITTEE, post(committee::decide)),
        door("GET", "/examens/{exam}/analyse", COMMITTEE, get(committee::analysis::overview)),
        door("GET", "/examens/{exam}/analyse/etat", COMMITTEE, get(committee::analysis::state)),
        door("POST", "/examens/{exam}/analyse/arreter", COMMITTEE, post(committee::analysis::stop)),
        door("GET", "/examens/{exam}/analyse/modele", COMMITTEE, get(committee::analysis::responses)),
        door("GET", "/examens/{exam}/analyse/rangs", COMMITTEE, get(committee::analysis::ranks)),
        door("GET", "/examens/{exam}/analyse/groupes", COMMITTEE, get(committee::analysis::groups)),
        door("GET", "/examens/{exam}/analyse/copies", COMMITTEE, get(committee::analysis::copies)),
        door("GET", "/examens/{exam}/analyse/seuil", COMMITTEE, get(committee::analysis::thresholds)),
        door("POST", "/examens/{exam}/analyse/seuil", COMMITTEE, post(committee::analysis::thresholds)),
        door("GET", "/examens/{exam}/analyse/sessions", COMMITTEE, get(committee::analysis::sessions)),
        door("GET", "/examens/{exam}/analyse/simulation", COMMITTEE, get(committee::analysis::simulation)),
        door("POST", "/examens/{exam}/analyse/simulation", COMMITTEE, post(committee::analysis::decide_scenario)),
        door(
            "POST",
            "/examens/{exam}/analyse/simulation/adresse",
            COMMITTEE,
            post(committee::analysis::scenario_address),
        ),
        door("GET", "/examens/{exam}/analyse.html", COMMITTEE, get(committee::analysis::report_html)),
        door("GET", "/examens/{exam}/analyse.xlsx", COMMITTEE, get(committee::analysis::report_xlsx)),
        door("GET", "/examens/{exam}/analyse.json", COMMITTEE, get(committee::analysis::report_json)),
        door("GET", "/examens/{exam}/seuils", COMMITTEE, get(committee::panels::thresholds)),
        door("POST", "/examens/{exam}/seuils", COMMITTEE, post(committee::panels::open)),
        door("POST", "/examens/{exam}/seuils/decision", COMMITTEE, post(committee::panels::keep)),
        door("GET", "/examens/{exam}/tcs", COMMITTEE, get(committee::panels::experts)),
        door("GET", "/examens/{exam}/panels/{panel}", COMMITTEE, get(committee::panels::show)),
        door("POST", "/examens/{exam}/panels/{panel}/avis", COMMITTEE, post(committee::panels::import)),
        door("POST", "/examens/{exam}/panels/{panel}/juges", COMMITTEE, post(committee::panels::add_judges)),
        door("GET", "/examens/{exam}/panels/{panel}/juges/{judge}", COMMITTEE, get(committee::panels::sheet)),
        door("POST", "/examens/{exam}/panels/{panel}/juges/{judge}", COMMITTEE, post(committee::panels::save)),
        door("POST", "/examens/{exam}/panels/{panel}/tour", COMMITTEE, post(committee::panels::next_round)),
        door("POST", "/examens/{exam}/panels/{panel}/clore", COMMITTEE, post(committee::panels::close)),
        door("POST", "/examens/{exam}/panels/{panel}/votes", COMMITTEE, post(committee::panels::adopt)),
        door("GET", "/examens/{exam}/registre", COMMITTEE, get(committee::ledger_page)),
        door("POST", "/examens/{exam}/registre/tardives", COMMITTEE, post(committee::accept_late)),
        door("GET", "/examens/{exam}/registre/{from}/{to}", COMMITTEE, get(committee::compare_page)),
        door("GET", "/examens/{exam}/resultats", REGISTRY, get(committee::results_page)),
        door("POST", "/examens/{exam}/publier", COMMITTEE, post(committee::publish)),
        door("GET", "/examens/{exam}/resultats.csv", REGISTRY, get(committee::results_csv)),
        door("GET", "/examens/{exam}/resultats.xlsx", REGISTRY, get(committee::results_xlsx)),
        door("GET", "/examens/{exam}/journal", EXAM_STAFF, get(committee::events_page)),
        // Accounts
        door("GET", "/comptes", ADMINS, get(admin::people)),
        door("POST", "/comptes", ADMINS, post(admin::add_person)),
        door("POST", "/comptes/{person}/roles", ADMINS, post(admin::set_roles)),
        door("POST", "/comptes/{person}/code", ADMINS, post(admin::new_code)),
        door("POST", "/comptes/{person}/etat", ADMINS, post(admin::set_disabled)),
    ]
}

fn interface() -> Vec<Door> {
    use json::{
        assembly, bank, desk, doors, drafts, exams, exports, folders, marks, panels, people, referentials, room,
        session,
    };
    vec![
        door("GET", "/api/openapi.json", Public, get(json::openapi)),
        door("POST", "/api/v1/session", Public, post(session::open)),
        door("GET", "/api/v1/session", SignedIn, get(session::show)),
        door("DELETE", "/api/v1/session", SignedIn, delete(session::close)),
        door("POST", "/api/v1/session/password", SignedIn, post(session::change_password)),
        // Students
        door("GET", "/api/v1/my/exams", STUDENTS, get(room::my_exams)),
        door("POST", "/api/v1/my/exams/{exam}/sections/{section}", STUDENTS, post(room::enter)),
        door("GET", "/api/v1/my/exams/{exam}/correction", STUDENTS, get(room::my_correction)),
        door("GET", "/api/v1/attempts/{attempt}/room", STUDENTS, get(room::show)),
        door("POST", "/api/v1/attempts/{attempt}/start", STUDENTS, post(room::start)),
        door("POST", "/api/v1/attempts/{attempt}/streams", STUDENTS, post(room::open_stream)),
        door("POST", "/api/v1/attempts/{attempt}/steps", STUDENTS, post(room::save)),
        door("POST", "/api/v1/attempts/{attempt}/browser", STUDENTS, post(room::browser)),
        door("GET", "/api/v1/attempts/{attempt}/clock", STUDENTS, get(room::clock)),
        door("GET", "/api/v1/attempts/{attempt}/paper/{hash}", STUDENTS, get(room::paper)),
        door("GET", "/api/v1/attempts/{attempt}/keys", STUDENTS, get(room::keys)),
        // Bank
        door("GET", "/api/v1/questions", BANK, get(bank::list)),
        door("GET", "/api/v1/questions/grammar", BANK, get(bank::grammar)),
        door("GET", "/api/v1/questions/{entry}", BANK, get(bank::show)),
        door("GET", "/api/v1/questions/{entry}/neighbours", BANK, get(bank::neighbours)),
        door("POST", "/api/v1/questions/{entry}/steps", BANK, post(desk::step)),
        door("GET", "/api/v1/questions/{entry}/events", BANK, get(desk::events)),
        door("POST", "/api/v1/questions/{entry}/remarks", BANK, post(desk::remark)),
        door("POST", "/api/v1/questions/{entry}/remarks/{remark}/resolve", BANK, post(desk::resolve)),
        door("GET", "/api/v1/questions/{entry}/revisions/{from}/{to}", BANK, get(desk::compare)),
        door("GET", "/api/v1/questions/operations", BANK, get(desk::operations)),
        door("POST", "/api/v1/questions/operations", BANK, post(desk::apply)),
        door("POST", "/api/v1/questions/operations/preview", BANK, post(desk::preview)),
        door("POST", "/api/v1/questions/operations/{operation}/undo", BANK, post(desk::undo)),
        door("GET", "/api/v1/folders", BANK, get(folders::list)),
        door("POST", "/api/v1/folders", BANK, post(folders::add)),
        door("DELETE", "/api/v1/folders/{folder}", BANK, delete(folders::remove)),
        door("PUT", "/api/v1/folders/{folder}/rights", BANK, put(folders::set_right)),
        door("GET", "/api/v1/questions/journal", COMMITTEE, get(folders::journal)),
        door("GET", "/api/v1/units", ADMINS, get(folders::units)),
        door("POST", "/api/v1/units", ADMINS, post(folders::set_unit)),
        door("PUT", "/api/v1/units/{unit}/members/{person}", ADMINS, put(folders::add_member)),
        door("DELETE", "/api/v1/units/{unit}/members/{person}", ADMINS, delete(folders::remove_member)),
        door("GET", "/api/v1/searches", BANK, get(bank::searches)),
        door("PUT", "/api/v1/searches/{name}", BANK, put(bank::save_search)),
        door("DELETE", "/api/v1/searches/{name}", BANK, delete(bank::forget_search)),
        door("GET", "/api/v1/synonyms", COMMITTEE, get(bank::synonyms)),
        door("PUT", "/api/v1/synonyms", COMMITTEE, put(bank::set_synonyms)),
        door("GET", "/api/v1/questions/{entry}/revisions", BANK, get(bank::revisions)),
        door("GET", "/api/v1/questions/{entry}/enemies", BANK, get(bank::enemies)),
        door("POST", "/api/v1/questions/{entry}/enemies", BANK, post(bank::declare_enemy)),
        door("DELETE", "/api/v1/questions/{entry}/enemies/{other}", BANK, delete(bank::remove_enemy)),
        door("POST", "/api/v1/questions/import", AUTHORS, post(bank::import)),
        door("GET", "/api/v1/questions/template/{format}", AUTHORS, get(exports::template)),
        door("POST", "/api/v1/questions/export", BANK, post(exports::export)),
        door("POST", "/api/v1/questions/export/preview", BANK, post(exports::preview)),
        door("GET", "/api/v1/drafts", BANK, get(drafts::list)),
        door("POST", "/api/v1/drafts", BANK, post(drafts::start)),
        door("GET", "/api/v1/drafts/{draft}", BANK, get(drafts::show)),
        door("PUT", "/api/v1/drafts/{draft}", BANK, put(drafts::save)),
        door("DELETE", "/api/v1/drafts/{draft}", BANK, delete(drafts::abandon)),
        door("POST", "/api/v1/drafts/{draft}/preview", BANK, post(drafts::look)),
        door("POST", "/api/v1/drafts/{draft}/media", BANK, post(drafts::media)),
        door("POST", "/api/v1/drafts/{draft}/publish", BANK, post(drafts::publish)),
        door("POST", "/api/v1/drafts/{draft}/base", BANK, post(drafts::decide)),
        door("GET", "/api/v1/tags", BANK, get(drafts::tags)),
        // Referentials
        door("GET", "/api/v1/referentials", BANK, get(referentials::list)),
        door("GET", "/api/v1/referentials/items", BANK, get(referentials::coverage_of_items)),
        door("GET", "/api/v1/referentials/items/{item}", BANK, get(referentials::item)),
        door("POST", "/api/v1/referentials/import", COMMITTEE, post(referentials::import)),
        door("GET", "/api/v1/referentials/review", COMMITTEE, get(referentials::waiting)),
        door("POST", "/api/v1/referentials/review", COMMITTEE, post(referentials::decide)),
        door("GET", "/api/v1/referentials/{referential}", BANK, get(referentials::show)),
        door("GET", "/api/v1/referentials/{referential}/changes/{from}/{to}", BANK, get(referentials::changes)),
        // Exams
        door("GET", "/api/v1/exams", EXAM_STAFF, get(exams::list)),
        door("POST", "/api/v1/exams", COMMITTEE, post(exams::create)),
        door("GET", "/api/v1/exams/{exam}", EXAM_STAFF, get(exams::show)),
        door("PATCH", "/api/v1/exams/{exam}", COMMITTEE, patch(exams::set_settings)),
        door("GET", "/api/v1/exams/{exam}/settings", COMMITTEE, get(exams::settings)),
        door("GET", "/api/v1/exams/{exam}/faults", COMMITTEE, get(exams::faults)),
        door("GET", "/api/v1/schemes", COMMITTEE, get(exams::built_in_schemes)),
        door("GET", "/api/v1/exams/{exam}/schemes", COMMITTEE, get(exams::schemes)),
        door("PUT", "/api/v1/exams/{exam}/schemes/{scheme}", COMMITTEE, put(exams::set_scheme)),
        door("DELETE", "/api/v1/exams/{exam}/schemes/{scheme}", COMMITTEE, delete(exams::remove_scheme)),
        door("GET", "/api/v1/exams/{exam}/doors", COMMITTEE, get(doors::show)),
        door("PUT", "/api/v1/exams/{exam}/doors/browser", COMMITTEE, put(doors::set_browser)),
        door("PUT", "/api/v1/exams/{exam}/sites/{site}/addresses", COMMITTEE, put(doors::set_addresses)),
        door("GET", "/api/v1/exams/{exam}/refusals", ROOM_STAFF, get(doors::refusals)),
        door("POST", "/api/v1/exams/{exam}/waivers", ROOM_STAFF, post(doors::waive)),
        door("GET", "/api/v1/exams/{exam}/paper", COMMITTEE, get(exams::paper)),
        door("PUT", "/api/v1/exams/{exam}/paper", COMMITTEE, put(exams::set_paper)),
        door("POST", "/api/v1/exams/{exam}/sections", COMMITTEE, post(exams::add_section)),
        door("POST", "/api/v1/exams/{exam}/sections/{section}/entries", COMMITTEE, post(exams::add_entries)),
        door("PUT", "/api/v1/exams/{exam}/sections/{section}", COMMITTEE, put(exams::set_section)),
        door("DELETE", "/api/v1/exams/{exam}/sections/{section}", COMMITTEE, delete(exams::remove_section)),
        door("POST", "/api/v1/exams/{exam}/sections/{section}/position", COMMITTEE, post(exams::place_section)),
        door(
            "POST",
            "/api/v1/exams/{exam}/sections/{section}/elements/{element}",
            COMMITTEE,
            post(exams::move_element),
        ),
        door("GET", "/api/v1/exams/{exam}/blueprint", COMMITTEE, get(assembly::blueprint)),
        door("PUT", "/api/v1/exams/{exam}/blueprint", COMMITTEE, put(assembly::set_blueprint)),
        door("GET", "/api/v1/exams/{exam}/effect", COMMITTEE, get(assembly::effect)),
        door("POST", "/api/v1/exams/{exam}/assembly", COMMITTEE, post(assembly::start)),
        door("GET", "/api/v1/exams/{exam}/assembly", COMMITTEE, get(assembly::assembled)),
        door("DELETE", "/api/v1/exams/{exam}/assembly", COMMITTEE, delete(assembly::stop)),
        door("POST", "/api/v1/exams/{exam}/assembly/take", COMMITTEE, post(assembly::take_form)),
        door(
            "GET",
            "/api/v1/exams/{exam}/sections/{section}/elements/{element}/replacements",
            COMMITTEE,
            get(assembly::replacements),
        ),
        door(
            "POST",
            "/api/v1/exams/{exam}/sections/{section}/elements/{element}/replace",
            COMMITTEE,
            post(assembly::replace),
        ),
        door("GET", "/api/v1/exams/{exam}/hazards", COMMITTEE, get(assembly::hazards)),
        door("POST", "/api/v1/exams/{exam}/hazards", COMMITTEE, post(assembly::answer)),
        door("POST", "/api/v1/exams/{exam}/freeze", COMMITTEE, post(exams::freeze)),
        door("GET", "/api/v1/exams/{exam}/sites", EXAM_STAFF, get(exams::sites)),
        door("POST", "/api/v1/exams/{exam}/sites", COMMITTEE, post(exams::add_site)),
        door("DELETE", "/api/v1/exams/{exam}/sites/{site}", COMMITTEE, delete(exams::remove_site)),
        door("GET", "/api/v1/exams/{exam}/sittings", EXAM_STAFF, get(exams::sittings)),
        door("GET", "/api/v1/exams/{exam}/time", EXAM_STAFF, get(exams::time_given)),
        door("GET", "/api/v1/exams/{exam}/events", EXAM_STAFF, get(exams::events)),
        door("DELETE", "/api/v1/exams/{exam}/candidates/{person}", REGISTRY, delete(exams::remove_candidate)),
        door("POST", "/api/v1/exams/{exam}/candidates/{person}/code", EXAM_STAFF, post(exams::new_code)),
        door("GET", "/api/v1/exams/{exam}/candidates", EXAM_STAFF, get(exams::candidates)),
        door("POST", "/api/v1/exams/{exam}/candidates", REGISTRY, post(exams::import_candidates)),
        door("POST", "/api/v1/exams/{exam}/sections/{section}/open", COMMITTEE, post(exams::open)),
        door("POST", "/api/v1/exams/{exam}/sections/{section}/close", COMMITTEE, post(exams::close)),
        door("GET", "/api/v1/exams/{exam}/sections/{section}/monitor", ROOM_STAFF, get(exams::monitor)),
        door("POST", "/api/v1/exams/{exam}/time", ROOM_STAFF, post(exams::give_time)),
        door("GET", "/api/v1/attempts/{attempt}/journal", COMMITTEE, get(exams::journal)),
        door("POST", "/api/v1/attempts/{attempt}/reopen", ROOM_STAFF, post(exams::reopen)),
        door("GET", "/api/v1/exams/{exam}/receipts", ROOM_STAFF, get(exams::check_receipts)),
        door("POST", "/api/v1/exams/{exam}/receipts", ROOM_STAFF, post(exams::check_receipt)),
        door("POST", "/api/v1/attempts/{attempt}/import", ROOM_STAFF, post(exams::import_queue)),
        door("POST", "/api/v1/exams/{exam}/finish", COMMITTEE, post(exams::finish)),
        // Marks
        door("POST", "/api/v1/exams/{exam}/mark", COMMITTEE, post(marks::first_marking)),
        door("GET", "/api/v1/exams/{exam}/ledger", COMMITTEE, get(marks::ledger)),
        door("POST", "/api/v1/exams/{exam}/ledger", COMMITTEE, post(marks::decide)),
        door("POST", "/api/v1/exams/{exam}/ledger/preview", COMMITTEE, post(marks::preview)),
        door("GET", "/api/v1/exams/{exam}/ledger/{from}/{to}", COMMITTEE, get(marks::compare)),
        door("GET", "/api/v1/exams/{exam}/statistics", COMMITTEE, get(marks::statistics)),
        door("GET", "/api/v1/exams/{exam}/analysis", COMMITTEE, get(marks::analysis)),
        door("GET", "/api/v1/exams/{exam}/equating", COMMITTEE, get(marks::equating)),
        door("POST", "/api/v1/exams/{exam}/scenario", COMMITTEE, post(marks::scenario)),
        door("POST", "/api/v1/exams/{exam}/publish", COMMITTEE, post(marks::publish)),
        door("GET", "/api/v1/exams/{exam}/results", REGISTRY, get(marks::results)),
        door("GET", "/api/v1/exams/{exam}/results.csv", REGISTRY, get(marks::results_csv)),
        door("GET", "/api/v1/exams/{exam}/results.xlsx", REGISTRY, get(marks::results_xlsx)),
        door("GET", "/api/v1/exams/{exam}/questions/{question}/answers", COMMITTEE, get(marks::answers)),
        // Panels
        door("GET", "/api/v1/exams/{exam}/panels", COMMITTEE, get(panels::list)),
        door("POST", "/api/v1/exams/{exam}/panels", COMMITTEE, post(panels::open)),
        door("GET", "/api/v1/exams/{exam}/panels/{panel}", COMMITTEE, get(panels::show)),
        door("GET", "/api/v1/exams/{exam}/panels/{panel}/judgements", COMMITTEE, get(panels::judgements)),
        door("POST", "/api/v1/exams/{exam}/panels/{panel}/judgements", COMMITTEE, post(panels::say)),
        door("POST", "/api/v1/exams/{exam}/panels/{panel}/import", COMMITTEE, post(panels::import)),
        door("POST", "/api/v1/exams/{exam}/panels/{panel}/judges", COMMITTEE, post(panels::add_judges)),
        door("POST", "/api/v1/exams/{exam}/panels/{panel}/round", COMMITTEE, post(panels::next_round)),
        door("POST", "/api/v1/exams/{exam}/panels/{panel}/close", COMMITTEE, post(panels::close)),
        door("POST", "/api/v1/exams/{exam}/panels/{panel}/key", COMMITTEE, post(panels::take_key)),
        door("GET", "/api/v1/exams/{exam}/threshold", COMMITTEE, get(panels::standing)),
        door("POST", "/api/v1/exams/{exam}/threshold", COMMITTEE, post(panels::keep)),
        // Accounts
        door("GET", "/api/v1/people", ADMINS, get(people::list)),
        door("POST", "/api/v1/people", ADMINS, post(people::add)),
        door("PATCH", "/api/v1/people/{person}", ADMINS, patch(people::change)),
        door("POST", "/api/v1/people/{person}/code", ADMINS, post(people::new_code)),
    ]
}

/// The router, each door behind its guard.
pub fn router(app: &App) -> Router {
    let mut router = Router::new();
    for door in doors() {
        let guarded = door.handler.layer(from_fn_with_state((app.clone(), door.access), guard));
        router = router.route(door.path, guarded);
    }
    router.with_state(app.clone())
}
