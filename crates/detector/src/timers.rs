//! When to look at encounters again.
//!
//! There is a timer for every encounter, and most are looked at once an hour. A heap of all of them is larger than what
//! the processor has at hand; so only those of the minute that comes next are in one, and the others wait by minutes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use serde::{Deserialize, Serialize};

use crate::raft::TrackPair;

const MINUTE_MILLIS: i64 = 60_000;
/// What is read of more than these does not stay at hand for a minute.
const LOOK_AHEAD_MAX: usize = 2048;

/// An instant in milliseconds since 1970, and whom to look at.
type Timer = (i64, TrackPair);

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(from = "Vec<Timer>", into = "Vec<Timer>")]
pub(crate) struct Timers {
    /// All that are due before `near_until`.
    near: BinaryHeap<Reverse<Timer>>,
    near_until: i64,
    /// All others, by the number of their minute.
    later: BTreeMap<i64, Vec<Timer>>,
}

impl Timers {
    pub(crate) fn set(&mut self, due: i64, pair: TrackPair) {
        if due < self.near_until {
            self.near.push(Reverse((due, pair)));
        } else {
            self.later.entry(due.div_euclid(MINUTE_MILLIS)).or_default().push((due, pair));
        }
    }

    /// The first one that is due before `until`, by time and pair, which is then gone. Where not very many
    /// have waited for the same minute, `look_ahead` gets to know of all of them before the first one is due.
    pub(crate) fn pop_before(
        &mut self,
        until: i64,
        mut look_ahead: impl FnMut(TrackPair),
    ) -> Option<Timer> {
        while self.near.is_empty() {
            let entry = self.later.first_entry()?;
            let minute = *entry.key();
            if minute * MINUTE_MILLIS >= until {
                return None;
            }
            let due = entry.remove();
            if due.len() <= LOOK_AHEAD_MAX {
                due.iter().for_each(|&(_, pair)| look_ahead(pair));
            }
            self.near = due.into_iter().map(Reverse).collect();
            self.near_until = (minute + 1) * MINUTE_MILLIS;
        }
        let &Reverse(first) = self.near.peek()?;
        if first.0 >= until {
            return None;
        }
        self.near.pop();
        Some(first)
    }
}

impl From<Vec<Timer>> for Timers {
    fn from(timers: Vec<Timer>) -> Self {
        let mut all = Timers { near_until: i64::MIN, ..Timers::default() };
        timers.into_iter().for_each(|(due, pair)| all.set(due, pair));
        all
    }
}

impl From<Timers> for Vec<Timer> {
    fn from(timers: Timers) -> Self {
        let near = timers.near.into_iter().map(|Reverse(timer)| timer);
        let mut all: Vec<Timer> = near.chain(timers.later.into_values().flatten()).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_in_order_whenever_they_were_set() {
        let mut timers = Timers::default();
        let mut heap: BinaryHeap<Reverse<Timer>> = BinaryHeap::new();
        let mut random = 7_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        let mut now = -400_000_i64;
        for _ in 0..2000 {
            for _ in 0..next(5) {
                // Some of them are due already.
                let due = now + next(300_000) as i64 - 30_000;
                let pair = (next(9) as u32, next(9) as u32);
                timers.set(due, pair);
                heap.push(Reverse((due, pair)));
            }
            now += next(20_000) as i64;
            if next(50) == 0 {
                timers = Vec::from(timers).into();
            }
            while let Some(&Reverse(first)) = heap.peek()
                && first.0 < now
            {
                heap.pop();
                assert_eq!(timers.pop_before(now, |_| ()), Some(first));
            }
            assert_eq!(timers.pop_before(now, |_| ()), None);
        }
    }
}
