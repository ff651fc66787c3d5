//! Alerts: which events somebody wants to be told of at once, and how.
//!
//! [`Rule`]s choose among the tellings of events; what is due is put into a [`queue`], from which [`delivery`] sends it to
//! its [`Channel`], again and again until it is taken. An event is told once by each rule, and a vessel not more often than
//! the rule says. [`test`] shows what the rules would have told of a store.

mod delivery;
mod queue;
pub mod test;

use std::path::PathBuf;
use std::time::Duration;

use maritime::Timestamp;
use serde::{Deserialize, Serialize};
use sink::EventRecord;

pub use self::delivery::{Sender, Tally};
pub use self::queue::{Due, Queue, QueueError};

use crate::duration::Span;
use crate::run::Key;

/// What is told, to whom, and how often.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alerts {
    /// Where alerts go.
    pub channels: Vec<Channel>,
    /// Which there are.
    pub rules: Vec<Rule>,
    /// The file in which they wait.
    pub file: PathBuf,
    /// What was known so long ago is no news: it comes from reading a journal again.
    pub age_max: Duration,
}

/// Which events. Whatever is empty asks for nothing; of a list, one is enough. It stands in the configuration as it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// In the alert.
    pub name: String,
    /// Names of channels.
    pub to: Vec<String>,
    /// Kinds of events.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Definitions of a meeting that it satisfies.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// What sort of meeting.
    #[serde(default)]
    pub classes: Vec<String>,
    /// At least.
    #[serde(default)]
    pub score_min: f64,
    /// Of the user, around it.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Lists that name a vessel of it.
    #[serde(default)]
    pub watchlists: Vec<String>,
    /// Of a vessel of it, two letters.
    #[serde(default)]
    pub flags: Vec<String>,
    /// A vessel is told of not more often than this.
    #[serde(default = "at_most_every")]
    pub at_most_every: Span,
}

fn at_most_every() -> Span {
    Span(Duration::from_secs(12 * 3600))
}

/// Where alerts go.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// By which rules name it.
    pub name: String,
    /// How.
    pub target: Target,
    /// Signs what is posted, or opens the mailbox.
    pub key: Option<Key>,
}

/// How alerts go there.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Posted as JSON to a URL.
    Webhook {
        /// Of it.
        url: String,
        /// The text alone, as Slack and its like want it; else the event as well.
        is_text: bool,
    },
    /// By SMTP.
    Mail {
        /// Whom the key is of; nobody if there is none.
        user: String,
        /// The server.
        host: String,
        /// Its port.
        port: u16,
        /// Who sends.
        from: String,
        /// Who gets it.
        to: Vec<String>,
    },
    /// To the topic of alerts, through the outbox.
    Kafka,
}

impl Rule {
    /// Whether it wants to tell of this.
    pub fn wants(&self, event: &EventRecord) -> bool {
        fn any<'a>(asked: &[String], mut found: impl Iterator<Item = &'a str>) -> bool {
            asked.is_empty() || found.any(|found| asked.iter().any(|asked| asked == found))
        }
        let is_told = matches!(&event.state[..], "open" | "closed" | "revised");
        let vessels = || event.vessels.iter();
        is_told
            && event.score >= self.score_min
            && any(&self.kinds, std::iter::once(&event.kind[..]))
            && any(&self.profiles, event.profiles.iter().map(String::as_str))
            && any(&self.classes, event.class.iter().map(String::as_str))
            && any(&self.zones, event.zones.iter().map(String::as_str))
            && any(&self.flags, vessels().filter_map(|vessel| vessel.flag.as_deref()))
            && (self.watchlists.is_empty()
                || vessels().flat_map(|vessel| &vessel.watchlists).any(|found| {
                    // A list is followed by what it matched by.
                    self.watchlists.iter().any(|asked| {
                        let rest = found.strip_prefix(asked.as_str());
                        asked == "any"
                            || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
                    })
                }))
    }
}

impl Alerts {
    /// The first rules that want to tell of an event that is news at `now`.
    pub fn wanting<'a>(
        &'a self,
        event: &'a EventRecord,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Rule> {
        let age = Duration::from_millis(now.millis_since(event.as_of).max(0).unsigned_abs());
        let is_news = age <= self.age_max;
        self.rules.iter().filter(move |rule| is_news && rule.wants(event))
    }

    /// Whether the queue can be where it is said to be, where there are rules. Nothing is made.
    ///
    /// # Errors
    ///
    /// There is no such folder, or a folder has that name.
    pub fn check_file(&self) -> anyhow::Result<()> {
        let shown = maritime::shown(&self.file.display().to_string());
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if self.rules.is_empty() {
            return Ok(());
        }
        if self.file.is_dir() {
            anyhow::bail!("alerts.file is {shown:?}, which is a folder");
        }
        match folder.is_none_or(|folder| folder.is_dir()) {
            true => Ok(()),
            false => anyhow::bail!("alerts.file is {shown:?}, and there is no such folder"),
        }
    }

    /// The channels of a rule.
    pub fn channels<'a>(&'a self, rule: &'a Rule) -> impl Iterator<Item = &'a Channel> {
        self.channels.iter().filter(|channel| rule.to.contains(&channel.name))
    }
}

/// What is told of an event by a rule, as JSON: `text` is for people.
pub fn body(rule: &Rule, event: &EventRecord) -> serde_json::Value {
    serde_json::json!({
        "rule": rule.name,
        "id": format!("{}/{}", rule.name, event.id),
        "text": format!("{}: {}", rule.name, maritime::shown(&event.explanation)),
        "event": event,
    })
}

#[cfg(test)]
pub mod samples {
    use super::*;

    /// A transfer of two tankers on a watchlist.
    pub fn event() -> EventRecord {
        let vessel = |mmsi: u32, flag: &str, lists: &[&str]| {
            serde_json::json!({"mmsi": mmsi, "imo": null, "name": "<!channel> A & B", "callsign": null, "flag": flag,
                "type": "tanker", "length_m": null, "beam_m": null, "draught_m_before": null,
                "draught_m_after": null, "watchlists": lists})
        };
        let record = serde_json::json!({
            "id": "encounter-1-2-20240101T000000Z", "version": 1, "kind": "encounter", "state": "open",
            "class": "possible_transfer", "class_confidence": 0.5, "class_reasons": [],
            "vessels": [vessel(311_000_222, "BS", &["sanctions (imo)"]), vessel(538_005_541, "MH", &[])],
            "started_at": "2024-01-01T00:00:00Z", "started_at_earliest": null,
            "started_at_latest": "2024-01-01T00:00:00Z", "ended_at": "2024-01-01T02:00:00Z",
            "ended_at_earliest": "2024-01-01T02:00:00Z", "ended_at_latest": null,
            "latitude_deg": 28.0, "longitude_deg": -94.0, "observed_s": [], "bridged_s": [], "silence_max_s": [],
            "zones": ["Gulf"], "h3_cell": "8", "figures": {}, "profiles": ["gfw", "sts"], "score": 0.8,
            "reasons": [], "explanation": "<!channel> A & B met", "as_of": "2024-01-01T02:00:00Z",
            "software_version": "0", "parameters_hash": "0"
        });
        serde_json::from_value(record).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Rule), expected: bool) {
        let mut rule = Rule { name: "r".into(), ..Rule::default() };
        change(&mut rule);
        assert_eq!(rule.wants(&samples::event()), expected, "{rule:?}");
    }

    #[test]
    fn a_rule_wants_what_has_all_that_it_asks_for() {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        check(|_| {}, true);
        check(|rule| rule.kinds = list(&["gap"]), false);
        check(|rule| rule.kinds = list(&["gap", "encounter"]), true);
        check(|rule| rule.profiles = list(&["sts"]), true);
        check(|rule| rule.profiles = list(&["skylight"]), false);
        check(|rule| rule.classes = list(&["possible_transfer"]), true);
        check(|rule| rule.classes = list(&["tow"]), false);
        check(|rule| rule.score_min = 0.8, true);
        check(|rule| rule.score_min = 0.81, false);
        check(|rule| rule.zones = list(&["Gulf"]), true);
        check(|rule| rule.zones = list(&["Baltic"]), false);
        check(|rule| rule.flags = list(&["PA", "MH"]), true);
        check(|rule| rule.flags = list(&["PA"]), false);
        check(|rule| rule.watchlists = list(&["sanctions"]), true);
        check(|rule| rule.watchlists = list(&["any"]), true);
        check(|rule| rule.watchlists = list(&["others"]), false);
        let retracted = EventRecord { state: "retracted".into(), ..samples::event() };
        assert!(!Rule::default().wants(&retracted));
    }

    #[test]
    fn what_is_old_is_no_news() {
        let rules = vec![Rule::default()];
        let alerts = Alerts { rules, age_max: Duration::from_secs(3600), ..Alerts::default() };
        let event = samples::event();
        let wanting =
            |secs: i64| alerts.wanting(&event, event.as_of.plus_millis(1000 * secs)).count();
        assert_eq!((wanting(-5), wanting(3600), wanting(3601)), (1, 1, 0));
    }
}
