//! Watchlists: who of those that are looked for is heard.

use std::collections::hash_map::Entry;

use maritime::{
    Event, EventId, EventKind, EventState, Figure, Position, Reason, Subject, Timestamp,
};
use rustc_hash::FxHashMap;

use super::{World, event};
use crate::parameters::{Watchlist, WatchlistEntry};
use crate::vessel::{Hit, Vessel, plain};

/// Names shorter than this are shared by too many.
const NAME_LENGTH_MIN: usize = 5;
/// Callsigns shorter than this are no callsigns.
const CALLSIGN_LENGTH_MIN: usize = 4;

/// Matches that weigh less say little by themselves.
const WEAK_BELOW: f64 = 0.3;

/// All entries of all watchlists, by what can be heard of them.
#[derive(Debug, Default)]
pub(crate) struct WatchIndex {
    entries: Vec<WatchlistEntry>,
    /// Places in `entries`, by IMO number or MMSI, by callsign or by name.
    by_number: FxHashMap<u32, Vec<u32>>,
    by_text: FxHashMap<String, Vec<u32>>,
}

impl WatchIndex {
    pub(crate) fn new(watchlists: &[Watchlist]) -> Self {
        let entries: Vec<WatchlistEntry> =
            watchlists.iter().flat_map(|list| list.entries.iter().cloned()).collect();
        let mut by_number: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        let mut by_text: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        for (index, entry) in (0..).zip(&entries) {
            // IMO numbers have seven digits and numbers of ships nine.
            let numbers = [entry.imo.map(|imo| imo.get()), entry.mmsi.map(|mmsi| mmsi.get())];
            for number in numbers.into_iter().flatten() {
                by_number.entry(number).or_default().push(index);
            }
            let callsign = entry.callsign.iter().filter_map(|it| key(it, CALLSIGN_LENGTH_MIN));
            let names = entry.names.iter().filter_map(|it| key(it, NAME_LENGTH_MIN));
            for text in callsign.chain(names) {
                by_text.entry(text).or_default().push(index);
            }
        }
        WatchIndex { entries, by_number, by_text }
    }

    /// Remembers in `vessel` which entries name it as it calls itself now. What is found stays with it
    /// when it calls itself otherwise.
    pub(crate) fn look_up(&self, vessel: &mut Vessel) {
        if self.entries.is_empty() {
            return;
        }
        let identity = vessel.identity;
        // Who has the name of a ship on a list and says a day later another IMO number than hers, is
        // another ship. Who had her number and says another one now, is not.
        let weak = vessel.hits().iter().filter(|hit| hit.weight < WEAK_BELOW);
        let other_imo = |entry: &u32| {
            let listed = self.entries[*entry as usize].imo;
            listed.is_some() && identity.imo.is_some() && listed != identity.imo
        };
        let disproved: Vec<u32> = weak.map(|hit| hit.entry).filter(other_imo).collect();
        for entry in disproved {
            vessel.remove_hit(entry);
        }
        let imo = identity.imo.map(|imo| imo.get());
        let texts = [
            identity.callsign.and_then(|callsign| key(callsign.as_str(), CALLSIGN_LENGTH_MIN)),
            identity.name.and_then(|name| key(name.as_str(), NAME_LENGTH_MIN)),
        ];
        let numbers = [imo, Some(vessel.mmsi.get())].into_iter().flatten();
        let by_number = numbers.filter_map(|number| self.by_number.get(&number));
        let by_text = texts.iter().flatten().filter_map(|text| self.by_text.get(text));
        let mut found: Vec<u32> = by_number.chain(by_text).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        for entry in found {
            if let Some(hit) = self.hit(entry, vessel) {
                vessel.add_hit(hit);
            }
        }
    }

    /// How far an entry names a vessel. Another IMO number is another ship, whatever it is called.
    fn hit(&self, index: u32, vessel: &Vessel) -> Option<Hit> {
        let entry = &self.entries[index as usize];
        let identity = &vessel.identity;
        let mut weight: f64 = 0.0;
        let mut by = Vec::new();
        let mut add = |text: String, adds: f64| {
            by.push(text);
            weight += adds;
        };
        match (entry.imo, identity.imo) {
            (Some(listed), Some(said)) if listed == said => add(format!("IMO {said}"), 0.9),
            (Some(_), Some(_)) if entry.mmsi != Some(vessel.mmsi) => return None,
            _ => (),
        }
        if entry.mmsi == Some(vessel.mmsi) {
            add(format!("MMSI {}", vessel.mmsi), 0.8);
        }
        let same = |listed: &String, said: &str| plain(listed).eq(plain(said));
        if let (Some(listed), Some(said)) = (&entry.callsign, &identity.callsign)
            && same(listed, said.as_str())
        {
            add(format!("callsign {said}"), 0.4);
        }
        if let Some(said) = &identity.name
            && plain(said.as_str()).count() >= NAME_LENGTH_MIN
            && entry.names.iter().any(|listed| same(listed, said.as_str()))
        {
            let alone = if by.is_empty() { "name alone" } else { "name" };
            by.push(format!("{alone} {said}"));
            weight += 0.15;
        }
        // A callsign or a name that is too short to count.
        if by.is_empty() {
            return None;
        }
        let text = format!("{} ({})", entry.list, by.join(", "));
        Some(Hit { entry: index, text, weight: weight.min(1.0) })
    }
}

/// What texts are compared by; `None` if too little is left.
fn key(text: &str, length_min: usize) -> Option<String> {
    let key: String = plain(text).collect();
    (key.chars().count() >= length_min).then_some(key)
}

/// Tells for each vessel that is named the entries that name it: one event for each, told again when further
/// entries are found.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Watchlists {
    /// By vessel. As many as there are vessels on the lists.
    #[serde(with = "crate::snapshot::sorted_map")]
    told: FxHashMap<u32, Told>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Told {
    id: EventId,
    at: Timestamp,
    place: Position,
    version: u32,
    hit_changes: u32,
}

impl Watchlists {
    /// The vessel was heard or said who it is, at `at`, and is `here` as far as is known.
    pub(super) fn notice(
        &mut self,
        vessel: u32,
        at: Timestamp,
        here: Option<Position>,
        world: World<'_>,
        events: &mut Vec<Event>,
    ) {
        let known = world.vessel(vessel);
        if known.hit_changes() == 0 {
            return;
        }
        // Where it is belongs to it; who has not said so yet is told later.
        let Some(place) = here else { return };
        let told = match self.told.entry(vessel) {
            Entry::Occupied(told) => told.into_mut(),
            Entry::Vacant(_) if known.hits().is_empty() => return,
            Entry::Vacant(free) => {
                let subject = Subject::Vessel(known.mmsi);
                let id = EventId::of(EventKind::WatchlistHit, subject, at);
                free.insert(Told { id, at, place, version: 0, hit_changes: 0 })
            }
        };
        if told.hit_changes == known.hit_changes() {
            return;
        }
        told.hit_changes = known.hit_changes();
        told.version += 1;
        let state = match (known.hits(), told.version) {
            ([], _) => EventState::Retracted,
            (_, 1) => EventState::Closed,
            _ => EventState::Revised,
        };
        let vessels = vec![world.event_vessel(vessel)];
        let span = (told.at, told.at);
        let mut event = event(told.id, told.version, state, vessels, span, told.place, at);
        event.reasons = known.hits().iter().map(reason).collect();
        event.figures = vec![Figure { name: "entries", value: known.hits().len() as f64 }];
        // The same ship on many lists is no surer than on the list that names it best.
        event.score = known.hits().iter().map(|hit| hit.weight).fold(0.0, f64::max);
        events.push(event);
    }

    /// Vessels are not remembered any more: others may get their indices. Nothing more is told of them.
    pub(super) fn forget(&mut self, is_gone: &[bool]) {
        self.told.retain(|vessel, _| !is_gone[*vessel as usize]);
    }
}

fn reason(hit: &Hit) -> Reason {
    let weak = if hit.weight < WEAK_BELOW { "; others may have that name too" } else { "" };
    let text = format!("named by {}{weak}", hit.text);
    Reason { rule: "watchlist", weight: hit.weight, text }
}

#[cfg(test)]
mod tests {
    use maritime::{Imo, Mmsi};

    use super::*;
    use crate::parameters::Parameters;
    use crate::story::scene::{Scene, minute_at, named};

    const SHIP: u32 = 351_000_111;

    fn parameters() -> Parameters {
        let entry = |list: &str, imo, mmsi, callsign: Option<&str>, name: &str| WatchlistEntry {
            list: list.into(),
            imo: Imo::new(imo),
            mmsi: Mmsi::new(mmsi),
            callsign: callsign.map(Into::into),
            names: vec![name.into()],
        };
        let entries = vec![
            entry("EU", 9_074_729, 0, None, "Alfa Star"),
            entry("UK", 9_074_729, 0, None, "BRAVO ONE"),
            entry("US", 0, 620_000_222, Some("3FAB1"), "Charlie"),
            entry("XX", 0, 0, None, "ABCD"),
        ];
        let list = Watchlist { file: "list.csv".into(), entries };
        Parameters { watchlists: vec![list], ..Parameters::default() }
    }

    #[track_caller]
    fn check(scene: &Scene, expected: &[&str]) -> Option<Event> {
        let found = scene.found(EventKind::WatchlistHit, &parameters());
        let lists = found.iter().flat_map(|event| &event.vessels[0].watchlists);
        assert_eq!(lists.collect::<Vec<_>>(), expected);
        assert!(found.len() <= 1);
        found.into_iter().next()
    }

    fn ship(mmsi: u32) -> Scene {
        let mut scene = Scene::default();
        scene.lies(mmsi, (0, 300), (1.5, 104.6));
        scene
    }

    #[test]
    fn a_number_is_found_on_every_list_and_stays_when_the_name_is_changed() {
        let mut scene = ship(SHIP);
        scene.says(SHIP, (10, 100), named("BRAVO ONE", "", 9_074_729));
        scene.says(SHIP, (100, 300), named("DELTA", "", 9_187_629));
        let event =
            check(&scene, &["EU (IMO 9074729)", "UK (IMO 9074729, name BRAVO ONE)"]).unwrap();
        assert_eq!((event.version, event.started_at), (1, minute_at(10.5)));
        assert!(event.score >= 0.9);
    }

    #[test]
    fn a_radio_is_found_by_its_number_at_the_first_position() {
        let event = check(&ship(620_000_222), &["US (MMSI 620000222)"]).unwrap();
        assert_eq!(event.started_at, minute_at(0.0));
    }

    #[test]
    fn a_name_alone_is_weak_and_a_short_one_is_nothing() {
        let mut scene = ship(SHIP);
        scene.says(SHIP, (10, 100), named("Alfa-Star", "", 0));
        let event = check(&scene, &["EU (name alone Alfa-Star)"]).unwrap();
        assert!(event.reasons[0].weight < WEAK_BELOW);
        assert!(event.reasons[0].text.contains("others may have that name"));
        let mut scene = ship(SHIP);
        scene.says(SHIP, (10, 100), named("ABCD", "", 0));
        check(&scene, &[]);
    }

    #[test]
    fn another_imo_number_is_another_ship() {
        let mut scene = ship(SHIP);
        scene.says(SHIP, (10, 100), named("ALFA STAR", "", 9_187_629));
        check(&scene, &[]);
        let mut scene = ship(SHIP);
        scene.says(SHIP, (10, 100), named("ALFA STAR", "", 0));
        scene.says(SHIP, (100, 200), named("ALFA STAR", "", 9_187_629));
        check(&scene, &[]);
    }

    #[test]
    fn what_is_learned_later_makes_the_same_event_surer() {
        let mut scene = ship(SHIP);
        scene.says(SHIP, (10, 100), named("CHARLIE", "", 0));
        scene.says(SHIP, (100, 200), named("CHARLIE", "3FAB1", 0));
        let event = check(&scene, &["US (callsign 3FAB1, name CHARLIE)"]).unwrap();
        assert_eq!((event.version, event.state), (2, EventState::Revised));
    }
}
