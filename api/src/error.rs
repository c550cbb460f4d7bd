//! What goes wrong, told twice: as a French page, or as RFC 9457 `application/problem+json`.

use crate::web::layout::ErrorPage;
use askama::Template;
use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use docimo_engine::check::Fault;
use docimo_store::{SaveError, StoreError};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use utoipa::ToSchema;

/// Result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

/// One thing wrong in what was sent.
#[derive(Clone, Debug, Serialize, ToSchema, PartialEq, Eq)]
pub struct Wrong {
    /// Where: a field, a line and column, a question.
    pub place: String,
    /// What, and what to do.
    pub message: String,
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self { place: fault.place, message: fault.message }
    }
}

/// Why a request was not done. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Nothing there, or nothing this person may know of.
    #[error("Cette page ou cet objet n’existe pas, ou ne vous est pas accessible.")]
    NotFound,
    /// Signing in is needed.
    #[error("Connectez-vous pour continuer.")]
    SignIn,
    /// Signed in, without the right.
    #[error("Votre rôle ne permet pas cette action.")]
    Forbidden,
    /// The form was not made by us, or too long ago.
    #[error("Ce formulaire a expiré ou vient d’un autre site. Revenez en arrière, rechargez la page et recommencez.")]
    Csrf,
    /// What was sent cannot be understood.
    #[error("{0}")]
    BadRequest(String),
    /// What was sent is understood and wrong.
    #[error("{title}")]
    Invalid {
        /// One sentence.
        title: String,
        /// Every fault.
        wrong: Vec<Wrong>,
    },
    /// The address exists, for other methods.
    #[error("Cette adresse ne répond pas à cette méthode (permises : {0}).")]
    MethodNotAllowed(String),
    /// More bytes than are read.
    #[error("L’envoi est trop gros : {} Mio au plus.", crate::auth::guard::MAX_BODY / 1024 / 1024)]
    TooLarge,
    /// Not the kind of content that this address reads.
    #[error("{0}")]
    WrongContent(String),
    /// A login and a secret that do not go together.
    #[error("{0}")]
    Credentials(String),
    /// A candidate who is not let into a room: another browser is asked for, or another address.
    #[error("{0}")]
    NotAdmitted(String),
    /// It cannot be done in the present state.
    #[error("{0}")]
    Conflict(String),
    /// Steps are missing before those sent.
    #[error("Il manque des actes : renvoyez à partir du n° {expected}.")]
    SequenceGap {
        /// Where to start again.
        expected: u32,
    },
    /// Steps of a stream that this sheet does not have (a database restored, say).
    #[error("Ce flux d’actes n’existe pas sur cette copie : ouvrez-en un autre.")]
    UnknownStream,
    /// Another machine has this sheet, and a supervisor decides which one answers.
    #[error(
        "Votre copie est ouverte sur une autre machine. Prévenez le surveillant : lui seul peut la donner à celle-ci."
    )]
    SecondMachine,
    /// Too many attempts to sign in.
    #[error("Trop d’essais. Attendez {0} secondes.")]
    TooManyTries(u64),
    /// More than this server does now.
    #[error("Le serveur est surchargé. Vos réponses restent sur votre machine et seront renvoyées.")]
    Overloaded,
    /// The database is away, busy, or has no room: the same may be asked again.
    #[error(
        "Le serveur n’a pas pu enregistrer : sa base de données ne répond pas ou n’a plus de place. Réessayez dans un instant."
    )]
    Unavailable,
    /// A fault of ours.
    #[error("Une erreur interne est survenue.")]
    Internal(anyhow::Error),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate => Self::Conflict("Cet identifiant est déjà utilisé.".into()),
            StoreError::Conflict => {
                Self::Conflict("L’état a changé entre-temps. Rechargez la page et recommencez.".into())
            }
            StoreError::MissingReference => Self::NotFound,
            passing if passing.is_passing() => {
                say_unavailable(&passing);
                Self::Unavailable
            }
            other => Self::Internal(other.into()),
        }
    }
}

/// The database's trouble in the log, once a second at most: thousands of requests meet it.
fn say_unavailable(error: &StoreError) {
    static SAID_MS: AtomicI64 = AtomicI64::new(i64::MIN);
    let (now_ms, said_ms) = (crate::ambient::now_ms(), SAID_MS.load(Ordering::Relaxed));
    let due = now_ms.saturating_sub(said_ms) >= 1000;
    if due && SAID_MS.compare_exchange(said_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        tracing::error!(%error, "the database cannot be used");
    }
}

impl From<SaveError> for ApiError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::UnknownAttempt => Self::NotFound,
            SaveError::UnknownStream => Self::UnknownStream,
            SaveError::Gap { expected } => Self::SequenceGap { expected },
            SaveError::NotOpen => Self::Conflict("L’épreuve n’est pas ouverte.".into()),
            SaveError::Overloaded => Self::Overloaded,
            SaveError::Store(error) => error.into(),
        }
    }
}

impl From<askama::Error> for ApiError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl ApiError {
    /// A fault of the request, in one sentence.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::BadRequest(message.into())
    }

    /// A wrong value at one place.
    pub fn wrong(place: impl Into<String>, message: impl Into<String>) -> Self {
        let wrong = Wrong { place: place.into(), message: message.into() };
        Self::Invalid { title: wrong.message.clone(), wrong: vec![wrong] }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignIn | Self::Credentials(_) => StatusCode::UNAUTHORIZED,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongContent(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Forbidden | Self::Csrf | Self::NotAdmitted(_) => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) | Self::SequenceGap { .. } | Self::UnknownStream | Self::SecondMachine => {
                StatusCode::CONFLICT
            }
            Self::TooManyTries(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Last part of the problem type's URI.
    fn slug(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::SignIn => "sign-in",
            Self::Credentials(_) => "credentials",
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::TooLarge => "too-large",
            Self::WrongContent(_) => "wrong-content",
            Self::Forbidden => "forbidden",
            Self::Csrf => "csrf",
            Self::BadRequest(_) => "bad-request",
            Self::Invalid { .. } => "invalid",
            Self::NotAdmitted(_) => "not-admitted",
            Self::Conflict(_) => "conflict",
            Self::SequenceGap { .. } => "sequence-gap",
            Self::UnknownStream => "unknown-stream",
            Self::SecondMachine => "second-machine",
            Self::TooManyTries(_) => "too-many-tries",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Introuvable",
            Self::SignIn => "Connexion nécessaire",
            Self::Credentials(_) => "Connexion refusée",
            Self::MethodNotAllowed(_) => "Méthode refusée",
            Self::TooLarge => "Envoi trop gros",
            Self::WrongContent(_) => "Type de contenu refusé",
            Self::Forbidden => "Accès refusé",
            Self::Csrf => "Formulaire refusé",
            Self::BadRequest(_) => "Demande incomprise",
            Self::Invalid { .. } => "Données à corriger",
            Self::NotAdmitted(_) => "Entrée refusée",
            Self::Conflict(_) | Self::SequenceGap { .. } | Self::UnknownStream | Self::SecondMachine => {
                "Impossible dans l’état actuel"
            }
            Self::TooManyTries(_) => "Trop d’essais",
            Self::Overloaded => "Serveur surchargé",
            Self::Unavailable => "Enregistrement impossible",
            Self::Internal(_) => "Erreur interne",
        }
    }
}

/// An error body, RFC 9457.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// URI that names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The kind, in French.
    title: String,
    /// HTTP status.
    status: u16,
    /// This occurrence, in French.
    detail: String,
    /// The request, as found in the logs.
    instance: String,
    /// Each fault with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Wrong>,
    /// Where to start again (sequence-gap).
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_seq: Option<u32>,
}

/// Prefix of problem types.
pub const PROBLEMS: &str = "urn:docimo:problem:";

/// The error travels in the response until [`render`] knows who asked.
#[derive(Clone)]
struct Carried(Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }
}

/// Who asked, to be answered in their language.
pub struct Asked {
    method: Method,
    uri: Uri,
}

impl Asked {
    /// Of a request.
    pub fn of(request: &Request) -> Self {
        Self { method: request.method().clone(), uri: request.uri().clone() }
    }
}

/// Renders a carried error for whoever asked, page or program, and logs a fault of ours once.
pub async fn render(asked: Asked, response: Response) -> Response {
    let Asked { method, uri } = asked;
    let path = uri.path();
    let carried = response.extensions().get::<Carried>().cloned();
    let bare = (response.status().is_client_error() || response.status().is_server_error())
        && response.headers().get(header::CONTENT_TYPE).is_none_or(|t| t.as_bytes().starts_with(b"text/plain"));
    let allowed = response.headers().get(header::ALLOW).cloned();
    let error = match carried {
        Some(Carried(error)) => error,
        // What the framework refuses before any handler of ours says it in English: said again in French.
        None if bare => Arc::new(refusal(response).await),
        None => return response,
    };
    let instance = format!("urn:docimo:request:{}", crate::ambient::hex(&crate::ambient::random::<8>()));
    if let ApiError::Internal(cause) = &*error {
        // The route, never the query or the body: those may hold names.
        tracing::error!(request = %instance, %method, %path, error = %format!("{cause:#}"), "request failed");
    }
    let status = error.status();
    let retry = match &*error {
        ApiError::Overloaded | ApiError::Unavailable => Some(2),
        ApiError::TooManyTries(seconds) => Some(*seconds),
        _ => None,
    };
    let mut rendered = if path.starts_with("/api/") {
        as_problem(&error, instance)
    } else if matches!(&*error, ApiError::SignIn) && method == Method::GET {
        let next = format!("/connexion?suite={}", crate::web::urlencode(path));
        axum::response::Redirect::to(&next).into_response()
    } else {
        as_page(&error, status, &instance)
    };
    if let Some(seconds) = retry {
        rendered.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(methods) = allowed {
        rendered.headers_mut().insert(header::ALLOW, methods);
    }
    rendered
}

/// An error made of what the framework answered by itself.
async fn refusal(response: Response) -> ApiError {
    let status = response.status();
    let allowed = response.headers().get(header::ALLOW).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let body = axum::body::to_bytes(response.into_body(), 2_000).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&body);
    match status {
        StatusCode::NOT_FOUND => ApiError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed(allowed.replace(',', ", ")),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ApiError::WrongContent("Le formulaire n’a pas été envoyé sous la forme attendue.".into())
        }
        status if status.is_server_error() => ApiError::Internal(anyhow::anyhow!("{status}: {said}")),
        _ if said.contains("length limit exceeded") => ApiError::TooLarge,
        _ if said.contains("boundary") => ApiError::WrongContent("Un fichier s’envoie en multipart/form-data.".into()),
        _ => match said.split('`').nth(1).filter(|word| word.len() <= 60) {
            Some(word) => {
                ApiError::bad(format!("« {word} » n’a pas la forme attendue dans l’adresse ou le formulaire."))
            }
            None => ApiError::bad("L’adresse ou le formulaire n’a pas la forme attendue : vérifiez chaque champ."),
        },
    }
}

fn as_problem(error: &ApiError, instance: String) -> Response {
    let (errors, expected_seq) = match error {
        ApiError::Invalid { wrong, .. } => (wrong.clone(), None),
        ApiError::SequenceGap { expected } => (Vec::new(), Some(*expected)),
        _ => (Vec::new(), None),
    };
    let status = error.status();
    let problem = Problem {
        kind: format!("{PROBLEMS}{}", error.slug()),
        title: error.title().to_owned(),
        status: status.as_u16(),
        detail: error.to_string(),
        instance,
        errors,
        expected_seq,
    };
    let mut response = (status, Json(problem)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

fn as_page(error: &ApiError, status: StatusCode, instance: &str) -> Response {
    let wrong = match error {
        ApiError::Invalid { wrong, .. } => wrong.clone(),
        _ => Vec::new(),
    };
    let page = ErrorPage {
        page: crate::web::layout::Layout::bare(error.title()),
        code: status.as_u16(),
        detail: error.to_string(),
        wrong,
        instance: matches!(error, ApiError::Internal(_)).then(|| instance.to_owned()),
        sign_in: matches!(error, ApiError::SignIn),
    };
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (status, error.to_string()).into_response(),
    }
}
