//! The sections `[alerts]`, `[[channel]]`, `[[alert]]` and `[[relay]]`.

use std::collections::BTreeSet;
use std::time::Duration;

use detector::Parameters;
use lettre::message::Mailbox;
use maritime::{EventKind, MeetingClass};
use serde::{Deserialize, Serialize};

use super::daemon::{checked_key, written_key};
use super::{ConfigError, nearest, require};
use crate::alert::{Alerts, Channel, Rule, Target};
use crate::duration::Span;
use crate::run::RelayOptions;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AlertsSection {
    file: String,
    age_max: Span,
}

impl Default for AlertsSection {
    fn default() -> Self {
        AlertsSection {
            file: "alongside.alerts".into(),
            age_max: Span(Duration::from_secs(6 * 3600)),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelSection {
    name: String,
    url: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    text_only: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    key_file: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    key_variable: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    from: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    to: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RelaySection {
    url: String,
    #[serde(default = "window")]
    window: Span,
}

fn window() -> Span {
    Span(Duration::from_secs(10))
}

/// As they would be written.
pub(super) fn sections(
    alerts: &Alerts,
    relays: &[RelayOptions],
) -> (AlertsSection, Vec<ChannelSection>, Vec<Rule>, Vec<RelaySection>) {
    let section =
        AlertsSection { file: alerts.file.display().to_string(), age_max: Span(alerts.age_max) };
    let channel = |channel: &Channel| {
        let (url, text_only, from, to) = match channel.target.clone() {
            Target::Webhook { url, is_text } => (url, is_text, String::new(), Vec::new()),
            Target::Mail { user, host, port, from, to } => {
                let at = if user.is_empty() { "" } else { "@" };
                (format!("smtp://{user}{at}{host}:{port}"), false, from, to)
            }
            Target::Kafka => ("kafka".into(), false, String::new(), Vec::new()),
        };
        let (key_file, key_variable) = written_key(channel.key.as_ref());
        let name = channel.name.clone();
        ChannelSection { name, url, text_only, key_file, key_variable, from, to }
    };
    let relay = |relay: &RelayOptions| RelaySection {
        url: relay.target.to_string(),
        window: Span(relay.window),
    };
    let channels = alerts.channels.iter().map(channel).collect();
    (section, channels, alerts.rules.clone(), relays.iter().map(relay).collect())
}

/// Checks what the sections say; `profiles` are those that there are, and `publishes` says whether Kafka gets anything.
pub(super) fn from_sections(
    section: AlertsSection,
    channels: Vec<ChannelSection>,
    rules: Vec<Rule>,
    profiles: &[String],
    publishes: bool,
) -> Result<Alerts, ConfigError> {
    let span = Duration::ZERO..=36_500 * DAY;
    require(
        span.contains(&section.age_max.0),
        "alerts.age_max",
        section.age_max,
        "expected 0s to 36500d",
    )?;
    let mut checked: Vec<Channel> = Vec::new();
    for channel in channels {
        let name = format!("{:?}", channel.name);
        let is_new =
            !channel.name.is_empty() && checked.iter().all(|known| known.name != channel.name);
        require(is_new, "channel.name", name, "expected a name of its own")?;
        checked.push(checked_channel(channel, publishes)?);
    }
    let names: Vec<String> = checked.iter().map(|channel| channel.name.clone()).collect();
    let kinds: Vec<String> = EventKind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    let classes = MeetingClass::ALL.map(|class| class.name().to_owned());
    let mut checked_rules: Vec<Rule> = Vec::new();
    for rule in rules {
        let of = |key: &str| format!("alert.{key} of {}", rule.name);
        let is_new =
            !rule.name.is_empty() && checked_rules.iter().all(|known| known.name != rule.name);
        require(is_new, "alert.name", format!("{:?}", rule.name), "expected a name of its own")?;
        require(!rule.to.is_empty(), &of("to"), "[]", "expected the name of a channel")?;
        among(&rule.to, &names, &of("to"))?;
        among(&rule.kinds, &kinds, &of("kinds"))?;
        among(&rule.profiles, profiles, &of("profiles"))?;
        among(&rule.classes, &classes, &of("classes"))?;
        let fits = (0.0..=1.0).contains(&rule.score_min);
        require(fits, &of("score_min"), rule.score_min, "expected 0 to 1")?;
        let fits =
            |flag: &String| flag.len() == 2 && flag.bytes().all(|byte| byte.is_ascii_uppercase());
        let shown = format!("{:?}", rule.flags);
        require(
            rule.flags.iter().all(fits),
            &of("flags"),
            shown,
            "expected two capital letters each",
        )?;
        let every = rule.at_most_every;
        require(span.contains(&every.0), &of("at_most_every"), every, "expected 0s to 36500d")?;
        checked_rules.push(rule);
    }
    let AlertsSection { file, age_max } = section;
    Ok(Alerts { channels: checked, rules: checked_rules, file: file.into(), age_max: age_max.0 })
}

fn checked_channel(channel: ChannelSection, publishes: bool) -> Result<Channel, ConfigError> {
    let of = |key: &str| format!("channel.{key} of {}", channel.name);
    let url = channel.url.clone();
    let refused = |expected: &str| ConfigError::Value {
        key: of("url"),
        // There may be a secret in the rest.
        value: format!("{:?}", url.split("://").next().unwrap_or_default()),
        expected: expected.to_owned(),
    };
    let target = match url.split_once("://") {
        Some(("https", _)) if cfg!(not(feature = "tls")) => {
            return Err(refused("https needs a build with the feature `tls`"));
        }
        Some(("http" | "https", _)) => {
            let is_one = url.parse::<ureq::http::Uri>().is_ok_and(|url| url.host().is_some());
            if !is_one {
                return Err(refused("expected a URL with a host and no blanks"));
            }
            Target::Webhook { url: url.clone(), is_text: channel.text_only }
        }
        Some(("smtp", place)) => {
            let (user, place) = place.rsplit_once('@').unwrap_or(("", place));
            let parts =
                place.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
            let Some((host, port)) =
                parts.filter(|(host, _)| !host.is_empty() && !user.contains(':'))
            else {
                return Err(refused("expected smtp://host:port or smtp://user@host:port"));
            };
            let are_there = channel.from.contains('@') && !channel.to.is_empty();
            require(
                are_there,
                &of("from"),
                format!("{:?}", channel.from),
                "mail needs `from` and `to`",
            )?;
            for (key, address) in std::iter::once(("from", &channel.from))
                .chain(channel.to.iter().map(|address| ("to", address)))
            {
                let is_one = address.parse::<Mailbox>().is_ok();
                require(is_one, &of(key), format!("{address:?}"), "expected an address of mail")?;
            }
            let (user, host) = (user.to_owned(), host.to_owned());
            Target::Mail { user, host, port, from: channel.from.clone(), to: channel.to.clone() }
        }
        None if url == "kafka" => {
            if !publishes {
                return Err(refused("needs run.publish = true"));
            }
            Target::Kafka
        }
        _ => return Err(refused("expected http://…, https://…, smtp://host:port or kafka")),
    };
    let key = checked_key(&channel.key_file, &channel.key_variable, of)?;
    Ok(Channel { name: channel.name, target, key })
}

/// Whether the zones and watchlists that rules name are there: a rule that waits for another name would never tell.
/// `parameters` have their files read.
///
/// # Errors
///
/// One is not there; the message says which, and what was meant.
pub fn check_names(alerts: &Alerts, parameters: &Parameters) -> Result<(), ConfigError> {
    let zones = parameters.place_files.iter().flat_map(|places| &places.zones);
    let zones: BTreeSet<&String> = zones.map(|zone| &zone.name).collect();
    let lists = parameters.watchlists.iter().flat_map(|list| &list.entries);
    let lists: BTreeSet<&String> = lists.map(|entry| &entry.list).collect();
    let any = ["any".to_owned()];
    let zones: Vec<String> = zones.into_iter().cloned().collect();
    let lists: Vec<String> = lists.into_iter().chain(&any).cloned().collect();
    for rule in &alerts.rules {
        among(&rule.zones, &zones, &format!("alert.zones of {}", rule.name))?;
        among(&rule.watchlists, &lists, &format!("alert.watchlists of {}", rule.name))?;
    }
    Ok(())
}

/// Names that are listed where none of them was meant.
const NAMES_SAID_MAX: usize = 20;

/// Whether all words are among those that are known.
fn among(words: &[String], known: &[String], key: &str) -> Result<(), ConfigError> {
    for word in words {
        if !known.contains(word) {
            let meant = nearest(word, known.iter().map(String::as_str));
            let meant = meant.map(|name| format!("; did you mean `{name}`?"));
            let names = known.iter().take(NAMES_SAID_MAX).cloned().collect::<Vec<_>>().join(", ");
            let more = if known.len() > NAMES_SAID_MAX { ", …" } else { "" };
            let expected = match known.is_empty() {
                true => "expected nothing, as there is none".to_owned(),
                false => format!("expected one of {names}{more}{}", meant.unwrap_or_default()),
            };
            require(false, key, format!("{word:?}"), &expected)?;
        }
    }
    Ok(())
}

/// Checks the relays.
pub(super) fn relays(sections: Vec<RelaySection>) -> Result<Vec<RelayOptions>, ConfigError> {
    let check = |RelaySection { url, window }: RelaySection| {
        let target = url.parse().map_err(|expected| ConfigError::Value {
            key: "relay.url".into(),
            value: format!("{url:?}"),
            expected,
        })?;
        let fits = (Duration::ZERO..=Duration::from_secs(600)).contains(&window.0);
        require(fits, "relay.window", window, "expected 0s to 10m")?;
        Ok(RelayOptions { target, window: window.0 })
    };
    sections.into_iter().map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    const RULE: &str = "[[channel]]\nname = \"ops\"\nurl = \"http://127.0.0.1:1/x\"\nkey_variable = \"K\"\n\
                        [[channel]]\nname = \"desk\"\nurl = \"smtp://me@h:25\"\nfrom = \"a@b\"\nto = [\"c@d\"]\n\
                        [[alert]]\nname = \"transfers\"\nto = [\"ops\", \"desk\"]\n\
                        [[relay]]\nurl = \"udp://h:1\"\nwindow = \"5s\"\n";

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let message = parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn rules_are_written_as_they_are_read() {
        let daemon = parse(RULE).unwrap().2;
        let (section, channels, rules, relaying) = sections(&daemon.alerts, &daemon.relays);
        let profiles = Vec::new();
        assert_eq!(
            from_sections(section, channels, rules, &profiles, false).unwrap(),
            daemon.alerts
        );
        assert_eq!(relays(relaying).unwrap(), daemon.relays);
    }

    #[test]
    fn names_that_nothing_has_are_refused() {
        use detector::{PlaceFile, Watchlist, WatchlistEntry, Zone};
        let zone = Zone { name: "Gulf".into(), rings: Vec::new() };
        let entry = WatchlistEntry { list: "sdn".into(), ..WatchlistEntry::default() };
        let place_file = PlaceFile { file: "x".into(), ports: Vec::new(), zones: vec![zone] };
        let parameters = Parameters {
            place_files: vec![place_file],
            watchlists: vec![Watchlist { file: "x".into(), entries: vec![entry] }],
            ..Parameters::default()
        };
        let check = |zone: &str, list: &str| {
            let rule =
                Rule { zones: vec![zone.into()], watchlists: vec![list.into()], ..Rule::default() };
            let alerts = Alerts { rules: vec![rule], ..Alerts::default() };
            check_names(&alerts, &parameters).map_err(|error| error.to_string())
        };
        assert_eq!(check("Gulf", "sdn"), Ok(()));
        assert_eq!(check("Gulf", "any"), Ok(()));
        assert!(check("Gulv", "sdn").unwrap_err().contains("did you mean `Gulf`?"));
        assert!(check("Gulf", "sdm").unwrap_err().contains("did you mean `sdn`?"));
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let rule = |more: &str| RULE.replace("[[relay]]", &format!("{more}\n[[relay]]"));
        check_refused(
            &rule("classes = [\"possible_transfr\"]"),
            "did you mean `possible_transfer`?",
        );
        check_refused(&rule("profiles = [\"stss\"]"), "did you mean `sts`?");
        check_refused(&rule("kinds = [\"encounters\"]"), "did you mean `encounter`?");
        check_refused(&rule("score_min = 2.0"), "expected 0 to 1");
        check_refused(&rule("flags = [\"Panama\"]"), "two capital letters");
        check_refused(&RULE.replace("[\"ops\", \"desk\"]", "[\"opps\"]"), "did you mean `ops`?");
        check_refused(&RULE.replace("http:", "htp:"), "expected http://");
        check_refused(&RULE.replace("http://127.0.0.1:1/x", "kafka"), "run.publish");
        check_refused(&RULE.replace("from = \"a@b\"\n", ""), "mail needs `from`");
        check_refused(&RULE.replace("a@b", "a b@c"), "channel.from of desk = \"a b@c\"");
        check_refused(&RULE.replace("c@d", "c"), "channel.to of desk = \"c\"");
        check_refused(&RULE.replace("127.0.0.1:1/x", "127.0.0.1:1/x y"), "a URL with a host");
        check_refused(&RULE.replace("udp://h:1", "udp://h"), "expected udp://host:port");
    }
}
