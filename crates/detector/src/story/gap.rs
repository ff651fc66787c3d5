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
/// So many silences of one ship are remembered for the events that it takes part in; of more, the latest.
const RECENT_MAX: usize = 8;
/// A ship at anchor or at a platform swings by no more than this. Of those, many are heard seldom, and say nothing while
/// they lie there.
const STILL_M: f64 = 500.0;
/// How often silences that nothing can change any more are thrown away, in milliseconds.
const SWEEP_MILLIS: i64 = 3_600_000;

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

/// A silence that has ended; a late report may still fall into it.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Ended {
    silence: Silence,
    /// As it was known when it ended, but for the version.
    open: Open,
}

/// What is left of a silence into which a late report fell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Broken {
    pub(crate) was: Silence,
    /// Before that report and after it, as far as these are silences.
    pub(crate) left: [Option<Silence>; 2],
}

/// What a late report did to a silence.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Late {
    /// It ended one that went on.
    Ended(Silence),
    /// It fell into one that had ended.
    Broke(Broken),
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
    /// The last silence of a vessel, as long as a late report can fall into it.
    #[serde(with = "crate::snapshot::sorted_map")]
    ended: FxHashMap<u32, Ended>,
    swept_at: i64,
    /// From when to when vessels were silent, of silences that were told and have ended, oldest first; at most
    /// [`RECENT_MAX`] of each.
    #[serde(with = "crate::snapshot::sorted_map")]
    recent: FxHashMap<u32, Vec<(i64, i64)>>,
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
    /// What [`Gaps::heard`] will read of a vessel.
    pub(crate) fn look_ahead(&self, vessel: u32) -> i64 {
        self.watches.get(vessel as usize).map_or(0, |watch| watch.last_at)
    }

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
            self.close(heard.vessel, [last, heard.fix], world, told)
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
        if now.saturating_sub(self.swept_at) >= SWEEP_MILLIS {
            self.swept_at = now;
            let since = now - world.parameters.revision_millis();
            self.ended.retain(|_, ended| ended.silence.to.at >= since);
        }
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
        let silence = if first.at - last.at >= FOLLOWED_MILLIS {
            self.close(heard.vessel, [last, first], world, told)
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

    /// A report of `now` or before came late and took its place in a sub-track, whose next report, if there is one, is
    /// `after`. Tells again the gap that it fell into.
    pub(crate) fn heard_late(
        &mut self,
        heard: &Heard,
        after: Option<Fix>,
        now: i64,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) -> Option<Late> {
        let watch = self.watches.get_mut(heard.vessel as usize)?;
        let at = heard.fix.at;
        let (before, _) = heard.before?;
        if after.is_none() && before.at == watch.last_at {
            // It is the newest of the sub-track that is followed, which may have got another index by it.
            watch.track = heard.track;
            let first = told.len();
            self.take_back(heard, before, now, world, told);
            let ended = self.heard(heard, world, told)?;
            for event in &mut told[first..] {
                event.as_of = Timestamp::from_millis(now);
            }
            return Some(Late::Ended(ended));
        }
        let known = self.ended.get(&heard.vessel)?;
        let Silence { from, to, .. } = known.silence;
        if before.at != from.at || after.is_none_or(|after| after.at != to.at) {
            return None;
        }
        let Ended { silence: was, open } = self.ended.remove(&heard.vessel)?;
        self.forget_recent(heard.vessel, from.at);
        let rules = &world.parameters.gap;
        let is_gap = |millis: i64| millis >= due_after(rules, open.habit_millis);
        let mut left = [None, None];
        if is_gap(at - from.at) {
            let state = if open.version > 0 { EventState::Revised } else { EventState::Closed };
            let ends = [from, heard.fix];
            left[0] = Some(self.end(heard.vessel, ends, open, (state, now), world, told));
        } else if open.version > 0 {
            let open = Open { version: open.version + 1, ..open };
            told.push(closed_event(&was, &open, (EventState::Retracted, now), world));
        }
        if is_gap(to.at - at) {
            let due = slot(at + rules.silence_min.as_millis() as i64);
            let place = place(&heard.fix);
            let exposure = self.reception.after(place, heard.station, slot(at), due, 1, 1);
            let open = Open { exposure, version: 0, ..open };
            let ends = [heard.fix, to];
            let telling = (EventState::Closed, now);
            left[1] = Some(self.end(heard.vessel, ends, open, telling, world, told));
        }
        Some(Late::Broke(Broken { was, left }))
    }

    /// A gap that was told as going on is none, if a late report shows that it was too short for one.
    fn take_back(
        &mut self,
        heard: &Heard,
        from: Fix,
        now: i64,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) {
        let Some(open) = self.open.get(&heard.vessel).copied() else { return };
        if heard.fix.at - from.at >= due_after(&world.parameters.gap, open.habit_millis) {
            return;
        }
        self.open.remove(&heard.vessel);
        if open.version > 0 {
            let probability = reception::silence_probability(open.exposure.slots_expected);
            let (vessel, to) = (heard.vessel, heard.fix);
            let was = Silence { vessel, from, to, probability, speed_knots_max: 0.0 };
            let open = Open { version: open.version + 1, ..open };
            told.push(closed_event(&was, &open, (EventState::Retracted, now), world));
        }
    }

    /// Silences of a vessel that were told, ended or not, as far as they touch a span of time; oldest first. What goes
    /// on is silent until `now`.
    pub(crate) fn of(
        &self,
        vessel: u32,
        span: (i64, i64),
        now: i64,
    ) -> Vec<(Timestamp, Timestamp)> {
        let ended = self.recent.get(&vessel).into_iter().flatten().copied();
        let open = self.open.get(&vessel).filter(|open| open.version > 0);
        let open = open.map(|_| (self.watches[vessel as usize].last_at, now));
        let touching = ended.chain(open).filter(|&(from, to)| from <= span.1 && to >= span.0);
        touching
            .map(|(from, to)| (Timestamp::from_millis(from), Timestamp::from_millis(to)))
            .collect()
    }

    /// A ship is heard again. `None` if it was not silent for longer than is its habit.
    fn close(
        &mut self,
        vessel: u32,
        ends: [Fix; 2],
        world: World<'_>,
        told: &mut Vec<Event>,
    ) -> Option<Silence> {
        let open = self.open.remove(&vessel)?;
        if ends[1].at - ends[0].at < due_after(&world.parameters.gap, open.habit_millis) {
            return None;
        }
        let telling = (EventState::Closed, ends[1].at);
        Some(self.end(vessel, ends, open, telling, world, told))
    }

    /// Tells a silence that has ended, if it is of note or was told before.
    fn end(
        &mut self,
        vessel: u32,
        [from, to]: [Fix; 2],
        open: Open,
        telling: (EventState, i64),
        world: World<'_>,
        told: &mut Vec<Event>,
    ) -> Silence {
        let rules = &world.parameters.gap;
        let after =
            slot(from.at) + 1 + rules.silence_min.as_millis() as i64 / reception::SLOT_MILLIS;
        let late = self.reception.before(place(&to), after, slot(to.at));
        let mut whole = open;
        whole.exposure.slots_expected += late.slots_expected;
        whole.exposure.neighbours_heard += late.neighbours_heard;
        let watch = self.watches[vessel as usize];
        let probability = reception::silence_probability(whole.exposure.slots_expected);
        let silence = Silence {
            vessel,
            from,
            to,
            probability,
            speed_knots_max: f64::from(watch.speed_knots_max),
        };
        if open.version > 0 || probability >= rules.silence_probability_min {
            whole.version += 1;
            told.push(closed_event(&silence, &whole, telling, world));
            let recent = self.recent.entry(vessel).or_default();
            if recent.len() == RECENT_MAX {
                recent.remove(0);
            }
            recent.push((from.at, to.at));
        }
        if world.parameters.revision_millis() > 0 {
            let open = Open { version: whole.version, ..open };
            self.ended.insert(vessel, Ended { silence, open });
        }
        silence
    }

    fn forget_recent(&mut self, vessel: u32, from: i64) {
        if let Some(recent) = self.recent.get_mut(&vessel) {
            recent.retain(|known| known.0 != from);
        }
    }

    /// Vessels are not remembered any more: others may get their indices. Nothing more is told of them.
    pub(crate) fn forget(&mut self, is_gone: &[bool]) {
        self.open.retain(|vessel, _| !is_gone[*vessel as usize]);
        self.ended.retain(|vessel, _| !is_gone[*vessel as usize]);
        self.recent.retain(|vessel, _| !is_gone[*vessel as usize]);
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

/// Whether a ship that was heard again so far from where it was heard last has probably lain there.
pub(crate) fn lies_still(distance_m: f64) -> bool {
    distance_m <= STILL_M
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

/// Told in a state as of an instant.
fn closed_event(
    silence: &Silence,
    open: &Open,
    (state, as_of): (EventState, i64),
    world: World<'_>,
) -> Event {
    let (from, to) = (&silence.from, &silence.to);
    let [started_at, ended_at] = [from, to].map(Fix::observed_at);
    let mut vessels = vec![world.event_vessel(silence.vessel)];
    vessels[0].draught_m_before = world.vessel(silence.vessel).draught_m_at(started_at);
    let id = EventId::of(EventKind::Gap, Subject::Vessel(vessels[0].mmsi), started_at);
    let span = (started_at, ended_at);
    let as_of = Timestamp::from_millis(as_of);
    let mut event = event(id, open.version, state, vessels, span, from.position(), as_of);
    finish(&mut event, open, Some((to, from.position().distance_m(to.position()))), world);
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
        if lies_still(distance_m) {
            reasons.push(Reason {
                rule: "lay_still",
                weight: -0.4,
                text: format!(
                    "heard again {distance_m:.0} m from there: it may have lain there all the while"
                ),
            });
        } else {
            // A ship that was on its way all the while had no time for anything else.
            reasons.push(Reason {
                rule: "time_to_spare",
                weight: assess::hundredths(0.1 * ((8.0 - knots) / 6.0).clamp(0.0, 1.0)),
                text: format!("heard again {miles:.0} nm from there, which needed {knots:.1} kn"),
            });
        }
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

    /// What is told where a report of the silent ship, from so many nautical miles east and north, comes an hour and
    /// a half after it was sent, and that many minutes after the first hour.
    fn with_late(ways: &[Way], minute: i64, [x, y]: [f64; 2]) -> Vec<Event> {
        let mut all = reports(ways);
        let sent_at = Timestamp::from_secs(1_704_067_200 + minute * 60);
        let Some(maritime::Report::Position(mut late)) =
            all.iter().rev().find(|report| report.mmsi().get() == 211_000_004).copied()
        else {
            panic!("it sends positions")
        };
        late.observed_at = sent_at;
        let east_deg = x / 60.0 / 28f64.to_radians().cos();
        late.position = maritime::Position::new(28.0 + y / 60.0, -94.0 + east_deg).unwrap();
        let arrives_at = sent_at.plus_millis(50 * 60_000);
        let place = all.iter().position(|report| report.observed_at() >= arrives_at).unwrap();
        all.insert(place, maritime::Report::Position(late));
        let parameters = crate::Parameters {
            land: crate::parameters::LandMap::None,
            ..crate::Parameters::default()
        };
        let mut detector = crate::Detector::new(parameters);
        let mut events = Vec::new();
        for report in &all {
            detector.push(report, &mut events);
        }
        detector.finish(&mut events);
        assert_eq!(detector.counters().late_placed, 1);
        events
    }

    #[test]
    fn a_ship_that_is_heard_again_where_it_lay_is_worth_less() {
        let lies = Way::new(-94.0).at(0.0, 0.0).stay(2.0).silent().stay(5.0).heard().stay(1.0);
        let score_of = |way: Way| {
            let events = detect(&reports(&[neighbours(10.0), vec![way]].concat()));
            kinds(&events, EventKind::Gap).last().unwrap().score
        };
        let (lies, goes) = (score_of(lies), score_of(silent_ship()));
        assert!(lies + 0.4 < goes, "{lies} {goes}");
    }

    #[test]
    fn a_late_report_from_within_a_gap_shortens_it() {
        let ways = [neighbours(10.0), vec![silent_ship()]].concat();
        // It was silent from the second hour to the seventh.
        let events = with_late(&ways, 6 * 60 + 25, [9.0, 0.0]);
        let gaps = kinds(&events, EventKind::Gap);
        let [open, closed, revised] = gaps[..] else { panic!("{gaps:#?}") };
        assert_eq!(
            [open, closed, revised].map(|gap| (gap.version, gap.state)),
            [(1, EventState::Open), (2, EventState::Closed), (3, EventState::Revised)]
        );
        assert_eq!(revised.id, open.id);
        assert_eq!(closed.duration().as_secs() / 60, 5 * 60 + 2);
        assert_eq!(revised.duration().as_secs() / 60, 4 * 60 + 27);
        assert!(revised.as_of >= closed.as_of);
    }

    #[test]
    fn a_gap_of_which_a_late_report_leaves_too_little_is_retracted() {
        let way = Way::new(-94.0)
            .at(-20.0, 0.0)
            .to(0.0, 0.0, 2.0)
            .silent()
            .to(10.0, 0.0, 2.2)
            .heard()
            .to(20.0, 0.0, 4.0);
        let ways = [neighbours(10.0), vec![way]].concat();
        let states = |minute: i64| -> Vec<_> {
            let events = with_late(&ways, minute, [7.0, 0.0]);
            let gaps = kinds(&events, EventKind::Gap);
            gaps.iter().map(|gap| (gap.version, gap.state)).collect()
        };
        use EventState::{Closed, Open, Retracted};
        assert_eq!(states(3 * 60 + 35), [(1, Open), (2, Closed), (3, Retracted)]);
        // Here it arrives before the report that ends it.
        assert_eq!(states(3 * 60 + 30), [(1, Open), (2, Retracted)]);
    }

    #[test]
    fn a_gap_that_a_late_report_ends_is_closed_by_it() {
        let events = with_late(
            &[neighbours(10.0), vec![silent_ship()]].concat(),
            // It arrives before the ship is heard again.
            5 * 60,
            [7.0, 0.0],
        );
        let gaps = kinds(&events, EventKind::Gap);
        let [open, closed] = gaps[..] else { panic!("{gaps:#?}") };
        assert_eq!((open.version, closed.version, closed.state), (1, 2, EventState::Closed));
        assert_eq!(closed.duration().as_secs() / 60, 3 * 60 + 2);
        assert!(closed.as_of > closed.ended_at);
    }

    #[test]
    fn an_encounter_names_the_silences_of_the_day_around_it() {
        // Silent from the second hour to the sixth, then beside another one for two hours, then silent again.
        let meets = Way::new(-94.0)
            .at(-20.0, 0.0)
            .to(0.0, 0.0, 2.0)
            .silent()
            .to(10.0, 0.0, 4.0)
            .heard()
            .to(20.0, 0.0, 1.0)
            .stay(2.0)
            .to(30.0, 0.0, 1.0);
        let waits = Way::new(-94.0).at(20.0, 0.05).stay(20.0);
        let events = detect(&reports(&[neighbours(20.0), vec![meets, waits]].concat()));
        let told = kinds(&events, EventKind::Encounter);
        let [first, .., last] = told[..] else { panic!("{told:#?}") };
        let hours = |event: &Event| -> Vec<i64> {
            let gaps = event.vessels[0].gaps.iter();
            gaps.map(|(from, to)| to.millis_since(*from) / 3_600_000).collect()
        };
        assert_eq!(hours(first), [4]);
        assert_eq!((last.state, hours(last).len()), (EventState::Closed, 2), "{told:#?}");
        assert!(last.vessels[1].gaps.is_empty());
        assert!(last.reasons.iter().any(|reason| reason.rule == "gaps"));
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
