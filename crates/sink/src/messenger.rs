//! From what is found and heard to messages.
//!
//! Takes events and reports in the order in which they are told; gives messages. It thins positions, and tells an
//! identity when it is new and once more at the end, with when it was heard last. What it gives depends on what it
//! takes alone.

use std::time::Duration;

use std::collections::HashMap;

use maritime::{Event, Mmsi, PositionFix, Report, Timestamp, VesselIdentity};

use crate::json::to_text;
use crate::{EventRecord, IdentityRecord, Message, PositionRecord, Provenance, Topic};

/// Identities of one vessel that are remembered. Two ships under one number change to and fro between two; one that
/// changes its identity more often than this tells its oldest ones again, which changes nothing in a table.
const IDENTITIES_MAX: usize = 8;

/// What is told, and how much of it.
#[derive(Debug, Clone, PartialEq)]
pub struct MessengerOptions {
    /// Names the feed or recording.
    pub source: String,
    /// Of one vessel, at most one position in this time; 0 tells all, `None` none.
    pub positions_every: Option<Duration>,
    /// Vessels that are remembered; beyond it all are forgotten at once, and tell their identities again.
    pub vessels_max: usize,
}

/// Makes messages.
#[derive(Debug)]
pub struct Messenger {
    options: MessengerOptions,
    provenance: Provenance,
    vessels: HashMap<Mmsi, Known>,
}

/// Of one vessel.
#[derive(Debug, Default)]
struct Known {
    /// Of the last position that was told.
    told_at: Option<Timestamp>,
    now: VesselIdentity,
    /// With first and last time; newest last.
    identities: Vec<(VesselIdentity, Timestamp, Timestamp)>,
}

impl Messenger {
    /// One that has told nothing yet.
    pub fn new(options: MessengerOptions, provenance: Provenance) -> Self {
        Messenger { options, provenance, vessels: HashMap::new() }
    }

    /// The message that tells of `event`.
    pub fn event(&self, event: &Event) -> Message {
        let record = EventRecord::new(event, &self.provenance);
        Message {
            topic: Topic::Events,
            id: format!("{}/{}/{}", record.id, record.version, record.parameters_hash),
            source: self.options.source.clone(),
            payload: to_text(&record),
            key: record.id,
        }
    }

    /// The message that tells of `report`, if any shall.
    pub fn report(&mut self, report: &Report) -> Option<Message> {
        if self.vessels.len() >= self.options.vessels_max
            && !self.vessels.contains_key(&report.mmsi())
        {
            self.vessels.clear();
        }
        let known = self.vessels.entry(report.mmsi()).or_default();
        match report {
            Report::Position(fix) => {
                let every = self.options.positions_every?;
                // A report from before the last one that was told is told as well: it came late, and nobody else
                // stands for it.
                let since = known.told_at.map(|told_at| fix.observed_at.millis_since(told_at));
                let is_near = |millis: i64| millis >= 0 && (millis as u128) < every.as_millis();
                if since.is_some_and(is_near) {
                    return None;
                }
                known.told_at = Some(fix.observed_at);
                Some(position(fix, &self.options.source))
            }
            Report::Static(report) => {
                known.now.update(&report.identity);
                let (now, at) = (known.now, report.observed_at);
                if let Some((_, first, last)) = known.identities.iter_mut().find(|one| one.0 == now)
                {
                    (*first, *last) = ((*first).min(at), (*last).max(at));
                    return None;
                }
                if known.identities.len() == IDENTITIES_MAX {
                    known.identities.remove(0);
                }
                known.identities.push((now, at, at));
                Some(identity(report.mmsi, &(now, at, at), &self.options.source))
            }
        }
    }

    /// The identities that are remembered once more, now with the times they were heard last; in the order of numbers.
    pub fn finish(&mut self) -> impl Iterator<Item = Message> + '_ {
        let mut vessels: Vec<(Mmsi, Known)> = self.vessels.drain().collect();
        vessels.sort_unstable_by_key(|(mmsi, _)| *mmsi);
        let source = &self.options.source;
        vessels.into_iter().flat_map(move |(mmsi, mut known)| {
            // The one heard last comes last: it is the one that a compacted topic keeps.
            known.identities.sort_by_key(|(_, first, last)| (*last, *first));
            let messages = known.identities.iter().map(|one| identity(mmsi, one, source));
            messages.collect::<Vec<_>>()
        })
    }
}

fn position(fix: &PositionFix, source: &str) -> Message {
    Message {
        topic: Topic::Positions,
        key: fix.mmsi.to_string(),
        id: format!("{}/{}", fix.mmsi, fix.observed_at.as_millis()),
        source: source.into(),
        payload: to_text(&PositionRecord::new(fix, source)),
    }
}

fn identity(mmsi: Mmsi, one: &(VesselIdentity, Timestamp, Timestamp), source: &str) -> Message {
    let (identity, first, last) = one;
    Message {
        topic: Topic::Vessels,
        key: mmsi.to_string(),
        id: format!("{mmsi}/{}", last.as_millis()),
        source: source.into(),
        payload: to_text(&IdentityRecord::new(mmsi, identity, (*first, *last), source)),
    }
}

#[cfg(test)]
mod tests {
    use maritime::{Position, StaticReport, Text};

    use super::*;
    use crate::samples::provenance;

    fn messenger(every_s: u64) -> Messenger {
        let positions_every = Some(Duration::from_secs(every_s));
        Messenger::new(
            MessengerOptions { source: "test".into(), positions_every, vessels_max: 1000 },
            provenance(),
        )
    }

    fn fix(at_s: i64) -> Report {
        Report::Position(PositionFix {
            mmsi: Mmsi::new(311_000_222).unwrap(),
            observed_at: Timestamp::from_secs(at_s),
            position: Position::new(28.25, -94.86).unwrap(),
            speed_knots: Some(0.5),
            course_deg: None,
            heading_deg: Some(359.6),
            coarse: false,
            station: None,
        })
    }

    fn named(name: &str, at_s: i64) -> Report {
        Report::Static(StaticReport {
            mmsi: Mmsi::new(311_000_222).unwrap(),
            observed_at: Timestamp::from_secs(at_s),
            identity: VesselIdentity { name: Text::new(name), ..VesselIdentity::default() },
            draught_m: None,
            destination: None,
        })
    }

    #[test]
    fn positions_are_thinned_and_late_ones_are_told() {
        let mut messenger = messenger(60);
        let told: Vec<i64> = [0, 10, 59, 60, 61, 30, 89, 90]
            .into_iter()
            .filter(|at_s| messenger.report(&fix(*at_s)).is_some())
            .collect();
        assert_eq!(told, [0, 60, 30, 90]);
        assert!(messenger.report(&fix(0)).unwrap().payload.contains("\"heading_deg\":0,"));
    }

    #[test]
    fn an_identity_is_told_when_it_is_new_and_at_the_end() {
        let mut messenger = messenger(60);
        assert!(messenger.report(&named("A", 0)).is_some());
        assert!(messenger.report(&named("A", 10)).is_none());
        assert!(messenger.report(&named("B", 20)).is_some());
        assert!(messenger.report(&named("A", 30)).is_none());
        let last: Vec<String> = messenger.finish().map(|message| message.payload).collect();
        assert_eq!(last.len(), 2);
        assert!(
            last[0].contains("\"name\":\"B\"") && last[1].contains("\"name\":\"A\""),
            "{last:?}"
        );
        assert!(last[1].contains("\"last_heard_at\":\"1970-01-01T00:00:30.000Z\""), "{last:?}");
    }
}
