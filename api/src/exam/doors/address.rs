//! Addresses: ranges of them, and the one that a request comes from.

use crate::app::App;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A range: `10.1.0.0/16`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    first: IpAddr,
    bits: u8,
}

/// Not a range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est pas une plage d’adresses (10.1.0.0/16, 2001:db8::/32, ou une adresse seule)")]
pub struct NotARange(String);

/// An IPv4 address written as an IPv6 one is itself.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The address as 128 bits, the first first, and how many it has.
fn bits_of(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    }
}

impl FromStr for Range {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let odd = || NotARange(text.trim().chars().take(60).collect());
        let (address, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        let first: IpAddr = plain(address.parse().map_err(|_| odd())?);
        let (_, most) = bits_of(first);
        let bits: u8 = match bits {
            Some(bits) if bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit()) => {
                bits.parse().map_err(|_| odd())?
            }
            Some(_) => return Err(odd()),
            None => most,
        };
        if bits > most { Err(odd()) } else { Ok(Self { first, bits }) }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

impl Range {
    /// Is the address in it? One of the other family never is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let ((own, size), (other, other_size)) = (bits_of(self.first), bits_of(plain(address)));
        let kept = if self.bits == 0 { 0 } else { u128::MAX << (128 - u32::from(self.bits)) };
        size == other_size && own & kept == other & kept
    }
}

/// Ranges, one a line or parted by commas; blank lines and what follows `#` say nothing.
pub fn ranges(text: &str) -> Result<Vec<Range>, Vec<(usize, NotARange)>> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for (i, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        for part in line.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
            match part.parse() {
                Ok(range) => found.push(range),
                Err(error) => wrong.push((i + 1, error)),
            }
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

/// How we are reached from outside.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Our public address, without a slash at its end: `https://examens.exemple.fr`.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<Range>,
}

impl Network {
    /// Our address as the browser of this request sees it: what was configured, else what it asked for.
    pub fn base(&self, headers: &HeaderMap, secure: bool) -> String {
        self.public_url.clone().unwrap_or_else(|| {
            let host = headers.get(axum::http::header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost");
            format!("{}://{host}", if secure { "https" } else { "http" })
        })
    }

    /// The address that a request comes from: the last one of `X-Forwarded-For` that is no proxy of ours, if our
    /// peer is one; else our peer.
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let ours = |address: IpAddr| self.proxies.iter().any(|range| range.contains(address));
        let mut at = plain(peer?);
        if !ours(at) {
            return Some(at);
        }
        let said: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for hop in said.into_iter().rev() {
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            at = plain(address);
            if !ours(at) {
                break;
            }
        }
        Some(at)
    }
}

/// Reads a public address: `http` or `https`, a host, perhaps a port, nothing else.
pub fn public_url(text: &str) -> Result<String, String> {
    let odd = || "attendu une adresse comme https://examens.exemple.fr, sans chemin".to_owned();
    let text = text.trim().trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(odd)?;
    let uri: axum::http::Uri = text.parse().map_err(|_| odd())?;
    if host.is_empty() || host.contains(['/', '?', '#', '@']) || uri.host().is_none_or(str::is_empty) {
        return Err(odd());
    }
    Ok(text.to_ascii_lowercase())
}

/// Where a request comes from, and our address as it sees it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its address; `None` where it is not known.
    pub address: Option<IpAddr>,
    /// Our public address.
    pub base: String,
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let network = app.network();
        Ok(Self {
            address: network.client(peer, &parts.headers),
            base: network.base(&parts.headers, app.secure_cookies),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_hold_their_addresses() {
        for (range, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.3", "10.2.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.0/24", "::ffff:192.0.2.9", "::c000:209"),
            ("2001:db8::/32", "2001:db8:1::5", "2001:db9::"),
            ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
            ("10.0.0.129/25", "10.0.0.200", "10.0.0.100"),
        ] {
            let range: Range = range.parse().unwrap();
            assert!(range.contains(ip(inside)) && !range.contains(ip(outside)), "{range}");
        }
        for bad in ["", "10.1.0.0/33", "2001:db8::/129", "10.1.0.0/", "10.1.0.0/+8", "10.1/16", "hôte"] {
            assert!(bad.parse::<Range>().is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_are_read_and_faults_told_by_line() {
        let read = ranges("10.1.0.0/16, 10.2.0.0/16\n\n# salle B\n2001:db8::/32 # étage\n").unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(
            ranges("10.1.0.0/16\nx\n10.0.0.0/40").unwrap_err().iter().map(|(n, _)| *n).collect::<Vec<_>>(),
            [2, 3]
        );
    }

    #[test]
    fn a_header_is_believed_of_our_proxies_only() {
        let network = Network { public_url: None, proxies: ranges("10.0.0.0/8").unwrap() };
        let said = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", text.parse().unwrap());
            headers
        };
        let from = |peer: &str, text: &str| network.client(Some(ip(peer)), &said(text));
        assert_eq!(from("203.0.113.9", "192.0.2.1"), Some(ip("203.0.113.9")), "anyone may write a header");
        assert_eq!(from("10.0.0.1", "192.0.2.1"), Some(ip("192.0.2.1")));
        assert_eq!(
            from("10.0.0.1", "192.0.2.1, 198.51.100.2, 10.0.0.2"),
            Some(ip("198.51.100.2")),
            "not what the client added before"
        );
        assert_eq!(from("10.0.0.1", "nowhere"), Some(ip("10.0.0.1")));
        assert_eq!(network.client(None, &said("192.0.2.1")), None);
    }

    #[test]
    fn a_public_address_has_no_path() {
        assert_eq!(public_url("https://Examens.exemple.fr/").as_deref(), Ok("https://examens.exemple.fr"));
        assert!(public_url("https://a.fr:8443").is_ok());
        for bad in ["examens.exemple.fr", "https://", "https://a.fr/x", "ftp://a.fr", "https://u@a.fr"] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }
}
