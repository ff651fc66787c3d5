//! What the program says on standard error, and what the terminal can do.

use std::fmt;
use std::io::{self, IsTerminal, Write};

/// Writes a line to standard error. If that is closed nobody wants to know, and the work goes on.
///
/// Names of files come from anybody: but for ends of lines, what is not seen is written out.
pub fn tell(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{}", harmless(&line.to_string()));
}

/// The text with whatever would move a cursor or not be seen written out, but for ends of lines.
pub fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || maritime::is_seen(c) {
            harmless.push(c);
        } else {
            harmless.extend(c.escape_default());
        }
    }
    harmless
}

/// Whether standard output may be styled: it is a terminal that can, and `NO_COLOR` is not set
/// (<https://no-color.org>: any value but the empty one counts).
pub fn is_styled() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    io::stdout().is_terminal()
        && set("NO_COLOR").is_none()
        && set("TERM").is_none_or(|t| t != "dumb")
}
