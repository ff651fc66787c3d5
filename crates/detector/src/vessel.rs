//! What is remembered of everybody who was heard.

use std::time::Duration;

use arrayvec::ArrayVec;
use maritime::{Mmsi, StaticReport, Timestamp, VesselIdentity};

use crate::fix::Fix;
use crate::track::TrackIndex;

/// As many ships as are told apart under one number.
pub(crate) const SUB_TRACKS_MAX: usize = 4;
/// Changes of draught that are remembered; they come once in a voyage.
const DRAUGHTS_MAX: usize = 4;
/// Earlier identities that are remembered; the oldest makes room.
const EARLIER_MAX: usize = 8;
/// Entries of watchlists that are remembered of one vessel. Further ones are the same ship on yet more lists.
const HITS_MAX: usize = 16;

/// Everything that one MMSI has said, but for most of its positions.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Vessel {
    pub(crate) mmsi: Mmsi,
    /// The newest of every field, but for names without a letter and the like.
    pub(crate) identity: VesselIdentity,
    /// Fields of `identity` that were said more than once.
    confirmed: Fields,
    /// What there is of few vessels.
    rare: Option<Box<Rare>>,
    /// Changes of the draught with the time at which they were first said, oldest first.
    draughts: Vec<(Timestamp, f32)>,
    /// When it said last who it is.
    said_at: Timestamp,
    /// Oldest first.
    pub(crate) tracks: ArrayVec<TrackIndex, SUB_TRACKS_MAX>,
    /// Where it was heard last as a ship, whatever the sub-track.
    pub(crate) last_place: Option<Place>,
    pub(crate) first_heard_at: Timestamp,
    pub(crate) last_heard_at: Timestamp,
    pub(crate) positions: u64,
    /// Whether an encounter of it was ever told.
    pub(crate) has_met: bool,
}

/// What there is to remember of few vessels.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Rare {
    /// What was said otherwise of late and not often enough to be believed.
    proposal: Option<Box<Proposal>>,
    /// Oldest first.
    earlier: Vec<Change>,
    /// Entries of watchlists that name it, in the order in which they were found.
    hits: Vec<Hit>,
    hit_changes: u32,
}

/// Where and when, in the units of [`Fix`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Place {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) latitude: i32,
    pub(crate) longitude: i32,
    /// The sub-track it belongs to.
    pub(crate) track: TrackIndex,
}

impl Place {
    pub(crate) fn of(fix: &Fix, track: TrackIndex) -> Self {
        Place { at: fix.at, latitude: fix.latitude, longitude: fix.longitude, track }
    }

    pub(crate) fn position(self) -> maritime::Position {
        crate::fix::position(i64::from(self.latitude), i64::from(self.longitude))
    }
}

/// An entry of a watchlist that names a vessel.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Hit {
    /// Its place among all entries.
    pub(crate) entry: u32,
    /// The list and what matched: `EU (IMO 9074729)`.
    pub(crate) text: String,
    /// How much that speaks for its being that vessel, in `[0, 1]`.
    pub(crate) weight: f64,
}

/// What a vessel said of itself that it had not said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct News {
    /// Fields that are known for the first time, or otherwise than before.
    pub(crate) fields: Fields,
    /// Whether some of them were known otherwise: then the last of [`Vessel::earlier`] is new.
    pub(crate) changed: bool,
}

/// A time at which a vessel began to call itself otherwise.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Change {
    /// When it was said first.
    pub(crate) said_at: Timestamp,
    /// When it was said again, and believed.
    pub(crate) confirmed_at: Timestamp,
    pub(crate) fields: Fields,
    pub(crate) before: VesselIdentity,
    pub(crate) after: VesselIdentity,
}

/// Values that differ from those believed.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Proposal {
    /// What is believed until they are confirmed.
    believed: VesselIdentity,
    proposed: VesselIdentity,
    fields: Fields,
    /// When each was said first.
    said_at: [Timestamp; Field::ALL.len()],
}

impl Vessel {
    pub(crate) fn new(mmsi: Mmsi, heard_at: Timestamp) -> Self {
        Vessel {
            mmsi,
            identity: VesselIdentity::default(),
            confirmed: Fields::default(),
            rare: None,
            draughts: Vec::new(),
            said_at: Timestamp::MIN,
            tracks: ArrayVec::new(),
            last_place: None,
            first_heard_at: heard_at,
            last_heard_at: heard_at,
            positions: 0,
            has_met: false,
        }
    }

    /// When it was heard first, in whole seconds since 1970.
    pub(crate) fn known_since(&self) -> u32 {
        (self.first_heard_at.as_millis() / 1000).clamp(0, i64::from(u32::MAX)) as u32
    }

    /// Which of its sub-tracks makes room for another one, by when they were heard last.
    pub(crate) fn silent_longest(heard_at: impl Iterator<Item = i64>) -> usize {
        let silent = heard_at.enumerate().min_by_key(|&(_, at)| at);
        silent.expect("there are some").0
    }

    /// Takes in what the vessel says of itself. A value that differs from the one that was said before is
    /// believed once it is said again at least `confirmed_after` later, and not the old one in between: so
    /// that neither a garbled message nor two copies of it change who a ship is.
    pub(crate) fn learn(&mut self, report: &StaticReport, confirmed_after: Duration) -> News {
        self.said_at = self.said_at.max(report.observed_at);
        self.learn_draught(report);
        self.learn_identity(&report.identity, report.observed_at, confirmed_after)
    }

    /// Takes in what the vessel said some time ago. If it has said anything since, that holds, and this one tells
    /// only what is not known otherwise.
    pub(crate) fn learn_late(&mut self, report: &StaticReport, confirmed_after: Duration) -> News {
        if report.observed_at >= self.said_at {
            return self.learn(report, confirmed_after);
        }
        if self.draughts.last().is_none_or(|&(since, _)| since <= report.observed_at) {
            self.learn_draught(report);
        }
        let mut news = News::default();
        for field in Field::ALL {
            if field.is_in(&report.identity) && !field.is_in(&self.identity) {
                field.copy(&report.identity, &mut self.identity);
                if let Some(proposal) = self.proposal_mut() {
                    field.copy(&report.identity, &mut proposal.believed);
                }
                news.fields.add(field);
            }
        }
        news
    }

    fn learn_draught(&mut self, report: &StaticReport) {
        let Some(draught_m) = report.draught_m else { return };
        if self.draught_m() == Some(draught_m) {
            return;
        }
        if self.draughts.len() == DRAUGHTS_MAX {
            self.draughts.remove(0);
        }
        // Most have one or none.
        self.draughts.reserve_exact(1);
        self.draughts.push((report.observed_at, draught_m));
    }

    fn learn_identity(
        &mut self,
        said: &VesselIdentity,
        at: Timestamp,
        confirmed_after: Duration,
    ) -> News {
        let before = *self.believed();
        let mut believed = before;
        let (mut news, mut changed) = (Fields::default(), Fields::default());
        let mut said_at = at;
        for field in Field::ALL {
            if !field.is_in(said) {
                continue;
            }
            if !field.is_in(&believed) || field.same(said, &believed) {
                let is_new = !field.is_in(&believed);
                let seen = if is_new { &mut news } else { &mut self.confirmed };
                seen.add(field);
                field.copy(said, &mut believed);
                if let Some(proposal) = self.proposal_mut() {
                    proposal.fields.remove(field);
                }
                continue;
            }
            if !self.confirmed.has(field) {
                // What was said once only was not believed firmly enough for this to be a change.
                field.copy(said, &mut believed);
                news.add(field);
                continue;
            }
            let proposal = self.rare().proposal.get_or_insert_with(|| {
                Box::new(Proposal {
                    believed: before,
                    proposed: VesselIdentity::default(),
                    fields: Fields::default(),
                    said_at: [at; Field::ALL.len()],
                })
            });
            let first_at = &mut proposal.said_at[field as usize];
            if !(proposal.fields.has(field) && field.same(said, &proposal.proposed)) {
                proposal.fields.add(field);
                field.copy(said, &mut proposal.proposed);
                *first_at = at;
            } else if at >= first_at.plus(confirmed_after) {
                field.copy(said, &mut believed);
                proposal.fields.remove(field);
                changed.add(field);
                said_at = said_at.min(*first_at);
            }
        }
        for field in Field::ALL.into_iter().filter(|field| field.is_in(said)) {
            field.copy(said, &mut self.identity);
        }
        if let Some(rare) = &mut self.rare {
            match &mut rare.proposal {
                Some(proposal) if !proposal.fields.is_empty() => proposal.believed = believed,
                proposal => *proposal = None,
            }
        }
        if !changed.is_empty() {
            let earlier = &mut self.rare().earlier;
            if earlier.len() == EARLIER_MAX {
                earlier.remove(0);
            }
            let (confirmed_at, fields) = (at, changed);
            earlier.push(Change { said_at, confirmed_at, fields, before, after: believed });
        }
        News { fields: news.with(changed), changed: !changed.is_empty() }
    }

    /// Who it is, as far as that can be believed: without what was said once only, against what was said
    /// before.
    pub(crate) fn believed(&self) -> &VesselIdentity {
        let proposal = self.rare.as_ref().and_then(|rare| rare.proposal.as_ref());
        proposal.map_or(&self.identity, |proposal| &proposal.believed)
    }

    /// Its changes of identity that are remembered, oldest first.
    pub(crate) fn earlier(&self) -> &[Change] {
        self.rare.as_ref().map_or(&[], |rare| &rare.earlier)
    }

    /// How often it changed its identity from one instant to another.
    pub(crate) fn identity_changes(&self, from: Timestamp, to: Timestamp) -> u32 {
        let within = |change: &&Change| (from..=to).contains(&change.said_at);
        self.earlier().iter().filter(within).count() as u32
    }

    /// Remembers that an entry of a watchlist names it, unless that is known as well or there is no more
    /// room.
    pub(crate) fn add_hit(&mut self, hit: Hit) {
        let Rare { hits, hit_changes, .. } = self.rare();
        match hits.iter().position(|known| known.entry == hit.entry) {
            Some(index) if hits[index].weight < hit.weight => hits[index] = hit,
            None if hits.len() < HITS_MAX => hits.push(hit),
            _ => return,
        }
        *hit_changes += 1;
    }

    /// Forgets an entry that turned out to name another vessel.
    pub(crate) fn remove_hit(&mut self, entry: u32) {
        let rare = self.rare();
        rare.hits.retain(|known| known.entry != entry);
        rare.hit_changes += 1;
    }

    /// How often these were changed.
    pub(crate) fn hit_changes(&self) -> u32 {
        self.rare.as_ref().map_or(0, |rare| rare.hit_changes)
    }

    /// Entries of watchlists that name it, in the order in which they were found.
    pub(crate) fn hits(&self) -> &[Hit] {
        self.rare.as_ref().map_or(&[], |rare| &rare.hits)
    }

    /// The same as they appear in events.
    pub(crate) fn watchlists(&self) -> Vec<String> {
        self.hits().iter().map(|hit| hit.text.clone()).collect()
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    fn proposal_mut(&mut self) -> Option<&mut Proposal> {
        self.rare.as_mut()?.proposal.as_deref_mut()
    }

    /// As said last.
    pub(crate) fn draught_m(&self) -> Option<f32> {
        self.draughts.last().map(|&(_, draught_m)| draught_m)
    }

    /// As it was said last at that instant.
    pub(crate) fn draught_m_at(&self, at: Timestamp) -> Option<f32> {
        let said = self.draughts.iter().rev().find(|&&(since, _)| since <= at);
        said.map(|&(_, draught_m)| draught_m)
    }
}

/// A part of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Field {
    Imo,
    Name,
    Callsign,
    ShipType,
    Dimensions,
}

impl Field {
    pub(crate) const ALL: [Field; 5] =
        [Field::Imo, Field::Name, Field::Callsign, Field::ShipType, Field::Dimensions];

    /// Lengths that differ by no more than this are corrections, or another antenna's.
    const LENGTH_M_NOISE: u16 = 10;
    /// The same for beams.
    const BEAM_M_NOISE: u16 = 5;

    /// Whether anything is said there: a name of dots and a type of 0 are nothing.
    pub(crate) fn is_in(self, identity: &VesselIdentity) -> bool {
        match self {
            Field::Imo => identity.imo.is_some(),
            Field::Name => identity.name.is_some_and(|name| plain(name.as_str()).next().is_some()),
            Field::Callsign => {
                identity.callsign.is_some_and(|sign| plain(sign.as_str()).next().is_some())
            }
            Field::ShipType => identity.ship_type.is_some_and(|it| it.category().is_some()),
            Field::Dimensions => identity.dimensions.is_some(),
        }
    }

    /// Whether two identities that have it say the same: in other letters, with other blanks, another
    /// cargo or some metres more or less.
    pub(crate) fn same(self, a: &VesselIdentity, b: &VesselIdentity) -> bool {
        match self {
            Field::Imo => a.imo == b.imo,
            Field::Name => match (&a.name, &b.name) {
                (Some(a), Some(b)) => plain(a.as_str()).eq(plain(b.as_str())),
                _ => false,
            },
            Field::Callsign => match (&a.callsign, &b.callsign) {
                (Some(a), Some(b)) => {
                    let zero = |c: char| if c == 'O' { '0' } else { c };
                    plain(a.as_str()).map(zero).eq(plain(b.as_str()).map(zero))
                }
                _ => false,
            },
            Field::ShipType => {
                let category = |it: &VesselIdentity| it.ship_type.and_then(|it| it.category());
                category(a) == category(b)
            }
            Field::Dimensions => match (a.dimensions, b.dimensions) {
                (Some(a), Some(b)) => {
                    a.length_m().abs_diff(b.length_m()) <= Self::LENGTH_M_NOISE
                        && a.beam_m().abs_diff(b.beam_m()) <= Self::BEAM_M_NOISE
                }
                _ => false,
            },
        }
    }

    fn copy(self, from: &VesselIdentity, to: &mut VesselIdentity) {
        match self {
            Field::Imo => to.imo = from.imo,
            Field::Name => to.name = from.name,
            Field::Callsign => to.callsign = from.callsign,
            Field::ShipType => to.ship_type = from.ship_type,
            Field::Dimensions => to.dimensions = from.dimensions,
        }
    }
}

/// A set of [`Field`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Fields(u8);

impl Fields {
    pub(crate) fn has(self, field: Field) -> bool {
        self.0 & (1 << field as u8) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn with(self, other: Fields) -> Self {
        Fields(self.0 | other.0)
    }

    pub(crate) fn add(&mut self, field: Field) {
        self.0 |= 1 << field as u8;
    }

    fn remove(&mut self, field: Field) {
        self.0 &= !(1 << field as u8);
    }
}

/// The letters and digits of a name or callsign, in capitals: what is left when the padding, the blanks and
/// the punctuation that every operator sets otherwise are gone.
pub(crate) fn plain(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use maritime::{Dimensions, Imo, ShipType, Text};

    use super::*;

    fn vessel() -> Vessel {
        Vessel::new(Mmsi::new(200_000_001).unwrap(), Timestamp::from_secs(0))
    }

    fn report(second: i64, identity: VesselIdentity, draught_m: Option<f32>) -> StaticReport {
        StaticReport {
            mmsi: Mmsi::new(200_000_001).unwrap(),
            observed_at: Timestamp::from_secs(second),
            identity,
            draught_m,
            destination: None,
        }
    }

    fn named(name: &str) -> VesselIdentity {
        VesselIdentity { name: Text::new(name), ..VesselIdentity::default() }
    }

    /// Says each name at its minute; gives the minutes at which changes began.
    #[track_caller]
    fn check(said: &[(i64, &str)], expected_minutes: &[i64], expected_believed: &str) {
        let mut vessel = vessel();
        for &(minute, name) in said {
            vessel.learn(&report(minute * 60, named(name), None), Duration::from_secs(60));
        }
        let minutes = vessel.earlier().iter().map(|it| it.said_at.as_millis() / 60_000);
        assert_eq!(minutes.collect::<Vec<_>>(), expected_minutes);
        assert_eq!(vessel.believed().name.unwrap().as_str(), expected_believed);
    }

    #[test]
    fn the_draught_is_that_of_the_time() {
        let mut vessel = vessel();
        for (second, draught_m) in [(10, 8.0), (20, 8.0), (30, 12.5)] {
            let report = report(second, VesselIdentity::default(), Some(draught_m));
            vessel.learn(&report, Duration::ZERO);
        }
        assert_eq!(vessel.draught_m_at(Timestamp::from_secs(9)), None);
        assert_eq!(vessel.draught_m_at(Timestamp::from_secs(29)), Some(8.0));
        assert_eq!(vessel.draught_m(), Some(12.5));
    }

    #[test]
    fn a_name_is_changed_when_the_new_one_was_said_twice() {
        check(&[(0, "ALFA"), (6, "ALFA"), (12, "BRAVO"), (18, "BRAVO")], &[12], "BRAVO");
        check(&[(0, "ALFA"), (6, "ALFA"), (12, "BRAVO")], &[], "ALFA");
    }

    #[test]
    fn what_is_garbled_once_or_in_two_copies_changes_nothing() {
        check(&[(0, "ALFA"), (6, "ALFA"), (12, "ALGA"), (18, "ALFA"), (24, "ALGA")], &[], "ALFA");
        check(&[(0, "ALFA"), (6, "ALFA"), (12, "ALGA"), (12, "ALGA"), (18, "ALFA")], &[], "ALFA");
        check(&[(0, "ALGA"), (6, "ALFA"), (12, "ALFA")], &[], "ALFA");
    }

    #[test]
    fn padding_and_case_are_no_name() {
        check(&[(0, "ALFA  1"), (6, "Alfa 1@@@"), (12, "ALFA-1"), (18, "...")], &[], "ALFA-1");
    }

    #[test]
    fn the_two_parts_of_a_class_b_identity_are_one() {
        let mut vessel = vessel();
        let part_b = VesselIdentity {
            ship_type: Some(ShipType(37)),
            callsign: Text::new("DA1234"),
            dimensions: Some(Dimensions { bow_m: 8, stern_m: 4, port_m: 2, starboard_m: 2 }),
            ..VesselIdentity::default()
        };
        for round in 0..10 {
            vessel.learn(&report(round * 360, named("ALFA"), None), Duration::ZERO);
            vessel.learn(&report(round * 360 + 1, part_b, None), Duration::ZERO);
        }
        assert_eq!(vessel.earlier(), []);
    }

    #[test]
    fn small_corrections_are_the_same_ship() {
        let ship = |ship_type, bow_m, callsign: &str| VesselIdentity {
            imo: Imo::new(9_074_729),
            ship_type: Some(ShipType(ship_type)),
            callsign: Text::new(callsign),
            dimensions: Some(Dimensions { bow_m, stern_m: 30, port_m: 10, starboard_m: 12 }),
            ..VesselIdentity::default()
        };
        let same = |field: Field| field.same(&ship(80, 200, "H0AB"), &ship(84, 205, "HOAB"));
        assert!(Field::ALL[2..].iter().all(|field| same(*field)));
        assert!(!Field::Dimensions.same(&ship(80, 200, "A"), &ship(80, 230, "A")));
        assert!(!Field::ShipType.same(&ship(80, 200, "A"), &ship(70, 200, "A")));
    }

    #[test]
    fn earlier_identities_are_bounded() {
        let mut vessel = vessel();
        for round in 0..100 {
            let name = format!("SHIP {}", round / 2);
            vessel.learn(&report(round * 360, named(&name), None), Duration::ZERO);
        }
        assert_eq!(vessel.earlier().len(), EARLIER_MAX);
        assert_eq!(vessel.identity_changes(Timestamp::MIN, Timestamp::MAX), 8);
    }
}
