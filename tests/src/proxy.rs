//! A bad network: a relay between candidates and servers that waits, cuts, says again later, shuts a site out, and goes to
//! whoever answers.

use anyhow::Result;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How bad it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Longest wait before a piece of data goes on.
    pub delay: Duration,
    /// Of a thousand pieces of data, how many end their connection instead of going on.
    pub cuts: u64,
    /// Of a thousand saves, how many are heard once more, up to three seconds later: after what was sent since.
    pub echoes: u64,
}

/// What happened, and who is shut out.
struct Sky {
    weather: Weather,
    cuts: AtomicU64,
    echoes: AtomicU64,
    refused: AtomicU64,
    shut_out: watch::Sender<Option<IpAddr>>,
}

/// A relay. Connections go to the servers in turn; one that does not answer is passed over.
pub struct Proxy {
    /// Where it listens.
    pub address: String,
    sky: Arc<Sky>,
}

impl Proxy {
    /// Connections ended on purpose so far.
    pub fn cuts(&self) -> u64 {
        self.sky.cuts.load(Ordering::Relaxed)
    }

    /// Saves that were heard again.
    pub fn echoes(&self) -> u64 {
        self.sky.echoes.load(Ordering::Relaxed)
    }

    /// Connections ended or refused to whoever is shut out.
    pub fn refused(&self) -> u64 {
        self.sky.refused.load(Ordering::Relaxed)
    }

    /// Cuts every line from that address, as when a site loses its own; `None` gives it back.
    pub fn shut_out(&self, site: Option<IpAddr>) {
        self.sky.shut_out.send_replace(site);
    }

    /// Listens before `servers` (`127.0.0.1:port`). `seed` decides every draw.
    pub async fn start(servers: &[&str], weather: Weather, seed: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let servers: Vec<SocketAddr> = servers.iter().map(|s| s.parse()).collect::<Result<_, _>>()?;
        let none = || AtomicU64::new(0);
        let shut_out = watch::Sender::new(None);
        let sky = Arc::new(Sky { weather, cuts: none(), echoes: none(), refused: none(), shut_out });
        let (shared, turn) = (sky.clone(), AtomicUsize::new(0));
        tokio::spawn(async move {
            let mut seed = seed;
            while let Ok((client, from)) = listener.accept().await {
                seed = next(seed);
                let first = turn.fetch_add(1, Ordering::Relaxed);
                let order: Vec<SocketAddr> = (0..servers.len()).map(|i| servers[(first + i) % servers.len()]).collect();
                tokio::spawn(relay(client, from.ip(), order, seed, shared.clone()));
            }
        });
        Ok(Self { address, sky })
    }
}

/// SplitMix64, by Steele, Lea and Flood (2014): chance that a failing run can be given again.
fn next(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

async fn relay(client: TcpStream, from: IpAddr, servers: Vec<SocketAddr>, seed: u64, sky: Arc<Sky>) {
    let mut shut_out = sky.shut_out.subscribe();
    let cut = async {
        let _ = shut_out.wait_for(|site| *site == Some(from)).await;
        sky.refused.fetch_add(1, Ordering::Relaxed);
    };
    let talk = async {
        for server in servers {
            let Ok(there) = TcpStream::connect(server).await else { continue };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = there.into_split();
            tokio::select! {
                () = pass(from_client, to_server, seed, &sky, Some(server)) => {}
                () = pass(from_server, to_client, next(seed), &sky, None) => {}
            }
            return;
        }
    };
    tokio::select! {
        () = talk => {}
        () = cut => {}
    }
}

/// Passes on what comes, towards a server if `server` is one.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut seed: u64,
    sky: &Arc<Sky>,
    server: Option<SocketAddr>,
) {
    let Weather { delay, cuts, echoes } = sky.weather;
    let mut piece = vec![0; 16 * 1024];
    while let Ok(read) = from.read(&mut piece).await {
        if read == 0 {
            return;
        }
        seed = next(seed);
        if !delay.is_zero() {
            tokio::time::sleep(delay.mul_f64((seed % 1000) as f64 / 1000.0)).await;
        }
        seed = next(seed);
        if seed % 1000 < cuts {
            sky.cuts.fetch_add(1, Ordering::Relaxed);
            // Half of it has gone when the line is cut.
            let _ = to.write_all(&piece[..read / 2]).await;
            return;
        }
        seed = next(seed);
        if let Some(server) = server
            && seed % 1000 < echoes
            && is_whole_save(&piece[..read])
        {
            tokio::spawn(echo(piece[..read].to_vec(), server, Duration::from_millis(next(seed) % 3000), sky.clone()));
        }
        if to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}

/// Is this one save, from its first line to the end of its body?
fn is_whole_save(piece: &[u8]) -> bool {
    let Some(end) = piece.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&piece[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    head.starts_with("post ")
        && head.lines().next().is_some_and(|l| l.contains("/steps "))
        && length == Some(piece.len() - end - 4)
}

/// The same words, later, on a line of their own; nobody hears the answer.
async fn echo(words: Vec<u8>, server: SocketAddr, wait: Duration, sky: Arc<Sky>) {
    tokio::time::sleep(wait).await;
    let Ok(mut line) = TcpStream::connect(server).await else { return };
    if line.write_all(&words).await.is_ok() {
        sky.echoes.fetch_add(1, Ordering::Relaxed);
        let mut answer = [0; 1024];
        let _ = tokio::time::timeout(Duration::from_secs(5), line.read(&mut answer)).await;
    }
}
