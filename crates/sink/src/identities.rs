//! Every identity under which a vessel was heard.
//!
//! Takes static reports in the order of their arrival, gives for each vessel what it called itself and when. A message
//! of class B comes in two parts: an identity that only says more than the one before takes its place.

use maritime::{Mmsi, StaticReport, Timestamp, VesselIdentity};
use rustc_hash::FxHashMap;

/// Of one vessel. One that goes through more gives up its oldest.
const IDENTITIES_MAX: usize = 16;

/// From when to when a vessel was heard under an identity.
pub type HeardAs = (VesselIdentity, Timestamp, Timestamp);

/// What vessels call themselves.
#[derive(Debug)]
pub struct Identities {
    vessels_max: usize,
    vessels: FxHashMap<Mmsi, Vec<HeardAs>>,
}

impl Identities {
    /// Of at most so many vessels; of further ones nothing is kept.
    pub fn new(vessels_max: usize) -> Self {
        Identities { vessels_max, vessels: FxHashMap::default() }
    }

    /// Takes in what a vessel says of itself.
    pub fn learn(&mut self, report: &StaticReport) {
        if self.vessels.len() >= self.vessels_max && !self.vessels.contains_key(&report.mmsi) {
            return;
        }
        let (at, said) = (report.observed_at, &report.identity);
        let known = self.vessels.entry(report.mmsi).or_default();
        // The present one stands last.
        let Some((present, _, last)) = known.last_mut() else {
            if *said != VesselIdentity::default() {
                known.push((*said, at, at));
            }
            return;
        };
        let mut now = *present;
        now.update(said);
        if now == *present || is_completed(present, &now) {
            (*present, *last) = (now, (*last).max(at));
            return;
        }
        if let Some(before) = known.iter().position(|one| one.0 == now) {
            let (identity, first, last) = known.remove(before);
            known.push((identity, first.min(at), last.max(at)));
            return;
        }
        if known.len() == IDENTITIES_MAX {
            known.remove(0);
        }
        known.push((now, at, at));
    }

    /// Those of one vessel; the present one last.
    pub fn of(&self, mmsi: Mmsi) -> &[HeardAs] {
        self.vessels.get(&mmsi).map_or(&[], Vec::as_slice)
    }
}

/// Whether `now` says all that `before` said, and more.
fn is_completed(before: &VesselIdentity, now: &VesselIdentity) -> bool {
    fn holds<T: PartialEq>(before: Option<T>, now: Option<T>) -> bool {
        before.is_none() || before == now
    }
    holds(before.imo, now.imo)
        && holds(before.name, now.name)
        && holds(before.callsign, now.callsign)
        && holds(before.ship_type, now.ship_type)
        && holds(before.dimensions, now.dimensions)
}

#[cfg(test)]
mod tests {
    use maritime::Text;

    use super::*;

    fn said(name: Option<&str>, callsign: Option<&str>, at_s: i64) -> StaticReport {
        StaticReport {
            mmsi: Mmsi::new(311_000_222).unwrap(),
            observed_at: Timestamp::from_secs(at_s),
            identity: VesselIdentity {
                name: name.and_then(Text::new),
                callsign: callsign.and_then(Text::new),
                ..VesselIdentity::default()
            },
            draught_m: None,
            destination: None,
        }
    }

    #[track_caller]
    fn check(reports: &[StaticReport], expected: &[(&str, i64, i64)]) {
        let mut identities = Identities::new(10);
        reports.iter().for_each(|report| identities.learn(report));
        let found: Vec<(String, i64, i64)> = identities
            .of(reports[0].mmsi)
            .iter()
            .map(|(identity, first, last)| {
                let text = |part: Option<&str>| part.unwrap_or("-").to_owned();
                let name = text(identity.name.as_ref().map(|name| name.as_str()));
                let callsign = text(identity.callsign.as_ref().map(|sign| sign.as_str()));
                (format!("{name} {callsign}"), first.as_millis() / 1000, last.as_millis() / 1000)
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(text, first, last)| ((*text).to_owned(), *first, *last))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn two_parts_are_one_identity() {
        check(&[said(Some("A"), None, 1), said(None, Some("X"), 2)], &[("A X", 1, 2)]);
    }

    #[test]
    fn a_former_name_is_kept_with_its_time_and_comes_back() {
        let reports = [("A", 1), ("B", 2), ("B", 3), ("A", 4)];
        let reports = reports.map(|(name, at_s)| said(Some(name), None, at_s));
        check(&reports[..3], &[("A -", 1, 1), ("B -", 2, 3)]);
        check(&reports, &[("B -", 2, 3), ("A -", 1, 4)]);
    }

    #[test]
    fn of_more_vessels_than_the_bound_nothing_is_kept() {
        let mut identities = Identities::new(0);
        identities.learn(&said(Some("A"), None, 1));
        assert!(identities.of(Mmsi::new(311_000_222).unwrap()).is_empty());
    }
}
