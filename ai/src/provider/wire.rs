//! What lies between `async-openai` and the network: one try, bounded, its failures told apart.

use super::MAX_BYTES;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use futures_util::StreamExt;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Body, Response, StatusCode};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Most bytes read of a refusal.
const REFUSAL_BYTES: usize = 16 * 1024;

/// A try that the server did not answer with a completion.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// Nobody there, or the connection was lost.
    #[error("no connection")]
    Down,
    /// No answer in time.
    #[error("no answer in time")]
    Slow,
    /// An answer over the bound.
    #[error("answer over the bound")]
    TooLong,
    /// Another status than success.
    #[error("status {status}")]
    Status {
        /// Which.
        status: StatusCode,
        /// When the server asks to be tried again.
        wait: Option<Duration>,
        /// What it says.
        said: String,
    },
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() { Self::Slow } else { Self::Down }
    }
}

/// Sends what `async-openai` prepared.
#[derive(Clone, Debug)]
pub(super) struct Wire(pub(super) reqwest::Client);

impl tower::Service<HttpRequestFactory> for Wire {
    type Response = Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let request = request.build().await?;
            send(&client, request).await.map_err(|failed| OpenAIError::Boxed(Box::new(failed)))
        })
    }
}

async fn send(client: &reqwest::Client, request: reqwest::Request) -> Result<Response, Failed> {
    let response = client.execute(request).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    if !status.is_success() {
        let wait = headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| v.trim().parse().ok());
        let said = String::from_utf8_lossy(&bytes(response, REFUSAL_BYTES).await?.0).into_owned();
        return Err(Failed::Status { status, wait: wait.map(Duration::from_secs), said });
    }
    let streams = headers.get(CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/event-stream"));
    let body = if streams {
        // Each word comes with its wrapping; whoever reads the words bounds them too.
        let mut room = MAX_BYTES * 16;
        Body::wrap_stream(response.bytes_stream().map(move |chunk| {
            let chunk = chunk.map_err(std::io::Error::other)?;
            room = room.checked_sub(chunk.len()).ok_or_else(|| std::io::Error::other(Failed::TooLong))?;
            Ok::<_, std::io::Error>(chunk)
        }))
    } else {
        // A server that does not stream answers at once: the same, as a stream of one event.
        let (whole, is_whole) = bytes(response, MAX_BYTES).await?;
        if !is_whole {
            return Err(Failed::TooLong);
        }
        let line: Vec<u8> = whole.into_iter().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
        Body::from([&b"data: "[..], &line, b"\n\n"].concat())
    };
    Ok(of(body))
}

fn of(body: Body) -> Response {
    Response::from(http::Response::new(body))
}

/// The first bytes of an answer, and whether they are all of it.
async fn bytes(mut response: Response, most: usize) -> Result<(Vec<u8>, bool), Failed> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = most - bytes.len();
        if chunk.len() > room {
            bytes.extend_from_slice(&chunk[..room]);
            return Ok((bytes, false));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes, true))
}
