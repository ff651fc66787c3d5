//! What is asked for: the parameters of a request, checked.

use std::fmt::Display;
use std::str::FromStr;

use maritime::{EventKind, Timestamp};
use sink::reading::{Filter, ReviewState};

use crate::answer::{Answer, Refusal};

/// No filter is longer.
const VALUE_BYTES_MAX: usize = 4096;
/// Names in a list, and words in a text.
const NAMES_MAX: usize = 100;

/// The parameters of a request; each is taken out by who knows it, and what is left is refused.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn new(query: Option<&str>) -> Answer<Self> {
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if value.len() > VALUE_BYTES_MAX || found.len() == NAMES_MAX {
                return Err(Refusal::bad(format!(
                    "{} is too long: at most {VALUE_BYTES_MAX} bytes",
                    shortened(&name)
                )));
            }
            if found.iter().any(|(known, _)| *known == name) {
                let name = shortened(&name);
                return Err(Refusal::bad(format!("{name} is given twice: once, with commas")));
            }
            found.push((name.into_owned(), value.into_owned()));
        }
        Ok(Query(found))
    }

    /// `None` if it is not there or empty.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(index).1).filter(|value| !value.is_empty())
    }

    pub(crate) fn take_as<T: FromStr>(&mut self, name: &str, expected: &str) -> Answer<Option<T>> {
        let parsed = self.take(name).map(|value| parse(name, &value, expected));
        parsed.transpose()
    }

    pub(crate) fn take_limit(&mut self) -> Answer<usize> {
        let limit = self.take_as("limit", "a number from 1 to 1000")?.unwrap_or(100);
        match limit {
            1..=1000 => Ok(limit),
            _ => Err(unexpected("limit", limit, "a number from 1 to 1000")),
        }
    }

    pub(crate) fn take_list(&mut self, name: &str) -> Answer<Vec<String>> {
        let value = self.take(name).unwrap_or_default();
        let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(str::to_owned).collect();
        match names.len() {
            0..=NAMES_MAX => Ok(names),
            count => Err(unexpected(name, format!("{count} names"), "at most 100")),
        }
    }

    /// Words to be found, each of which is a condition of its own.
    pub(crate) fn take_text(&mut self) -> Answer<Option<String>> {
        let text = self.take("text");
        match text.iter().flat_map(|text| text.split_whitespace()).count() {
            0..=NAMES_MAX => Ok(text),
            count => Err(unexpected("text", format!("{count} words"), "at most 100")),
        }
    }

    fn take_numbers(&mut self, name: &str) -> Answer<Vec<u32>> {
        let names = self.take_list(name)?;
        names.iter().map(|number| parse(name, number, "numbers, separated by commas")).collect()
    }

    pub(crate) fn take_filter(&mut self) -> Answer<Filter> {
        let kinds = self.take_list("kind")?;
        for kind in &kinds {
            if !EventKind::ALL.iter().any(|known| known.name() == kind) {
                let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
                return Err(unexpected("kind", kind, &known.join(", ")));
            }
        }
        let states = self.take_list("state")?;
        if let Some(state) = states.iter().find(|state| ReviewState::of_name(state).is_none()) {
            return Err(unexpected("state", state, "new, reviewing, dismissed or confirmed"));
        }
        let time = "a time such as 2024-01-31T00:00:00Z";
        let score = "a number from 0 to 1";
        let scores = [self.take_as("score_min", score)?, self.take_as("score_max", score)?];
        if scores.iter().flatten().any(|score: &f64| !score.is_finite()) {
            return Err(unexpected("score", "no number", score));
        }
        let flagged = self.take("flagged");
        let all = match flagged.as_deref() {
            None | Some("true") => false,
            Some("all") => true,
            Some(other) => return Err(unexpected("flagged", other, "true or all")),
        };
        let text = self.take_text()?;
        Ok(Filter {
            kinds,
            classes: self.take_list("class")?,
            profiles: self.take_list("profile")?,
            states,
            flags: self.take_list("flag")?,
            types: self.take_list("type")?,
            mmsis: self.take_numbers("mmsi")?,
            imos: self.take_numbers("imo")?,
            name: self.take("name"),
            watchlists: self.take_list("watchlist")?,
            zones: self.take_list("zone")?,
            text,
            score_min: scores[0],
            score_max: scores[1],
            since: self.take_time("since", time)?,
            until: self.take_time("until", time)?,
            bbox: self.take("bbox").map(|text| bbox(&text)).transpose()?,
            all,
        })
    }

    fn take_time(&mut self, name: &str, expected: &str) -> Answer<Option<Timestamp>> {
        let parsed = self
            .take(name)
            .map(|text| Timestamp::parse(&text).map_err(|_| unexpected(name, &text, expected)));
        parsed.transpose()
    }

    /// What nobody has taken is a mistake, and would be thought to have been heeded.
    pub(crate) fn finish(self) -> Answer<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let name = shortened(name);
                Err(Refusal::bad(format!(
                    "there is no parameter {name:?}; /api/openapi.json lists those there are"
                )))
            }
        }
    }
}

fn bbox(text: &str) -> Answer<[f64; 4]> {
    let expected =
        "west,south,east,north in degrees, west and east in [-180, 180], south below north";
    let sides: Vec<f64> = text.split(',').filter_map(|side| side.trim().parse().ok()).collect();
    let sides: [f64; 4] = sides.try_into().map_err(|_| unexpected("bbox", text, expected))?;
    let [west, south, east, north] = sides;
    let fits = [west, east].iter().all(|side| (-180.0..=180.0).contains(side))
        && [south, north].iter().all(|side| (-90.0..=90.0).contains(side))
        && south <= north
        && text.split(',').count() == 4;
    fits.then_some(sides).ok_or_else(|| unexpected("bbox", text, expected))
}

pub(crate) fn parse<T: FromStr>(name: &str, value: &str, expected: &str) -> Answer<T> {
    value.trim().parse().map_err(|_| unexpected(name, value, expected))
}

pub(crate) fn unexpected(name: &str, value: impl Display, expected: &str) -> Refusal {
    let value = shortened(&value.to_string());
    Refusal::bad(format!("{name} is {value:?}: expected {expected}"))
}

/// Enough to see what was meant.
fn shortened(text: &str) -> String {
    maritime::shown(&text.chars().take(100).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Result<Filter, String> {
        let parsed = Query::new(Some(query)).and_then(|mut query| {
            let filter = query.take_filter()?;
            query.finish().map(|()| filter)
        });
        parsed.map_err(|refusal| refusal.message)
    }

    #[test]
    fn lists_are_separated_by_commas_and_nothing_is_everything() {
        assert_eq!(filter("").unwrap(), Filter::default());
        let found = filter("kind=gap,encounter&mmsi=1,%202&flag=&bbox=170,-10,-170,10&flagged=all");
        let found = found.unwrap();
        assert_eq!((found.kinds.len(), found.mmsis, found.flags.len()), (2, vec![1, 2], 0));
        assert_eq!((found.bbox, found.all), (Some([170.0, -10.0, -170.0, 10.0]), true));
    }

    #[track_caller]
    fn check_refused(query: &str, expected: &str) {
        let message = filter(query).unwrap_err();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_would() {
        check_refused("knd=gap", "there is no parameter \"knd\"");
        check_refused("kind=gaps", "expected encounter, loitering, gap");
        check_refused("state=old", "expected new, reviewing");
        check_refused("mmsi=1;DROP", "expected numbers");
        check_refused("bbox=1,2,3", "expected west,south,east,north");
        check_refused("bbox=1,2,3,x,4", "expected west,south,east,north");
        check_refused("bbox=0,10,1,-10", "south below north");
        check_refused("since=yesterday", "expected a time");
        check_refused("score_min=NaN", "expected a number");
        check_refused("flagged=no", "true or all");
        check_refused("flag=MT&flag=PA", "given twice");
        check_refused(&format!("name={}", "x".repeat(5000)), "too long");
        check_refused(&format!("text={}", "x+".repeat(1000)), "text is \"1000 words\"");
    }
}
