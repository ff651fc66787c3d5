//! Who a vessel says it is: names, numbers and types that change under one MMSI, identities that move from one
//! MMSI to another, and identities that two vessels have at one time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, hash_map::Entry};

use maritime::{
    Event, EventId, EventKind, EventState, Figure, METRES_PER_NAUTICAL_MILE, MmsiKind, Position,
    Reason, Subject, Timestamp, VesselIdentity, VesselPair,
};
use rustc_hash::FxHashMap;

use super::{DAY, Heard, Learned, World, event};
use crate::vessel::{Change, Field, Place, Vessel, plain};

/// Changes that are under observation, and pairs that call themselves alike. Beyond that none is added
/// until one has been closed: a flood of invented ships costs this much memory, and hides others for a day.
const OBSERVED_MAX: usize = 100_000;
/// Identities by which vessels can be found, one or two for each vessel. Beyond that a vessel cannot be
/// recognised by its number or name when another one takes it up.
const CLAIMS_MAX: usize = 2_000_000;
/// Vessels that are remembered to have had one identity; the one that took it up first makes room.
const HOLDERS_MAX: usize = 4;
/// In place of a vessel.
const NOBODY: u32 = u32::MAX;
/// While a vessel changes to and fro it is told anew no more often than this.
const TOLD_EVERY_MILLIS: i64 = 6 * 3_600_000;
/// 1234567 has a good check digit, and is what is typed where a number is asked for.
const IMO_TYPED: u32 = 1_234_567;
/// Names this near to each other are taken for corrections of one.
const SPELLING_MAX: usize = 2;

/// Changes, hand-overs and conflicts of identities.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Identities {
    /// By vessel: what changed within the last day.
    #[serde(with = "crate::snapshot::sorted_map")]
    changes: FxHashMap<u32, Changes>,
    /// By IMO number, or by a hash of name and callsign: who had it, and [`NOBODY`]. A hash may stand for two identities, so
    /// it is looked at again.
    #[serde(with = "crate::snapshot::sorted_map")]
    claims: FxHashMap<u64, [u32; HOLDERS_MAX]>,
    /// Who had it before and who has it now: pairs that have called themselves alike within the last day.
    #[serde(with = "crate::snapshot::sorted_map")]
    pairs: FxHashMap<(u32, u32), Alike>,
    #[serde(with = "crate::snapshot::sorted_heap")]
    timers: BinaryHeap<Reverse<(i64, Timer)>>,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
enum Timer {
    Changes(u32),
    Pair(u32, u32),
}

/// The changes of one vessel that are less than a day apart: one event.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Changes {
    id: EventId,
    version: u32,
    first: Change,
    last: Change,
    count: u32,
    /// How often it took up again what it had called itself before.
    returns: u32,
    /// `None` until it is known where the vessel is.
    told_at: Option<i64>,
    told_count: u32,
    due: i64,
}

/// Two vessels that called themselves alike.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Alike {
    /// What they share, in words.
    what: String,
    by_imo: bool,
    /// When the second one took it up, and where it was.
    claimed_at: Timestamp,
    claimed_from: Option<Place>,
    /// Where the first one was heard last before that.
    held_at: Option<Place>,
    /// The second one had been heard before the first fell silent, and had not changed to it.
    overlapping: bool,
    told: Option<Told>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Told {
    id: EventId,
    version: u32,
    started_at: Timestamp,
}

impl Identities {
    pub(super) fn heard(&mut self, heard: &Heard, world: World<'_>, told: &mut Vec<Event>) {
        // Only the first position of a vessel makes a difference, and it begins a sub-track.
        if heard.before.is_some() || world.vessel(heard.vessel).last_place.is_some() {
            return;
        }
        if let Some(changes) = self.changes.get_mut(&heard.vessel) {
            let here = Some(heard.fix.position());
            changes.tell(heard.vessel, EventState::Open, heard.fix.at, here, world, told);
        }
    }

    pub(super) fn learned(&mut self, learned: &Learned, world: World<'_>, told: &mut Vec<Event>) {
        if learned.news.fields.is_empty() {
            return;
        }
        let vessel = world.vessel(learned.vessel);
        if is_gear(vessel) {
            return;
        }
        if learned.news.changed {
            self.change(learned, world, told);
        }
        let names = [Field::Name, Field::Callsign];
        if learned.news.fields.has(Field::Imo) {
            self.claim(imo_key(vessel.believed()), learned, world);
        }
        if names.iter().any(|&field| learned.news.fields.has(field)) {
            self.claim(name_key(vessel.believed()), learned, world);
        }
    }

    /// Tells what is due before `now`, as of when it was due.
    pub(super) fn advance(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        while let Some(&Reverse((due, timer))) = self.timers.peek()
            && due < now
        {
            self.timers.pop();
            match timer {
                Timer::Changes(vessel) => self.close_changes(vessel, due, world, told),
                Timer::Pair(holder, claimant) => self.judge(holder, claimant, due, world, told),
            }
        }
    }

    /// Tells changes that came since the last telling.
    pub(super) fn tell_rest(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        let mut rest: Vec<(EventId, u32)> = self
            .changes
            .iter()
            .filter(|(_, changes)| changes.count > changes.told_count)
            .map(|(&vessel, changes)| (changes.id, vessel))
            .collect();
        rest.sort_unstable();
        for (_, vessel) in rest {
            let changes = self.changes.get_mut(&vessel).expect("it was there just now");
            let here = world.vessel(vessel).last_place.map(Place::position);
            changes.tell(vessel, EventState::Open, now, here, world, told);
        }
    }

    fn change(&mut self, learned: &Learned, world: World<'_>, told: &mut Vec<Event>) {
        let vessel = world.vessel(learned.vessel);
        let Some(change) = vessel.earlier().last().copied() else { return };
        if is_of_a_tow(&change, vessel) {
            return;
        }
        let at = learned.at.as_millis();
        let due = at + DAY.as_millis() as i64;
        let full = self.changes.len() >= OBSERVED_MAX;
        let changes = match self.changes.entry(learned.vessel) {
            Entry::Occupied(known) => {
                let changes = known.into_mut();
                let earlier = vessel.earlier().iter().rev().skip(1);
                let day_before = change.said_at.minus(DAY);
                let returned = earlier
                    .take_while(|it| it.said_at >= day_before)
                    .any(|it| is_back(&change, it));
                changes.returns += u32::from(returned);
                changes.last = change;
                changes.count += 1;
                changes.due = due;
                changes
            }
            Entry::Vacant(_) if full => return,
            Entry::Vacant(free) => {
                self.timers.push(Reverse((due, Timer::Changes(learned.vessel))));
                let subject = Subject::Vessel(learned.mmsi);
                free.insert(Changes {
                    // Two changes may have been said first at one time, and believed days apart.
                    id: EventId::of(EventKind::IdentityChange, subject, change.confirmed_at),
                    version: 0,
                    first: change,
                    last: change,
                    count: 1,
                    returns: 0,
                    told_at: None,
                    told_count: 0,
                    due,
                })
            }
        };
        if changes.told_at.is_none_or(|told_at| at - told_at >= TOLD_EVERY_MILLIS) {
            let here = vessel.last_place.map(Place::position);
            changes.tell(learned.vessel, EventState::Open, at, here, world, told);
        }
    }

    fn close_changes(&mut self, vessel: u32, due: i64, world: World<'_>, told: &mut Vec<Event>) {
        let Some(changes) = self.changes.get_mut(&vessel) else { return };
        if changes.due > due {
            self.timers.push(Reverse((changes.due, Timer::Changes(vessel))));
            return;
        }
        let here = world.vessel(vessel).last_place.map(Place::position);
        changes.tell(vessel, EventState::Closed, due, here, world, told);
        self.changes.remove(&vessel);
    }

    /// The vessel has an identity from now on: who else had it?
    fn claim(&mut self, key: Option<u64>, learned: &Learned, world: World<'_>) {
        let Some(key) = key else { return };
        let full = self.claims.len() >= CLAIMS_MAX;
        let holders = match self.claims.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if full => return,
            Entry::Vacant(free) => free.insert([NOBODY; HOLDERS_MAX]),
        };
        let others = *holders;
        if !holders.contains(&learned.vessel) {
            holders.rotate_left(1);
            holders[HOLDERS_MAX - 1] = learned.vessel;
        }
        let is_other = |&other: &u32| other != NOBODY && other != learned.vessel;
        for other in others.into_iter().filter(is_other) {
            self.meet(other, learned, world);
        }
    }

    fn meet(&mut self, other: u32, learned: &Learned, world: World<'_>) {
        let (holder, claimant) = (world.vessel(other), world.vessel(learned.vessel));
        let Some((what, by_imo)) = shared(holder, claimant) else { return };
        if self.pairs.len() >= OBSERVED_MAX || self.pairs.contains_key(&(learned.vessel, other)) {
            return;
        }
        let Entry::Vacant(free) = self.pairs.entry((other, learned.vessel)) else { return };
        free.insert(Alike {
            what,
            by_imo,
            claimed_at: learned.at,
            claimed_from: claimant.last_place,
            held_at: holder.last_place,
            overlapping: !learned.news.changed && claimant.first_heard_at <= holder.last_heard_at,
            told: None,
        });
        let due = learned.at.plus(world.parameters.identity.hand_over_after).as_millis();
        self.timers.push(Reverse((due, Timer::Pair(other, learned.vessel))));
    }

    /// Says whether two that call themselves alike are one vessel after the other, or two.
    fn judge(
        &mut self,
        other: u32,
        claimant: u32,
        due: i64,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) {
        let Some(alike) = self.pairs.get_mut(&(other, claimant)) else { return };
        let vessels = [other, claimant].map(|index| world.vessel(index));
        let day_before = Timestamp::from_millis(due).minus(DAY);
        let heard_since = vessels[0].last_heard_at > alike.claimed_at;
        let still = vessels.iter().all(|vessel| vessel.last_heard_at >= day_before);
        let again = Timestamp::from_millis(due).plus(DAY).as_millis();
        let known = alike.told.as_ref().map(|it| it.id.kind());
        let goes_on = match known {
            // The one that had fallen silent was heard again: they are two.
            Some(EventKind::IdentityChange) if heard_since => {
                alike.tell_hand_over(EventState::Retracted, [other, claimant], due, world, told);
                alike.told = None;
                alike.tell_conflict(EventState::Open, [other, claimant], due, world, told);
                true
            }
            Some(EventKind::IdentityChange) => {
                alike.tell_hand_over(EventState::Closed, [other, claimant], due, world, told);
                false
            }
            Some(_) => {
                let state = if still { EventState::Open } else { EventState::Closed };
                alike.tell_conflict(state, [other, claimant], due, world, told);
                still
            }
            None if heard_since || alike.overlapping => {
                let both = heard_since || vessels[0].last_heard_at >= alike.claimed_at.minus(DAY);
                both && alike.tell_conflict(EventState::Open, [other, claimant], due, world, told)
            }
            None => alike.tell_hand_over(EventState::Open, [other, claimant], due, world, told),
        };
        if goes_on {
            self.timers.push(Reverse((again, Timer::Pair(other, claimant))));
        } else {
            self.pairs.remove(&(other, claimant));
        }
    }

    /// Vessels are not remembered any more: others may get their indices. Nothing more is told of them.
    pub(super) fn forget(&mut self, is_gone: &[bool]) {
        let is_gone = |vessel: u32| is_gone[vessel as usize];
        self.changes.retain(|vessel, _| !is_gone(*vessel));
        self.pairs.retain(|pair, _| !is_gone(pair.0) && !is_gone(pair.1));
        self.timers.retain(|Reverse((_, timer))| match *timer {
            Timer::Changes(vessel) => !is_gone(vessel),
            Timer::Pair(holder, claimant) => !is_gone(holder) && !is_gone(claimant),
        });
        // Those who had an identity are looked at again before anything is made of it.
    }
}

impl Changes {
    /// Tells all of them as one event, if it is known where the vessel is.
    fn tell(
        &mut self,
        vessel: u32,
        state: EventState,
        at: i64,
        here: Option<Position>,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) {
        let Some(here) = here else { return };
        self.version += 1;
        self.told_at = Some(at);
        self.told_count = self.count;
        let span = (self.first.said_at, self.last.said_at.max(self.first.said_at));
        let vessels = vec![world.event_vessel(vessel)];
        let as_of = Timestamp::from_millis(at);
        let mut event = event(self.id, self.version, state, vessels, span, here, as_of);
        event.started_at_latest = self.first.confirmed_at;
        let (before, after) = (&self.first.before, &self.last.after);
        event.figures = vec![
            Figure { name: "changes", value: f64::from(self.count) },
            Figure { name: "returns", value: f64::from(self.returns) },
        ];
        let differs =
            |field: &Field| field.is_in(before) && field.is_in(after) && !field.same(before, after);
        event.reasons = Field::ALL
            .into_iter()
            .filter(differs)
            .map(|field| changed(field, before, after))
            .collect();
        if self.returns > 0 {
            let times = self.returns;
            let text = format!(
                "it took up again what it had called itself before, {times} times: two vessels may share the number"
            );
            event.reasons.push(Reason { rule: "to_and_fro", weight: 0.1, text });
        }
        event.score = crate::assess::score(&event.reasons);
        told.push(event);
    }
}

impl Alike {
    /// Tells that the identity went from the first to the second, unless they are too far apart for that.
    fn tell_hand_over(
        &mut self,
        state: EventState,
        indices: [u32; 2],
        at: i64,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) -> bool {
        let rules = &world.parameters.identity;
        let [holder, claimant] = indices.map(|index| world.vessel(index));
        let Some(from) = self.held_at else { return false };
        let Some(to) = self.claimed_from.or(claimant.last_place) else { return false };
        let silence_millis = (self.claimed_at.as_millis() - from.at).max(0);
        let distance_m = from.position().distance_m(to.position());
        let hours = silence_millis as f64 / 3_600_000.0;
        let knots_max = world.parameters.track.speed_knots_max;
        let reach_m = (hours + 1.0) * knots_max * METRES_PER_NAUTICAL_MILE;
        if silence_millis as u128 > rules.hand_over_silence_max.as_millis()
            || distance_m > rules.hand_over_distance_m_max.min(reach_m)
        {
            return false;
        }
        let pair = VesselPair::new(holder.mmsi, claimant.mmsi).expect("they are two vessels");
        let started_at = Timestamp::from_millis(from.at);
        // Each claim has its own time; a holder heard no more in between has one for several hand-overs.
        let claimed_at = self.claimed_at;
        let known = self.told.get_or_insert_with(|| Told {
            id: EventId::of(EventKind::IdentityChange, Subject::Pair(pair), claimed_at),
            version: 0,
            started_at,
        });
        known.version += 1;
        let span = (started_at, self.claimed_at.max(started_at));
        let as_of = Timestamp::from_millis(at);
        let vessels = both(indices, world);
        let mut event = event(known.id, known.version, state, vessels, span, to.position(), as_of);
        event.figures = vec![
            Figure { name: "silence_s", value: (silence_millis / 1000) as f64 },
            Figure { name: "distance_m", value: libm::round(distance_m) },
            Figure { name: "same_imo", value: f64::from(u8::from(self.by_imo)) },
        ];
        let text = format!(
            "{} went from MMSI {} to MMSI {}, which took it up {hours:.1} h after the other was last heard, {:.1} nm away",
            self.what,
            holder.mmsi,
            claimant.mmsi,
            distance_m / METRES_PER_NAUTICAL_MILE,
        );
        let weight = if self.by_imo { 0.6 } else { 0.3 };
        event.reasons.push(Reason { rule: "hand_over", weight, text });
        if let (Some(old), Some(new)) = (holder.mmsi.flag(), claimant.mmsi.flag())
            && old.code() != new.code()
        {
            let text = format!("the flag went from {} to {}", old.name(), new.name());
            event.reasons.push(Reason { rule: "flag", weight: 0.2, text });
        }
        if let (Some(old), Some(new)) = (holder.believed().name, claimant.believed().name)
            && !Field::Name.same(holder.believed(), claimant.believed())
        {
            let text = format!("the name went from {old} to {new}");
            event.reasons.push(Reason { rule: "name", weight: 0.1, text });
        }
        event.score = crate::assess::score(&event.reasons);
        told.push(event);
        true
    }

    /// Tells that both have it at one time.
    fn tell_conflict(
        &mut self,
        state: EventState,
        indices: [u32; 2],
        at: i64,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) -> bool {
        let [holder, claimant] = indices.map(|index| world.vessel(index));
        let (Some(first), Some(second)) = (holder.last_place, claimant.last_place) else {
            return false;
        };
        let pair = VesselPair::new(holder.mmsi, claimant.mmsi).expect("they are two vessels");
        let claimed_at = self.claimed_at;
        let known = self.told.get_or_insert_with(|| Told {
            id: EventId::of(EventKind::IdentityConflict, Subject::Pair(pair), claimed_at),
            version: 0,
            started_at: claimed_at,
        });
        known.version += 1;
        let ended_at = holder.last_heard_at.min(claimant.last_heard_at).max(known.started_at);
        let distance_m = first.position().distance_m(second.position());
        let as_of = Timestamp::from_millis(at);
        let span = (known.started_at, ended_at);
        let here = second.position();
        let vessels = both(indices, world);
        let mut event = event(known.id, known.version, state, vessels, span, here, as_of);
        event.figures = vec![
            Figure { name: "distance_m", value: libm::round(distance_m) },
            Figure { name: "same_imo", value: f64::from(u8::from(self.by_imo)) },
        ];
        let text = format!(
            "{} is told by MMSI {} and MMSI {} at one time",
            self.what, holder.mmsi, claimant.mmsi
        );
        let weight = if self.by_imo { 0.4 } else { 0.2 };
        event.reasons.push(Reason { rule: "same_identity", weight, text });
        let miles = distance_m / METRES_PER_NAUTICAL_MILE;
        let (weight, text) = if distance_m < 1000.0 {
            (
                -0.2,
                format!(
                    "{distance_m:.0} m apart when last heard: perhaps one ship with two radios"
                ),
            )
        } else {
            (0.2, format!("{miles:.1} nm apart when last heard"))
        };
        event.reasons.push(Reason { rule: "apart", weight, text });
        event.score = crate::assess::score(&event.reasons);
        told.push(event);
        true
    }
}

fn both(indices: [u32; 2], world: World<'_>) -> Vec<maritime::EventVessel> {
    let mut vessels = indices.map(|index| world.event_vessel(index));
    vessels.sort_by_key(|vessel| vessel.mmsi);
    vessels.into()
}

/// How much a change of a field says, and in which words.
fn changed(field: Field, before: &VesselIdentity, after: &VesselIdentity) -> Reason {
    let said = |identity: &VesselIdentity| match field {
        Field::Imo => identity.imo.map(|imo| imo.to_string()),
        Field::Name => identity.name.map(|name| name.to_string()),
        Field::Callsign => identity.callsign.map(|callsign| callsign.to_string()),
        Field::ShipType => {
            let category = identity.ship_type.and_then(|it| it.category());
            category.map(|category| category.name().to_owned())
        }
        Field::Dimensions => {
            identity.dimensions.map(|hull| format!("{} m by {} m", hull.length_m(), hull.beam_m()))
        }
    };
    let [before, after] = [before, after].map(|identity| said(identity).unwrap_or_default());
    let (rule, name, weight) = match field {
        Field::Imo => ("imo_changed", "IMO number", 0.5),
        Field::Name if is_respelt(&before, &after) => {
            ("name_respelt", "spelling of the name", 0.05)
        }
        Field::Name => ("name_changed", "name", 0.3),
        Field::Callsign if is_respelt(&before, &after) => {
            ("callsign_respelt", "spelling of the callsign", 0.05)
        }
        Field::Callsign => ("callsign_changed", "callsign", 0.2),
        Field::ShipType => ("type_changed", "type", 0.1),
        Field::Dimensions => ("dimensions_changed", "hull", 0.1),
    };
    Reason { rule, weight, text: format!("the {name} went from {before} to {after}") }
}

/// Whether one is the other with a few letters set, left out or exchanged.
fn is_respelt(a: &str, b: &str) -> bool {
    let [a, b] = [a, b].map(|text| plain(text).collect::<Vec<char>>());
    // Names and callsigns have at most 34 letters, so the way of the textbook does.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()] <= SPELLING_MAX && a.len().min(b.len()) > 2 * SPELLING_MAX
}

/// Whether a change takes up what an earlier one left.
fn is_back(change: &Change, earlier: &Change) -> bool {
    Field::ALL.into_iter().any(|field| {
        change.fields.has(field)
            && earlier.fields.has(field)
            && field.same(&change.after, &earlier.before)
    })
}

/// A tug's dimensions are those of what it tows, and change with that.
fn is_of_a_tow(change: &Change, vessel: &Vessel) -> bool {
    use maritime::ShipCategory::{Dredger, PortTender, Tug};
    let only_dimensions = Field::ALL
        .into_iter()
        .all(|field| change.fields.has(field) == (field == Field::Dimensions));
    let category = vessel.believed().ship_type.and_then(|it| it.category());
    only_dimensions && matches!(category, Some(Tug | Dredger | PortTender))
}

/// Nets and buoys tell their batteries by their names, and have numbers that no country gave them. Boats of a ship
/// have her name.
fn is_gear(vessel: &Vessel) -> bool {
    let name = vessel.identity.name;
    let name = name.as_ref().map_or("", |name| name.as_str());
    let volts = name.as_bytes().windows(2).any(|it| it[0].is_ascii_digit() && it[1] == b'V');
    let is_ship = vessel.mmsi.kind() == MmsiKind::Ship && vessel.mmsi.flag().is_some();
    !is_ship || name.contains('%') || volts
}

fn imo_key(identity: &VesselIdentity) -> Option<u64> {
    let number = identity.imo?.get();
    (number != IMO_TYPED).then_some(u64::from(number))
}

/// FNV-1a; the topmost bit tells it from an IMO number.
fn name_key(identity: &VesselIdentity) -> Option<u64> {
    let (name, callsign) = (identity.name?, identity.callsign?);
    if plain(name.as_str()).count() < 3 || plain(callsign.as_str()).count() < 4 {
        return None;
    }
    let letters = plain(name.as_str()).chain(['/']).chain(plain(callsign.as_str()));
    let hash = letters.fold(0xCBF2_9CE4_8422_2325_u64, |hash, letter| {
        (hash ^ u64::from(u32::from(letter))).wrapping_mul(0x0100_0000_01B3)
    });
    Some(hash | 1 << 63)
}

/// What the second has that the first has or had, in words, and whether it is the IMO number.
fn shared(holder: &Vessel, claimant: &Vessel) -> Option<(String, bool)> {
    let earlier = holder.earlier().iter().map(|change| &change.before);
    let mut theirs = earlier.chain([holder.believed()]);
    let mine = claimant.believed();
    let same = |field: Field, other: &VesselIdentity| {
        field.is_in(other) && field.is_in(mine) && field.same(other, mine)
    };
    if let Some(imo) = mine.imo
        && imo.get() != IMO_TYPED
        && theirs.clone().any(|other| other.imo == Some(imo))
    {
        return Some((format!("IMO {imo}"), true));
    }
    let (name, callsign) = (mine.name?, mine.callsign?);
    theirs
        .any(|other| same(Field::Name, other) && same(Field::Callsign, other))
        .then(|| (format!("the name {name} with callsign {callsign}"), false))
}

#[cfg(test)]
mod tests {
    use maritime::{Mmsi, ShipType, Text};

    use super::*;
    use crate::parameters::Parameters;
    use crate::story::scene::{Scene, minute_at, named};

    const OLD: u32 = 351_000_111;
    const NEW: u32 = 620_000_222;
    const HERE: (f64, f64) = (1.5, 104.6);

    #[track_caller]
    fn one(scene: &Scene, kind: EventKind) -> Event {
        let mut found = scene.found(kind, &Parameters::default());
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }

    #[track_caller]
    fn none(scene: &Scene) {
        for kind in [EventKind::IdentityChange, EventKind::IdentityConflict] {
            let found = scene.found(kind, &Parameters::default());
            assert_eq!(found.len(), 0, "{found:#?}");
        }
    }

    #[test]
    fn a_new_name_and_number_are_one_event() {
        let mut scene = Scene::default();
        scene.lies(OLD, (0, 300), HERE);
        scene.says(OLD, (0, 120), named("ALFA STAR", "3FAB1", 9_074_729));
        scene.says(OLD, (120, 300), named("BRAVO", "3FAB1", 9_187_629));
        let event = one(&scene, EventKind::IdentityChange);
        assert_eq!(event.started_at, minute_at(120.5));
        assert_eq!(event.started_at_latest, minute_at(126.5));
        let rules: Vec<&str> = event.reasons.iter().map(|reason| reason.rule).collect();
        assert_eq!(rules[..2], ["imo_changed", "name_changed"]);
        assert_eq!(event.reasons[1].text, "the name went from ALFA STAR to BRAVO");
        assert_eq!(event.vessels[0].identity_changes, 1);
        assert_eq!(event.position, Position::new(HERE.0, HERE.1).unwrap());
    }

    #[test]
    fn to_and_fro_is_one_event_that_says_so() {
        let mut scene = Scene::default();
        scene.lies(OLD, (0, 1200), HERE);
        for round in 0..20 {
            let name = if round % 2 == 0 { "ALFA STAR" } else { "BRAVO" };
            scene.says(OLD, (round * 60, round * 60 + 60), named(name, "3FAB1", 0));
        }
        let event = one(&scene, EventKind::IdentityChange);
        assert_eq!(event.figure("changes"), Some(19.0));
        assert_eq!(event.figure("returns"), Some(18.0));
        assert!(event.version <= 5, "{}", event.version);
    }

    #[test]
    fn a_change_before_the_first_position_waits_for_it() {
        let mut scene = Scene::default();
        scene.says(OLD, (0, 30), named("ALFA STAR", "3FAB1", 0));
        scene.says(OLD, (30, 60), named("BRAVO", "3FAB1", 0));
        none(&scene);
        scene.lies(OLD, (90, 100), HERE);
        one(&scene, EventKind::IdentityChange);
    }

    #[test]
    fn gear_that_tells_its_battery_is_no_ship() {
        let mut scene = Scene::default();
        scene.lies(OLD, (0, 300), HERE);
        for hour in 0..5 {
            let name = format!("NET-7 {}%", 90 - hour);
            scene.says(OLD, (hour * 60, hour * 60 + 60), named(&name, "", 0));
        }
        none(&scene);
    }

    #[test]
    fn an_identity_that_moves_is_handed_over_with_the_flag() {
        let mut scene = Scene::default();
        scene.lies(OLD, (0, 300), HERE);
        scene.says(OLD, (0, 300), named("ALFA STAR", "3FAB1", 9_074_729));
        scene.lies(NEW, (420, 2400), (1.6, 104.7));
        scene.says(NEW, (425, 2400), named("BRAVO", "D6AB2", 9_074_729));
        let event = one(&scene, EventKind::IdentityChange);
        let pair = VesselPair::new(Mmsi::new(OLD).unwrap(), Mmsi::new(NEW).unwrap()).unwrap();
        assert_eq!(event.id.pair(), Some(pair));
        assert_eq!((event.started_at, event.state), (minute_at(295.0), EventState::Closed));
        let texts: Vec<&str> = event.reasons.iter().map(|reason| reason.text.as_str()).collect();
        assert!(texts[0].contains("IMO 9074729 went from MMSI 351000111"), "{texts:?}");
        assert_eq!(
            texts[1..3],
            ["the flag went from Panama to Comoros", "the name went from ALFA STAR to BRAVO",]
        );
    }

    #[test]
    fn a_name_and_callsign_that_move_far_or_after_long_are_another_ship() {
        let say = |minute: u32, latitude_deg: f64| {
            let mut scene = Scene::default();
            scene.lies(OLD, (0, 300), HERE);
            scene.says(OLD, (0, 300), named("ALFA STAR", "3FAB1", 0));
            scene.lies(NEW, (minute, minute + 200), (latitude_deg, 104.7));
            scene.says(NEW, (minute, minute + 200), named("ALFA STAR", "3FAB1", 0));
            scene
        };
        one(&say(420, 1.6), EventKind::IdentityChange);
        none(&say(420, 6.0));
        none(&say(12_000, 1.6));
    }

    #[test]
    fn one_number_on_two_ships_at_one_time_is_one_conflict() {
        let mut scene = Scene::default();
        scene.lies(OLD, (0, 6000), HERE);
        scene.says(OLD, (0, 6000), named("ALFA STAR", "3FAB1", 9_074_729));
        scene.lies(NEW, (0, 6000), (3.0, 106.0));
        scene.says(NEW, (600, 6000), named("ALFA STAR", "3FAB1", 9_074_729));
        let event = one(&scene, EventKind::IdentityConflict);
        assert_eq!(scene.found(EventKind::IdentityChange, &Parameters::default()).len(), 0);
        assert!(event.version <= 5, "{}", event.version);
        assert!(event.figure("distance_m").unwrap() > 200_000.0);
    }

    #[test]
    fn who_is_heard_again_had_handed_nothing_over() {
        let mut scene = Scene::default();
        scene.lies(OLD, (0, 300), HERE);
        scene.says(OLD, (0, 300), named("ALFA STAR", "3FAB1", 9_074_729));
        scene.lies(NEW, (420, 3000), (1.6, 104.7));
        scene.says(NEW, (425, 3000), named("BRAVO", "D6AB2", 9_074_729));
        scene.lies(OLD, (900, 3000), HERE);
        one(&scene, EventKind::IdentityConflict);
        assert_eq!(scene.found(EventKind::IdentityChange, &Parameters::default()).len(), 0);
    }

    #[test]
    fn a_hull_that_grows_with_its_tow_is_no_change() {
        let tug = |bow_m| VesselIdentity {
            ship_type: Some(ShipType(52)),
            name: Text::new("TUG"),
            dimensions: Some(maritime::Dimensions {
                bow_m,
                stern_m: 20,
                port_m: 5,
                starboard_m: 5,
            }),
            ..VesselIdentity::default()
        };
        let mut scene = Scene::default();
        scene.lies(OLD, (0, 300), HERE);
        scene.says(OLD, (0, 120), tug(10));
        scene.says(OLD, (120, 300), tug(200));
        none(&scene);
    }

    #[test]
    fn a_spelling_is_corrected_by_a_letter_or_two() {
        assert!(is_respelt("EVER GIVEN", "EVER GIVIN"));
        assert!(is_respelt("EVERGIVEN", "EVER GIVENS 1"));
        assert!(!is_respelt("EVER GIVEN", "EVER GREET"));
        assert!(!is_respelt("ALFA", "ALGA"));
    }
}
