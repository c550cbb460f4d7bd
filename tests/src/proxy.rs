//! A bad network: a relay between candidates and servers that waits, cuts, and goes to whoever answers.

use anyhow::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How bad it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Longest wait before a piece of data goes on.
    pub delay: Duration,
    /// Of a thousand pieces of data, how many end their connection instead of going on.
    pub cuts: u64,
}

/// A relay. Connections go to the servers in turn; one that does not answer is passed over.
pub struct Proxy {
    /// Where it listens.
    pub address: String,
    cuts: Arc<AtomicU64>,
}

impl Proxy {
    /// Connections ended on purpose so far.
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }

    /// Listens before `servers` (`127.0.0.1:port`). `seed` decides every draw.
    pub async fn start(servers: &[&str], weather: Weather, seed: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let servers: Vec<SocketAddr> = servers.iter().map(|s| s.parse()).collect::<Result<_, _>>()?;
        let (cuts, turn) = (Arc::new(AtomicU64::new(0)), AtomicUsize::new(0));
        let counted = cuts.clone();
        tokio::spawn(async move {
            let mut seed = seed;
            while let Ok((client, _)) = listener.accept().await {
                seed = next(seed);
                let first = turn.fetch_add(1, Ordering::Relaxed);
                let order: Vec<SocketAddr> = (0..servers.len()).map(|i| servers[(first + i) % servers.len()]).collect();
                tokio::spawn(relay(client, order, weather, seed, counted.clone()));
            }
        });
        Ok(Self { address, cuts })
    }
}

/// SplitMix64, by Steele, Lea and Flood (2014): chance that a failing run can be given again.
fn next(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

async fn relay(client: TcpStream, servers: Vec<SocketAddr>, weather: Weather, seed: u64, cuts: Arc<AtomicU64>) {
    for server in servers {
        let Ok(server) = TcpStream::connect(server).await else { continue };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = pass(from_client, to_server, weather, seed, cuts.clone()) => {}
            () = pass(from_server, to_client, weather, next(seed), cuts) => {}
        }
        return;
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    weather: Weather,
    mut seed: u64,
    cuts: Arc<AtomicU64>,
) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(read) = from.read(&mut piece).await {
        if read == 0 {
            return;
        }
        seed = next(seed);
        if !weather.delay.is_zero() {
            tokio::time::sleep(weather.delay.mul_f64((seed % 1000) as f64 / 1000.0)).await;
        }
        seed = next(seed);
        if seed % 1000 < weather.cuts {
            cuts.fetch_add(1, Ordering::Relaxed);
            // Half of it has gone when the line is cut.
            let _ = to.write_all(&piece[..read / 2]).await;
            return;
        }
        if to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}
