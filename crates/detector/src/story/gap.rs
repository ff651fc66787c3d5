//! Silences of ships that were heard regularly, with the probability that it was the ship that fell silent.
//!
//! Of every vessel one sub-track is followed. Where a number is shared, the others are passed over as long as that one
//! goes on; when it has been silent for a day a second report of another one takes its place, which is how a ship that
//! is heard again after days is recognised.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use maritime::{
    Event, EventId, EventKind, EventState, Figure, METRES_PER_NAUTICAL_MILE, Reason, StationId,
    Subject, Timestamp,
};
use rustc_hash::FxHashMap;

use crate::assess;
use crate::fix::{self, Fix};
use crate::parameters::GapRules;
use crate::story::reception::{self, Exposure, Place, Reception, slot};
use crate::story::{Heard, World, event};
use crate::track::TrackIndex;

/// Over how long the reporting habit of a ship is averaged, in milliseconds.
const HABIT_MILLIS: f32 = 6.0 * 3_600_000.0;
/// When another sub-track takes the place of the one that was followed.
const FOLLOWED_MILLIS: i64 = 24 * 3_600_000;
/// Slots in which a ship was heard are remembered in so many bits.
const OWN_SLOTS: i64 = 32;
/// Legs shorter than this say nothing about how fast a ship can go: noise of the positions.
const SPEED_MILLIS_MIN: i64 = 60_000;

/// A silence that has ended.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct Silence {
    /// Index of the vessel in the detector.
    pub(crate) vessel: u32,
    /// The last that was heard before.
    pub(crate) from: Fix,
    /// The first that was heard after.
    pub(crate) to: Fix,
    /// That the ship was silent, and not out of reach.
    pub(crate) probability: f64,
    /// The fastest that the ship has been seen to go.
    pub(crate) speed_knots_max: f64,
}

/// What is known of every vessel.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Watch {
    /// When and where it was heard last, in milliseconds and 1/10 000 minute.
    last_at: i64,
    place: Place,
    /// The sub-track that is followed.
    track: TrackIndex,
    /// In which of the last slots it was heard, the lowest bit for the last one.
    own: u32,
    station: Option<StationId>,
    /// The interval between reports that a moment falls into on average, in milliseconds: of a ship that satellites hear
    /// it is the time from pass to pass.
    habit_millis: f32,
    /// How long it has been followed without a gap, saturating.
    heard_millis: u32,
    speed_knots_max: f32,
    /// Whether a timer is set for it.
    timed: bool,
}

/// A silence that goes on.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Open {
    exposure: Exposure,
    habit_millis: f32,
    /// Of the last version told; 0 before the first.
    version: u32,
}

/// The chapter.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Gaps {
    /// By the index of the vessel; one that was never heard has `last_at` of [`i64::MIN`]. Never forgotten, as the
    /// vessels themselves are not; some 56 bytes each.
    watches: Vec<Watch>,
    /// Of the vessels that are silent. One for each at most.
    #[serde(with = "crate::snapshot::sorted_map")]
    open: FxHashMap<u32, Open>,
    /// When to look at a vessel again. One for each at most.
    #[serde(with = "crate::snapshot::sorted_heap")]
    timers: BinaryHeap<Reverse<(i64, u32)>>,
    reception: Reception,
}

impl Watch {
    const NEW: Watch = Watch {
        last_at: i64::MIN,
        place: Place { latitude: 0, longitude: 0 },
        track: 0,
        own: 0,
        station: None,
        habit_millis: 0.0,
        heard_millis: 0,
        speed_knots_max: 0.0,
        timed: false,
    };
}

impl Gaps {
    /// A ship was heard. Gives the silence that this ends, if it was one.
    pub(crate) fn heard(
        &mut self,
        heard: &Heard,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) -> Option<Silence> {
        let rules = &world.parameters.gap;
        let index = heard.vessel as usize;
        if index >= self.watches.len() {
            self.watches.resize(index + 1, Watch::NEW);
        }
        let watch = &mut self.watches[index];
        let at = heard.fix.at;
        let before = if watch.last_at == i64::MIN {
            None
        } else if heard.track == watch.track
            && heard.before.is_some_and(|(before, _)| before.at == watch.last_at)
        {
            heard.before
        } else if at - watch.last_at < FOLLOWED_MILLIS {
            return None;
        } else {
            // It goes on with the first report of the new sub-track, when a second one has confirmed it.
            let (first, _) = heard.before?;
            return self.found_again(heard, first, world, told);
        };
        let this_slot = slot(at);
        let Some((last, distance_m)) = before else {
            watch.begin(heard);
            self.reception.count(watch.place, watch.station, this_slot, kept_hours(rules));
            self.set_timer(heard.vessel, rules);
            return None;
        };
        let millis = at - last.at;
        let silence = if millis >= rules.silence_min.as_millis() as i64 {
            self.close(heard.vessel, last, heard.fix, distance_m, world, told)
        } else {
            None
        };
        let watch = &mut self.watches[index];
        let slots = this_slot - slot(last.at);
        watch.habit_millis +=
            (millis as f32 - watch.habit_millis) * (millis as f32 / HABIT_MILLIS).min(1.0);
        watch.heard_millis =
            if silence.is_some() { 0 } else { watch.heard_millis.saturating_add(millis as u32) };
        if millis >= SPEED_MILLIS_MIN {
            let knots =
                (distance_m * 3_600_000.0 / METRES_PER_NAUTICAL_MILE / millis as f64) as f32;
            watch.speed_knots_max = watch.speed_knots_max.max(knots);
        }
        if heard.fix.speed_knots < rules.speed_knots_believed as f32 {
            watch.speed_knots_max = watch.speed_knots_max.max(heard.fix.speed_knots);
        }
        watch.last_at = at;
        watch.place = place(&heard.fix);
        watch.station = heard.station;
        if slots > 0 {
            watch.own = if slots < OWN_SLOTS { watch.own << slots | 1 } else { 1 };
            let watch = *watch;
            self.reception.count(watch.place, watch.station, this_slot, kept_hours(rules));
        }
        self.set_timer(heard.vessel, rules);
        silence
    }

    /// Opens the gaps that are due before `now`.
    pub(crate) fn advance(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        let rules = &world.parameters.gap;
        while let Some(&Reverse((due, vessel))) = self.timers.peek()
            && due < now
        {
            self.timers.pop();
            let silence_millis = rules.silence_min.as_millis() as i64;
            let watch = &mut self.watches[vessel as usize];
            let known = self.open.get(&vessel);
            if due < watch.last_at + silence_millis {
                self.timers.push(Reverse((watch.last_at + silence_millis, vessel)));
                continue;
            }
            let heard_regularly = u128::from(watch.heard_millis) >= rules.heard_min.as_millis();
            if !heard_regularly || known.is_some_and(|open| open.version > 0) {
                watch.timed = false;
                continue;
            }
            let watch = *watch;
            let mut open = known.copied().unwrap_or_else(|| {
                let last = slot(watch.last_at);
                // The slot of `due` may not be over.
                let known = i64::from(watch.heard_millis) / reception::SLOT_MILLIS + 1;
                let exposure = self.reception.after(
                    watch.place,
                    watch.station,
                    last,
                    slot(due),
                    watch.own,
                    known,
                );
                Open { exposure, habit_millis: watch.habit_millis, version: 0 }
            });
            let tell_at = watch.last_at + due_after(rules, open.habit_millis);
            if due < tell_at {
                self.open.insert(vessel, open);
                self.timers.push(Reverse((tell_at, vessel)));
                continue;
            }
            self.watches[vessel as usize].timed = false;
            if reception::silence_probability(open.exposure.slots_expected)
                >= rules.silence_probability_min
            {
                open.version += 1;
                told.push(open_event(vessel, &watch, &open, due, world));
            }
            self.open.insert(vessel, open);
        }
    }

    fn set_timer(&mut self, vessel: u32, rules: &GapRules) {
        let watch = &mut self.watches[vessel as usize];
        if !watch.timed {
            watch.timed = true;
            let due = watch.last_at + rules.silence_min.as_millis() as i64;
            self.timers.push(Reverse((due, vessel)));
        }
    }

    /// A sub-track has taken the place of the one that was followed, a day at least after that.
    fn found_again(
        &mut self,
        heard: &Heard,
        first: Fix,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) -> Option<Silence> {
        let watch = &self.watches[heard.vessel as usize];
        let last = Fix {
            at: watch.last_at,
            latitude: watch.place.latitude,
            longitude: watch.place.longitude,
            speed_knots: f32::NAN,
            leg_knots: f32::NAN,
            heading_deg: f32::NAN,
            course_deg: f32::NAN,
        };
        let distance_m = last.position().distance_m(first.position());
        let silence = if first.at - last.at >= FOLLOWED_MILLIS {
            self.close(heard.vessel, last, first, distance_m, world, told)
        } else {
            // The other one has been heard all the while.
            self.open.remove(&heard.vessel);
            None
        };
        let rules = &world.parameters.gap;
        let watch = &mut self.watches[heard.vessel as usize];
        let timed = watch.timed;
        let speed_knots_max = watch.speed_knots_max;
        watch.begin(heard);
        (watch.timed, watch.speed_knots_max) = (timed, speed_knots_max);
        let watch = *watch;
        self.reception.count(watch.place, watch.station, slot(watch.last_at), kept_hours(rules));
        self.set_timer(heard.vessel, rules);
        silence
    }

    /// A ship is heard again. `None` if it was not silent for longer than is its habit.
    fn close(
        &mut self,
        vessel: u32,
        from: Fix,
        to: Fix,
        distance_m: f64,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) -> Option<Silence> {
        let rules = &world.parameters.gap;
        let mut open = self.open.remove(&vessel)?;
        let millis = to.at - from.at;
        if millis < due_after(rules, open.habit_millis) {
            return None;
        }
        let after =
            slot(from.at) + 1 + rules.silence_min.as_millis() as i64 / reception::SLOT_MILLIS;
        let late = self.reception.before(place(&to), after, slot(to.at));
        open.exposure.slots_expected += late.slots_expected;
        open.exposure.neighbours_heard += late.neighbours_heard;
        let watch = self.watches[vessel as usize];
        let probability = reception::silence_probability(open.exposure.slots_expected);
        let silence = Silence {
            vessel,
            from,
            to,
            probability,
            speed_knots_max: f64::from(watch.speed_knots_max),
        };
        if open.version > 0 || probability >= rules.silence_probability_min {
            open.version += 1;
            told.push(closed_event(&silence, &open, distance_m, world));
        }
        Some(silence)
    }

    /// Vessels are not remembered any more: others may get their indices. Nothing more is told of them.
    pub(crate) fn forget(&mut self, is_gone: &[bool]) {
        self.open.retain(|vessel, _| !is_gone[*vessel as usize]);
        self.timers.retain(|Reverse((_, vessel))| !is_gone[*vessel as usize]);
        let watches = self.watches.iter_mut().zip(is_gone).filter(|(_, is_gone)| **is_gone);
        watches.for_each(|(watch, _)| *watch = Watch::NEW);
    }
}

impl Watch {
    /// Follows a sub-track from here on.
    fn begin(&mut self, heard: &Heard) {
        *self = Watch {
            last_at: heard.fix.at,
            place: place(&heard.fix),
            track: heard.track,
            own: 1,
            station: heard.station,
            timed: self.timed,
            ..Watch::NEW
        };
    }
}

fn place(fix: &Fix) -> Place {
    Place { latitude: fix.latitude, longitude: fix.longitude }
}

/// How long a ship of that habit is silent before it is a gap.
fn due_after(rules: &GapRules, habit_millis: f32) -> i64 {
    let habits = f64::from(habit_millis) * rules.habits_min;
    (rules.silence_min.as_millis() as i64).max(habits as i64)
}

/// As far back as a gap can ask for, when it becomes one.
fn kept_hours(rules: &GapRules) -> i64 {
    rules.silence_min.as_secs() as i64 / 3600 + 5
}

fn open_event(vessel: u32, watch: &Watch, open: &Open, as_of: i64, world: World<'_>) -> Event {
    let [started_at, as_of] = [watch.last_at, as_of].map(Timestamp::from_millis);
    let vessels = vec![world.event_vessel(vessel)];
    let id = EventId::of(EventKind::Gap, Subject::Vessel(vessels[0].mmsi), started_at);
    let position = fix::position(i64::from(watch.place.latitude), i64::from(watch.place.longitude));
    let span = (started_at, as_of);
    let mut event = event(id, open.version, EventState::Open, vessels, span, position, as_of);
    event.ended_at_latest = None;
    finish(&mut event, open, None, world);
    event
}

fn closed_event(silence: &Silence, open: &Open, distance_m: f64, world: World<'_>) -> Event {
    let (from, to) = (&silence.from, &silence.to);
    let [started_at, ended_at] = [from, to].map(Fix::observed_at);
    let mut vessels = vec![world.event_vessel(silence.vessel)];
    vessels[0].draught_m_before = world.vessel(silence.vessel).draught_m_at(started_at);
    let id = EventId::of(EventKind::Gap, Subject::Vessel(vessels[0].mmsi), started_at);
    let span = (started_at, ended_at);
    let state = EventState::Closed;
    let mut event = event(id, open.version, state, vessels, span, from.position(), ended_at);
    finish(&mut event, open, Some((to, distance_m)), world);
    event
}

/// Figures, reasons and score.
fn finish(event: &mut Event, open: &Open, heard_again: Option<(&Fix, f64)>, world: World<'_>) {
    let silence = event.duration();
    event.vessels[0].silence_max = silence;
    let hours = silence.as_secs_f64() / 3600.0;
    let probability = reception::silence_probability(open.exposure.slots_expected);
    let Exposure { slots_expected, neighbours_heard } = open.exposure;
    let coast_distance_m = world.coast_distance_m(event.position);
    let figure = |name, value| Figure { name, value };
    event.place.coast_distance_m = coast_distance_m;
    event.figures = vec![
        figure("duration_s", silence.as_secs_f64()),
        figure("habit_s", libm::round(f64::from(open.habit_millis) / 1000.0)),
        figure("silence_probability", assess::hundredths(probability)),
        figure("neighbours_heard", f64::from(neighbours_heard)),
        figure("slots_expected", assess::hundredths(slots_expected)),
    ];
    let mut reasons = vec![
        Reason {
            rule: "silent",
            weight: assess::hundredths(0.5 * probability),
            text: format!(
                "silent with a probability of {:.0} %: neighbours were heard {neighbours_heard} times in slots of 10 \
                 minutes, and by what was heard of it before it would have been in {slots_expected:.1} of them",
                probability * 100.0
            ),
        },
        Reason {
            rule: "long",
            weight: assess::hundredths(0.2 * (hours / 12.0).min(1.0)),
            text: format!("not heard for {}", assess::words(silence)),
        },
    ];
    if let Some(metres) = coast_distance_m {
        let miles = metres / METRES_PER_NAUTICAL_MILE;
        reasons.push(Reason {
            rule: "offshore",
            weight: assess::hundredths(0.2 * (miles / 24.0).min(1.0)),
            text: format!("{miles:.0} nm off the coast when it was heard last"),
        });
    }
    if let Some((to, distance_m)) = heard_again {
        let miles = distance_m / METRES_PER_NAUTICAL_MILE;
        let knots = miles / hours;
        event.figures.extend([
            figure("distance_m", libm::round(distance_m)),
            figure("implied_speed_knots", assess::hundredths(knots)),
            figure("latitude_deg_after", to.position().latitude_deg()),
            figure("longitude_deg_after", to.position().longitude_deg()),
        ]);
        // A ship that was on its way all the while had no time for anything else.
        reasons.push(Reason {
            rule: "time_to_spare",
            weight: assess::hundredths(0.1 * ((8.0 - knots) / 6.0).clamp(0.0, 1.0)),
            text: format!("heard again {miles:.0} nm from there, which needed {knots:.1} kn"),
        });
    }
    event.score = assess::score(&reasons);
    event.reasons = reasons;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::samples::{Way, detect, kinds, reports};

    fn neighbours(to_hour: f64) -> Vec<Way> {
        let ways = [(-6.0, 3.0), (4.0, -5.0), (1.0, 7.0)];
        ways.map(|(x, y)| Way::new(-94.0).at(x, y).to(x + 9.0, y + 9.0, to_hour)).to_vec()
    }

    fn silent_ship() -> Way {
        Way::new(-94.0)
            .at(-20.0, 0.0)
            .to(0.0, 0.0, 2.0)
            .silent()
            .to(10.0, 0.0, 5.0)
            .heard()
            .to(20.0, 0.0, 1.0)
    }

    #[test]
    fn a_gap_is_told_when_it_opens_and_when_it_ends() {
        let events = detect(&reports(&[neighbours(10.0), vec![silent_ship()]].concat()));
        let gaps = kinds(&events, EventKind::Gap);
        let [open, closed] = gaps[..] else { panic!("{gaps:#?}") };
        assert_eq!((open.state, closed.state), (EventState::Open, EventState::Closed));
        assert_eq!((open.version, closed.version, open.id), (1, 2, closed.id));
        assert_eq!(open.duration().as_secs(), 2 * 3600);
        // The last report is from two minutes before the hour.
        assert_eq!(closed.duration().as_secs(), 5 * 3600 + 120);
        let knots = closed.figure("implied_speed_knots").unwrap();
        assert!((2.0..2.1).contains(&knots), "{knots}");
        assert!(closed.figure("silence_probability").unwrap() > 0.9);
    }

    #[test]
    fn a_ship_that_nobody_could_hear_was_not_silent() {
        let hushed = neighbours(2.0);
        let events = detect(&reports(&[hushed, vec![silent_ship()]].concat()));
        assert!(kinds(&events, EventKind::Gap).is_empty(), "{events:#?}");
    }

    #[test]
    fn two_ships_under_one_number_are_no_gap() {
        let mut all = reports(
            &[neighbours(10.0), vec![Way::new(-94.0).at(0.0, 0.0).to(20.0, 0.0, 10.0)]].concat(),
        );
        let mut far = reports(&[Way::new(-80.0).at(0.0, 0.0).to(5.0, 0.0, 1.0)]);
        for report in &mut far {
            if let maritime::Report::Position(fix) = report {
                fix.mmsi = maritime::Mmsi::new(211_000_004).unwrap();
                fix.observed_at = fix.observed_at.plus_millis(4 * 3_600_000 + 1000);
            }
        }
        all.extend(far);
        all.sort_by_key(|report| (report.observed_at(), report.mmsi()));
        assert!(kinds(&detect(&all), EventKind::Gap).is_empty());
    }
}
