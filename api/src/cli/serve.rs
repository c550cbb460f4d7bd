//! `docimo serve` and `docimo demo`.

use super::{Common, Failure};
use crate::app::App;
use crate::auth::accounts::FIRST_ADMINISTRATOR;
use crate::{ambient, demo, server};
use clap::Args;
use docimo_store::Store;
use std::io::IsTerminal;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Where to listen.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// Adresse et port d’écoute [défaut : 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT", env = "DOCIMO_LISTEN")]
    listen: Option<SocketAddr>,
    /// Le serveur est derrière un proxy TLS : cookies marqués Secure.
    #[arg(long, env = "DOCIMO_SECURE_COOKIES")]
    secure_cookies: bool,
}

const LINK_MS: i64 = 24 * 3_600_000;

async fn listen(args: &ServeArgs) -> Result<TcpListener, Failure> {
    let refused = |addr: SocketAddr, e: std::io::Error| {
        Failure::Environment(format!(
            "impossible d’écouter sur {addr} : {e}. Choisissez une autre adresse avec --listen."
        ))
    };
    if let Some(addr) = args.listen {
        return TcpListener::bind(addr).await.map_err(|e| refused(addr, e));
    }
    let usual = SocketAddr::from(([127, 0, 0, 1], 8080));
    match TcpListener::bind(usual).await {
        Ok(listener) => Ok(listener),
        // Someone else has the usual port: any other will do, it is printed.
        Err(_) => {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            TcpListener::bind(any).await.map_err(|e| refused(any, e))
        }
    }
}

/// Serves until asked to stop.
pub async fn run(common: &Common, args: &ServeArgs, is_demo: bool) -> Result<(), Failure> {
    let filter =
        EnvFilter::try_from_env("DOCIMO_LOG").unwrap_or_else(|_| EnvFilter::new("warn,sqlx=error,docimo=info"));
    // Twice in one process (tests) the first one stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    let listener = listen(args).await?;
    let address = listener.local_addr()?;
    let store = common.open(is_demo).await?;
    let app = App::new(store.clone(), is_demo, args.secure_cookies);
    if is_demo {
        demo::seed(&app, |text| common.say(text)).await?;
    }
    println!("Docimo écoute sur http://{address} ({})", store.engine_name());
    if is_demo {
        println!("Comptes de démonstration :");
        for account in demo::ACCOUNTS {
            println!("  {:<12} {:<15} {}", account.login, account.password, account.who);
        }
    } else {
        first_link(&store, address).await?;
    }
    server::serve(app, listener).await?;
    store.close().await;
    Ok(())
}

/// With no account at all, prints the one-time link that makes the first administrator.
async fn first_link(store: &Store, address: SocketAddr) -> Result<(), Failure> {
    if store.count_people().await? > 0 {
        return Ok(());
    }
    let (token, now_ms) = (ambient::token(), ambient::now_ms());
    store.add_link(&ambient::token_hash(&token), FIRST_ADMINISTRATOR, now_ms, now_ms + LINK_MS).await?;
    println!("Premier administrateur (lien à usage unique, valable 24 h) : http://{address}/premier-acces/{token}");
    Ok(())
}
