//! The HTTP server: layers around the doors, start and graceful stop.

use crate::app::{App, WeakApp};
use crate::error::{ApiError, ApiResult, Asked, render};
use crate::metrics::Metrics;
use crate::web::flash;
use crate::{ambient, routes};
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::ServiceExt;
use tower_http::compression::Compression;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

/// The whole service.
pub fn service(app: &App) -> Router {
    // One door that leads to all: what is done around every request is done once, and not boxed route by route, which
    // costs as much as a save.
    let doors = routes::router(app).fallback(|| async { ApiError::NotFound });
    Router::new().fallback_service(Shell { app: app.clone(), doors })
}

/// What is around every request.
#[derive(Clone)]
struct Shell {
    app: App,
    doors: Router,
}

impl tower::Service<Request> for Shell {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { app, doors } = self.clone();
        Box::pin(async move { Ok(around(&app, doors, request).await) })
    }
}

async fn around(app: &App, mut doors: Router, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let shows_message = flash::is_due(&request);
    let encodings = request.headers().get(header::ACCEPT_ENCODING).cloned();
    DefaultBodyLimit::max(crate::auth::guard::MAX_BODY).apply(&mut request);
    // The router does not fail; a handler may panic.
    let answered = AssertUnwindSafe(tower::Service::call(&mut doors, request)).catch_unwind().await;
    let mut response = match answered {
        Ok(response) => response.unwrap_or_else(|never| match never {}),
        Err(cause) => panicked(&*cause),
    };
    if shows_message {
        flash::shown(&mut response);
    }
    response = render(asked, response).await;
    Metrics::add(&app.metrics.requests, 1);
    if response.status().is_server_error() {
        Metrics::add(&app.metrics.failures, 1);
    }
    secure(response.headers_mut());
    match encodings {
        Some(encodings) => compressed(encodings, response).await,
        None => response,
    }
}

/// A fault of ours in one request: it is logged, answered, and nobody else notices.
fn panicked(cause: &(dyn std::any::Any + Send)) -> Response {
    let said = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    ApiError::Internal(anyhow::anyhow!("panic: {}", said.unwrap_or("unknown"))).into_response()
}

/// Answers under this are sent as they are, in bytes.
const SMALL: u64 = 1024;

/// The answer in an encoding that was asked for, where it makes it smaller.
async fn compressed(encodings: HeaderValue, response: Response) -> Response {
    if response.body().size_hint().upper().is_some_and(|size| size < SMALL) {
        return response;
    }
    // What is compressed already would lose the parts that it can be asked for by.
    let compressible = SizeAbove::new(SMALL)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("video/"))
        .and(NotForContentType::const_new("application/pdf"))
        // What is sealed does not compress.
        .and(NotForContentType::const_new("application/octet-stream"));
    let mut asked = Request::new(Body::empty());
    asked.headers_mut().insert(header::ACCEPT_ENCODING, encodings);
    let mut ready = Some(response);
    let answer = tower::service_fn(move |_: Request| std::future::ready(ready.take().ok_or(fmt::Error)));
    match Compression::new(answer).gzip(true).compress_when(compressible).oneshot(asked).await {
        Ok(response) => response.map(Body::new),
        // It is asked once.
        Err(fmt::Error) => ApiError::Internal(anyhow::anyhow!("an answer was asked for twice")).into_response(),
    }
}

/// Content policy: nothing but our own files, no inline script or style.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                       media-src 'self' blob:; object-src 'self' blob:; worker-src 'self'; \
                       connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
                       frame-ancestors 'none'; manifest-src 'self'";

fn secure(headers: &mut HeaderMap) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CSP));
    // Pages and answers are somebody's: they are not for shared caches.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Alive.
pub async fn healthz() -> &'static str {
    "ok"
}

/// Able to serve: the database answers.
pub async fn readyz(State(app): State<App>) -> ApiResult<&'static str> {
    app.store.ping().await.map_err(|_| ApiError::Overloaded)?;
    Ok("ok")
}

/// Counters for Prometheus.
pub async fn metrics(State(app): State<App>) -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"));
    (StatusCode::OK, [kind], app.metrics.render()).into_response()
}

/// Between two looks at the system's clock.
const CLOCK_LOOK: Duration = Duration::from_secs(5);
/// Difference with the system's clock that is said, ms.
const CLOCK_STEP_MS: i64 = 1_000;

/// Sees when the system's clock is moved. While an exam is sat, ours goes on as if nothing were: a deadline is not moved
/// by a step. Otherwise it is followed.
async fn watch_clock(app: WeakApp) {
    let mut said_ms = 0;
    loop {
        tokio::time::sleep(CLOCK_LOOK).await;
        let Some(app) = app.upgrade() else { return };
        let step_ms = ambient::clock_step_ms();
        app.metrics.clock_step_ms.store(step_ms, Ordering::Relaxed);
        if step_ms.abs() < CLOCK_STEP_MS {
            said_ms = 0;
        } else if app.live.is_idle() {
            ambient::follow_system_clock();
            tracing::warn!(step_ms, "the system's clock was moved; followed, since no exam is being sat");
        } else if (step_ms - said_ms).abs() >= CLOCK_STEP_MS {
            said_ms = step_ms;
            tracing::warn!(step_ms, "the system's clock was moved during an exam; ours goes on as it was");
        }
    }
}

/// Serves until the process is asked to stop; requests under way are answered.
pub async fn serve(app: App, listener: tokio::net::TcpListener) -> anyhow::Result<()> {
    // Who is at the other end, for sites that have addresses of their own. Made once: a router given as it is would be
    // copied, route by route, for each connection.
    let service = service(&app).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(watch_clock(app.downgrade()));
    let stop = async move {
        stop_asked().await;
        // Lines that stay open would keep the server waiting.
        app.live.stop();
    };
    axum::serve(listener, service).with_graceful_shutdown(stop).await?;
    tracing::info!(at_ms = ambient::now_ms(), "stopped");
    Ok(())
}

async fn stop_asked() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
