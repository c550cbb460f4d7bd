//! The HTTP server: layers around the doors, start and graceful stop.

use crate::app::App;
use crate::error::{ApiError, ApiResult, render};
use crate::metrics::Metrics;
use crate::{ambient, routes};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

/// The whole service.
pub fn service(app: &App) -> Router {
    // What is compressed already would lose the parts that it can be asked for by.
    let compressible = SizeAbove::new(1024)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("video/"))
        .and(NotForContentType::const_new("application/pdf"))
        // What is sealed does not compress.
        .and(NotForContentType::const_new("application/octet-stream"));
    routes::router(app)
        .fallback(|| async { ApiError::NotFound })
        .layer(DefaultBodyLimit::max(crate::auth::guard::MAX_BODY))
        .layer(from_fn_with_state(app.clone(), count))
        .layer(from_fn(once_messages))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(render))
        .layer(from_fn(secure))
        .layer(CompressionLayer::new().gzip(true).compress_when(compressible))
}

/// A fault of ours in one request: it is logged, answered, and nobody else notices.
fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    let said = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    ApiError::Internal(anyhow::anyhow!("panic: {}", said.unwrap_or("unknown"))).into_response()
}

/// A page that showed its message forgets it.
async fn once_messages(request: Request, next: Next) -> Response {
    let shown = crate::web::flash::read(request.headers()).is_some()
        && request.method() == axum::http::Method::GET
        && !request.uri().path().starts_with("/static/")
        && !request.uri().path().starts_with("/media/")
        && !request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    if shown && is_page {
        crate::web::flash::clear(&mut response);
    }
    response
}

async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    Metrics::add(&app.metrics.requests, 1);
    if response.status().is_server_error() {
        Metrics::add(&app.metrics.failures, 1);
    }
    response
}

/// Content policy: nothing but our own files, no inline script or style.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                       media-src 'self' blob:; object-src 'self' blob:; worker-src 'self'; \
                       connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
                       frame-ancestors 'none'; manifest-src 'self'";

async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
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
    response
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

/// Serves until the process is asked to stop; requests under way are answered.
pub async fn serve(app: App, listener: tokio::net::TcpListener) -> anyhow::Result<()> {
    // Who is at the other end, for sites that have addresses of their own.
    let service = service(&app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop_asked()).await?;
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
