//! `alongside doctor`: whether `run` has what it needs, each with what to do where it has not.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::Write;
use std::net::{TcpListener, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::time::Duration;

use detector::Parameters;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use sink::{GeoPackage, Outbox, Uncounted};

use crate::agent::agent;
use crate::alert::{Alerts, Queue};
use crate::cli::DoctorArgs;
use crate::config::{self, Delivery};
use crate::output::Output;
use crate::run::{self, Address, Daemon, RelayTarget, SourceOptions, describe};
use crate::serve::{self, Serving};
use crate::store::now;
use crate::{DONE, FAILED, places};

const TIMEOUT: Duration = Duration::from_secs(5);
/// A clock that says less has lost its battery: the program is younger.
const NOT_BEFORE: &str = "2026-01-01";
/// Clocks of two machines may differ by so much and nobody notices.
const APART_S_MAX: i64 = 5;
const MIB: u64 = 1 << 20;

/// What was looked at, and how it is.
struct Findings {
    output: Output,
    failed: bool,
}

enum Finding {
    Good(String),
    /// It will work, and somebody should know.
    Warning(String),
    Failure(String, &'static str),
}

use Finding::{Failure, Good, Warning};

impl Findings {
    fn say(&mut self, what: impl Display, finding: Finding) -> anyhow::Result<()> {
        let (word, text) = match finding {
            Good(text) => ("good", text),
            Warning(text) => ("note", text),
            Failure(text, advice) => {
                self.failed = true;
                ("FAIL", format!("{text}\n      {advice}"))
            }
        };
        Ok(writeln!(self.output, "{word}  {what}: {}", shown(&text))?)
    }
}

/// Names and errors may hold anything; ends of lines are ours.
fn shown(text: &str) -> String {
    text.split('\n').map(maritime::shown).collect::<Vec<_>>().join("\n")
}

/// Looks at everything, and gives the exit code.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn run(args: &DoctorArgs) -> anyhow::Result<u8> {
    let mut findings = Findings { output: Output::stdout(), failed: false };
    match config::load_daemon(args.config.as_deref()) {
        Ok((mut parameters, delivery, daemon)) => {
            findings.say("configuration", Good(format!("parameters {}", parameters.hash())))?;
            findings.say("maps", maps(&mut parameters))?;
            if !daemon.alerts.rules.is_empty() {
                findings.say("rules", rules(&daemon.alerts, &parameters))?;
            }
            look(&mut findings, &delivery, &daemon)?;
        }
        Err(error) => {
            let advice = "change it; `alongside config print` is the manual";
            findings.say("configuration", Failure(format!("{error:#}"), advice))?;
        }
    }
    findings.output.finish()?;
    Ok(if findings.failed { FAILED } else { DONE })
}

fn look(findings: &mut Findings, delivery: &Delivery, daemon: &Daemon) -> anyhow::Result<()> {
    findings.say("clock", clock())?;
    let journal = &daemon.journal;
    findings.say(
        "journal",
        match &journal.topic {
            None => folder(&journal.directory, 2 * journal.segment_bytes),
            Some(topic) => journal_topic(delivery, topic),
        },
    )?;
    let outbox = &delivery.outbox;
    let was_there = outbox.file.exists();
    let opened = Outbox::open(&outbox.file, outbox.bytes_max).and_then(|outbox| outbox.depth());
    if !was_there {
        let _ = fs::remove_file(&outbox.file);
    }
    let advice = "make its folder writable for this user, or name another file in outbox.file";
    findings.say(
        "outbox",
        match opened {
            Ok(depth) => {
                Good(format!("{}, {} messages wait", outbox.file.display(), depth.messages))
            }
            Err(error) => Failure(describe(&error), advice),
        },
    )?;
    if let Some(store) = &daemon.store {
        let was_there = store.exists();
        let opened = GeoPackage::open(store);
        if !was_there {
            let _ = fs::remove_file(store);
        }
        let advice = "make its folder writable for this user, or name another file in run.store";
        findings.say(
            "store",
            match opened {
                Ok(_) => Good(store.display().to_string()),
                Err(error) => Failure(describe(&error), advice),
            },
        )?;
    }
    if let Some(address) = daemon.http {
        findings.say("pages", port(TcpListener::bind(address).map(drop), &address))?;
    }
    if daemon.sources.is_empty() {
        findings
            .say("sources", Warning("there is none; --source or [[source]] names one".into()))?;
    }
    for source in &daemon.sources {
        findings.say(format!("source {}", source.name), source_finding(source))?;
    }
    if let Err(error) = daemon.check_addresses() {
        let advice = "give one of them another port";
        findings.say("addresses", Failure(format!("{error:#}"), advice))?;
    }
    if daemon.serving.with_run {
        findings.say("serve", serving(&daemon.serving))?;
    }
    for relay in &daemon.relays {
        findings.say("relay", relay_finding(&relay.target))?;
    }
    if daemon.publish {
        findings.say("broker", broker(&delivery.kafka.brokers, None))?;
    }
    let database = database(delivery);
    findings.say("database", database)?;
    for channel in &daemon.alerts.channels {
        let key = channel.key.as_ref().map(|key| key.read()).transpose();
        findings.say(
            format!("channel {}", channel.name),
            match key {
                Ok(_) => Good("its key is there, if it needs one; nothing was sent".into()),
                Err(error) => Failure(describe(&error), "put the key there"),
            },
        )?;
    }
    Ok(())
}

/// Maps and lists are read when it starts, and whenever it is told to.
fn maps(parameters: &mut Parameters) -> Finding {
    if parameters.place_files.is_empty() {
        return Good("none is named".into());
    }
    match places::load(parameters, &[] as &[&Path]) {
        Ok(()) => {
            let files = parameters.place_files.iter();
            let (ports, zones) = files.fold((0, 0), |(ports, zones), places| {
                (ports + places.ports.len(), zones + places.zones.len())
            });
            Good(format!("{ports} ports and {zones} zones"))
        }
        Err(error) => {
            Failure(format!("{error:#}"), "put the file there, or take it out of map.files")
        }
    }
}

/// The rules name what is there, and their queue can be written.
fn rules(alerts: &Alerts, parameters: &Parameters) -> Finding {
    let checked = config::check_names(alerts, parameters).map_err(|error| describe(&error));
    if let Err(error) = checked {
        return Failure(error, "correct the name, or add the zone or the list");
    }
    let was_there = alerts.file.exists();
    let opened = Queue::open(&alerts.file).and_then(|queue| queue.len());
    if !was_there {
        let _ = fs::remove_file(&alerts.file);
    }
    match opened {
        Ok(count) => Good(format!("{}, {count} alerts wait", alerts.file.display())),
        Err(error) => Failure(
            describe(&error),
            "make its folder writable for this user, or name another file in alerts.file",
        ),
    }
}

fn serving(serving: &Serving) -> Finding {
    match serve::access(serving) {
        Ok(_) => port(TcpListener::bind(serving.listen).map(drop), &serving.listen),
        Err(error) => {
            Failure(format!("{error:#}"), "make the file, or correct its name in [serve]")
        }
    }
}

fn relay_finding(target: &RelayTarget) -> Finding {
    match target {
        RelayTarget::TcpListen(address) => port(TcpListener::bind(address).map(drop), address),
        RelayTarget::Tcp(place) => reach(place),
        RelayTarget::Udp(place) => match place.to_socket_addrs() {
            Ok(_) => Good(format!("{place}; whether anybody is there does not show")),
            Err(error) => Failure(format!("{place}: {error}"), "correct the name"),
        },
    }
}

fn reach(place: &str) -> Finding {
    match connect(place) {
        Ok(()) => Good(format!("{place} answers")),
        Err(error) => Failure(
            format!("{place}: {error}"),
            "look whether it runs, and whether a firewall is in between; `run` asks again and again",
        ),
    }
}

fn clock() -> Finding {
    let at = now();
    let not_before = maritime::Timestamp::parse(NOT_BEFORE).expect("a date");
    let advice = "set the clock, as with `timedatectl set-ntp true`: lines without a time get that of their arrival";
    if at < not_before {
        return Failure(format!("it says {at}"), advice);
    }
    // Where systemd keeps the time, it says so there.
    let service = Path::new("/run/systemd/timesync");
    if service.exists() && !service.join("synchronized").exists() {
        return Warning(format!("it says {at}, and is not synchronised yet; {advice}"));
    }
    Good(at.to_string())
}

fn folder(directory: &Path, bytes_wanted: u64) -> Finding {
    let advice = "make it writable for this user, or name another in journal.directory";
    let was_there = directory.exists();
    let try_it = || {
        fs::create_dir_all(directory)?;
        let probe = directory.join(".doctor");
        let mut file = File::create(&probe)?;
        file.write_all(b"x")?;
        file.sync_all()?;
        drop(file);
        fs::remove_file(probe)
    };
    let tried = try_it();
    let free = free_bytes(directory);
    if !was_there {
        let _ = fs::remove_dir(directory);
    }
    match (tried, free) {
        (Err(error), _) => Failure(format!("{}: {error}", directory.display()), advice),
        (Ok(()), Some(free)) if free < bytes_wanted => Failure(
            format!("{} has {} MiB left", directory.display(), free / MIB),
            "make room: intake waits when there is none, and what comes by UDP is lost then",
        ),
        (Ok(()), Some(free)) => Good(format!("{}, {} MiB free", directory.display(), free / MIB)),
        (Ok(()), None) => Good(directory.display().to_string()),
    }
}

#[cfg(unix)]
fn free_bytes(directory: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(directory).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

fn port(bound: std::io::Result<()>, address: &impl Display) -> Finding {
    match bound {
        Ok(()) => Good(format!("{address} is free")),
        Err(error) => Failure(
            format!("{address}: {error}"),
            "stop what has it (`ss -lptun` shows that), or choose another port",
        ),
    }
}

fn source_finding(source: &SourceOptions) -> Finding {
    if let Some(key) = &source.key
        && let Err(error) = key.read()
    {
        return Failure(describe(&error), "put the key there");
    }
    match &source.address {
        Address::Udp(address) if address.ip().is_multicast() => {
            Good(format!("{address} is a group; whether anything comes shows when it runs"))
        }
        Address::Udp(address) => port(UdpSocket::bind(address).map(drop), address),
        Address::TcpListen(address) | Address::HttpListen(address) => {
            port(TcpListener::bind(address).map(drop), address)
        }
        Address::Tcp(place) | Address::Gpsd(place) => reach(place),
        Address::Mqtt(broker) => reach(&format!("{}:{}", broker.host, broker.port)),
        Address::Websocket(url) => {
            let (scheme, rest) = url.split_once("://").unwrap_or(("ws", url));
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            match host.contains(':') {
                true => reach(host),
                false => reach(&format!("{host}:{}", if scheme == "wss" { 443 } else { 80 })),
            }
        }
        Address::Kafka { brokers, topic } => broker(brokers, Some(topic)),
        Address::Serial(device, _) => match File::open(device) {
            Ok(_) => Good(device.display().to_string()),
            Err(error) => Failure(
                format!("{}: {error}", device.display()),
                "plug it in, and put this user into the group that owns it, often `dialout`",
            ),
        },
        Address::File(path) => match File::open(path) {
            Ok(_) => Good(path.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Warning(format!("{} is not there yet; it is waited for", path.display()))
            }
            Err(error) => Failure(format!("{}: {error}", path.display()), "let this user read it"),
        },
        Address::Directory(path) => match fs::read_dir(path) {
            Ok(_) => Good(path.display().to_string()),
            Err(error) => Failure(
                format!("{}: {error}", path.display()),
                "make it, and let this user read it",
            ),
        },
        Address::Stdin => Good("standard input".into()),
    }
}

fn connect(place: &str) -> std::io::Result<()> {
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
    for address in place.to_socket_addrs()? {
        match std::net::TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The topic that takes the place of the journal.
fn journal_topic(delivery: &Delivery, topic: &str) -> Finding {
    let brokers = &delivery.kafka.brokers;
    match run::partitions(&delivery.kafka, topic, TIMEOUT) {
        Ok(0) => Warning(format!("{brokers} has no topic {topic} yet; `run` makes it, if it may")),
        Ok(count) => match run::check_partitions(topic, count) {
            Ok(()) => Good(format!("topic {topic} of {brokers}")),
            Err(error) => Failure(format!("{error:#}"), "`run` makes the topic if it is not there"),
        },
        Err(reason) => Failure(
            reason,
            "start it, or name others in kafka.brokers; meanwhile nothing is taken in",
        ),
    }
}

fn broker(brokers: &str, topic: Option<&str>) -> Finding {
    let advice =
        "start it, or name others in kafka.brokers; meanwhile what is told waits in the outbox";
    let asked = || {
        let consumer: BaseConsumer<Uncounted> =
            ClientConfig::new().set("bootstrap.servers", brokers).create_with_context(Uncounted)?;
        consumer.fetch_metadata(topic, TIMEOUT).map(|found| {
            let partitions = found.topics().first().map_or(0, |topic| topic.partitions().len());
            (found.brokers().len(), partitions)
        })
    };
    match (asked(), topic) {
        (Ok((_, 0)), Some(topic)) => {
            Failure(format!("{brokers} has no topic {topic}"), "make it, or correct its name")
        }
        (Ok((count, _)), _) => Good(format!("{brokers} answers, {count} of them")),
        (Err(error), _) => Failure(format!("{brokers}: {error}"), advice),
    }
}

/// The database is what `load` writes to; `run` does without.
fn database(delivery: &Delivery) -> Finding {
    let url = &delivery.clickhouse.url;
    let agent: ureq::Agent = agent(TIMEOUT).build().into();
    match agent.get(format!("{}/ping", url.trim_end_matches('/'))).call() {
        Ok(answer) if answer.status().is_success() => {
            let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
            match date.and_then(seconds_apart) {
                Some(apart) if apart > APART_S_MAX => {
                    Warning(format!("{url} answers, and its clock is {apart} s apart from ours"))
                }
                _ => Good(format!("{url} answers")),
            }
        }
        Ok(answer) => Warning(format!("{url} answers {}; only `load` needs it", answer.status())),
        Err(error) => Warning(format!("{url}: {error}; only `load` needs it")),
    }
}

/// From our clock to `Fri, 27 Nov 2026 15:00:00 GMT`.
fn seconds_apart(date: &str) -> Option<i64> {
    let mut words = date.split([' ', ',', ':']).filter(|word| !word.is_empty()).skip(1);
    let day = words.next()?.parse().ok()?;
    let month = words.next()?;
    let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = months.find(month)? as u32 / 3 + 1;
    let mut number = || words.next()?.parse::<u32>().ok();
    let (year, hour, minute, second) = (number()?, number()?, number()?, number()?);
    let at = maritime::Timestamp::from_civil(year as i32, month, day, hour, minute, second)?;
    Some((now().millis_since(at) / 1000).abs())
}
