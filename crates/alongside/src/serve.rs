//! `alongside serve`: a store, shown in a browser.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use dashboard::{Access, MakeDossier, Nearness, Options, Profile, Users, hash_password};
use detector::{Coast, Parameters, PortList};
use sink::reading::Place;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tracing::Level;

use crate::cli::{ServeArgs, ServeCommand, Store, UsersCommand};
use crate::config::Delivery;
use crate::load::until_signal;
use crate::output::Output;
use crate::store::now;
use crate::{UsageError, config, dossier, logging, watchlist};

/// A token is not longer, and a shorter one would be guessed.
const TOKEN_BYTES: std::ops::RangeInclusive<usize> = 16..=1024;

/// What is shown, where and to whom, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Serving {
    /// A GeoPackage or ClickHouse.
    pub store: Store,
    /// Where people's words are kept beside ClickHouse.
    pub desk: PathBuf,
    /// Where browsers find it.
    pub listen: SocketAddr,
    /// A file of users.
    pub users: Option<PathBuf>,
    /// A file with the token of programs.
    pub token_file: Option<PathBuf>,
    /// Whether a proxy with TLS stands before it.
    pub behind_proxy: bool,
    /// Whether the daemon serves its store too.
    pub with_run: bool,
}

impl Default for Serving {
    fn default() -> Self {
        Serving {
            store: Store::GeoPackage("alongside.gpkg".into()),
            desk: "alongside-desk.gpkg".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            users: None,
            token_file: None,
            behind_proxy: false,
            with_run: false,
        }
    }
}

/// Serves as asked, until it is stopped.
///
/// # Errors
///
/// The configuration is refused; an address is taken, or would be open to all; there is no store.
pub fn run(args: &ServeArgs) -> anyhow::Result<()> {
    if let Some(ServeCommand::Users { command }) = &args.command {
        return keep_users(command);
    }
    let (parameters, delivery, daemon) = config::load_daemon(args.config.as_deref())?;
    let mut serving = daemon.serving;
    serving.store = args.store.clone().unwrap_or(serving.store);
    serving.desk = args.desk.clone().unwrap_or(serving.desk);
    serving.listen = args.listen.unwrap_or(serving.listen);
    serving.users = args.users.clone().or(serving.users);
    serving.token_file = args.token_file.clone().or(serving.token_file);
    logging::start(Level::INFO);

    let access = access(&serving)?;
    let place = place(&serving, delivery)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")?;
    let listener = bind(&runtime, serving.listen)?;
    let address = listener.local_addr()?;
    let store = maritime::shown(&place.name(true));
    let options = options(place, access, serving.behind_proxy, &parameters);
    let served = runtime.block_on(async {
        tracing::info!(store, "serving http://{address}");
        tokio::select! {
            served = dashboard::serve(listener, options) => served,
            () = until_signal() => Ok(()),
        }
    });
    // A thread may be waiting for ClickHouse on it, and would panic if it went. The program ends here.
    std::mem::forget(runtime);
    Ok(served?)
}

/// Where the events are that are shown.
fn place(serving: &Serving, mut delivery: Delivery) -> anyhow::Result<Place> {
    match &serving.store {
        Store::GeoPackage(path) => Ok(Place::GeoPackage(path.clone())),
        Store::ClickHouse(url) => {
            delivery.read_password()?;
            delivery.use_url(url)?;
            let events = Box::new(delivery.clickhouse);
            Ok(Place::ClickHouse { events, desk: serving.desk.clone() })
        }
        Store::None => {
            let expected =
                "there is nothing to serve: expected --store FILE.gpkg or clickhouse://…";
            Err(UsageError(expected.into()).into())
        }
    }
}

/// Takes the address, so that one that is taken is said at the start.
///
/// # Errors
///
/// It is taken, or is none of this machine.
pub fn bind(runtime: &Runtime, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = runtime.block_on(TcpListener::bind(address));
    bound.with_context(|| format!("serve.listen: cannot use {address}"))
}

/// Who may come in there.
///
/// # Errors
///
/// Anybody could; or the users or the token cannot be read.
pub fn access(serving: &Serving) -> anyhow::Result<Access> {
    let users = serving.users.as_deref().map(Users::read).transpose()?;
    let token = serving.token_file.as_deref().map(read_token).transpose()?;
    if let (Some(file), Some(users)) = (&serving.users, &users)
        && users.is_empty()
        && token.is_none()
    {
        let file = file.display();
        bail!(
            "there is nobody in {file}: `alongside serve users add NAME --users {file}` adds one"
        );
    }
    match (users, token) {
        (None, None) if serving.listen.ip().is_loopback() => Ok(Access::Open),
        (None, None) => Err(UsageError(format!(
            "{} is no loopback address, and there are no users and no token: `alongside serve users add NAME` makes a \
             file of users for --users",
            serving.listen
        ))
        .into()),
        (users, token) => Ok(Access::Guarded { users: users.unwrap_or_default(), token }),
    }
}

fn read_token(file: &Path) -> anyhow::Result<String> {
    let token = fs::read_to_string(file)
        .with_context(|| format!("cannot read the token in {}", file.display()))?;
    let token = token.trim();
    if !TOKEN_BYTES.contains(&token.len()) {
        bail!("the token in {} has {} bytes: expected 16 to 1024", file.display(), token.len());
    }
    Ok(token.to_owned())
}

/// What the dashboard needs of the rest of the program.
pub fn options(
    store: Place,
    access: Access,
    behind_proxy: bool,
    parameters: &Parameters,
) -> Options {
    let ports_are_known = parameters.ports == PortList::WorldPortIndex
        || parameters.place_files.iter().any(|file| !file.ports.is_empty());
    let profile = |profile: &detector::Profile| Profile {
        name: profile.name.clone(),
        nearness: std::iter::once((profile.distance_m_max, profile.duration_min))
            .chain(profile.alternatives.iter().map(|near| (near.distance_m_max, near.duration_min)))
            .map(|(distance_m, duration)| Nearness {
                distance_m,
                duration_s: duration.as_secs_f64(),
            })
            .collect(),
        speed_knots_p50_max: profile.speed_knots_p50_max,
        coast_distance_m_min: profile.coast_distance_m_min,
        port_distance_m_min: profile.port_distance_m_min,
        ports_are_known,
    };
    // Which recordings an event of ClickHouse was found in is not written there.
    let dossier = match &store {
        Place::GeoPackage(path) => Some(dossier_of(path.clone())),
        Place::ClickHouse { .. } => None,
    };
    Options {
        store,
        access,
        behind_proxy,
        now,
        software_version: env!("CARGO_PKG_VERSION").into(),
        land: Coast::natural_earth_geojson,
        read_watchlist: watchlist::watch_set,
        profiles: parameters.profiles.iter().map(profile).collect(),
        dossier,
        health: None,
    }
}

/// Makes the dossier of an event of that store, where the inputs of its run are still where they were.
fn dossier_of(store: PathBuf) -> MakeDossier {
    Arc::new(move |event_id| {
        let request = dossier::Request {
            event_id: event_id.into(),
            store: store.clone(),
            ..dossier::Request::default()
        };
        let made = dossier::make(&request);
        made.map(|made| made.bytes).map_err(|error| maritime::shown(&format!("{error:#}")))
    })
}

fn keep_users(command: &UsersCommand) -> anyhow::Result<()> {
    match command {
        UsersCommand::Add { name, role, users: file } => {
            let mut users = Users::read(file)?;
            let hash = hash_password(&read_password()?)?;
            users.put(name, role.parse().map_err(UsageError)?, hash)?;
            Ok(users.write(file)?)
        }
        UsersCommand::Remove { name, users: file } => {
            let mut users = Users::read(file)?;
            if !users.remove(name) {
                bail!("there is no user {name:?} in {}", file.display());
            }
            Ok(users.write(file)?)
        }
        UsersCommand::List { users: file } => {
            let mut output = Output::stdout();
            for (name, role) in Users::read(file)?.list() {
                writeln!(output, "{name} {}", role.name())?;
            }
            Ok(output.finish()?)
        }
    }
}

/// The first line of standard input. Arguments would be in the list of processes.
fn read_password() -> anyhow::Result<String> {
    let mut input = io::stdin().lock();
    if input.is_terminal() {
        eprintln!("password (it is shown as you type), then enter:");
    }
    let mut line = String::new();
    input.read_line(&mut line).context("cannot read the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
