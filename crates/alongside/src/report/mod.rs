//! Events as people and programs read them, and what became of the input.

mod counters;
mod format;
mod table;
mod words;

pub use counters::{Summary, all_rejected, tell_left_out, tell_summary, tell_warnings};
pub use format::{WireFormat, write_events};
pub use table::{Table, write_table};
pub use words::{coast, duration, grouped, kind, minute, minute_beside, position};
