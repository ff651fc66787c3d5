//! `alongside decode`: sentences in, an object or a row for each message out, as the crate `gpsd` writes them.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use gpsd::{Counts, Format, Options, Printer};
use memchr::memrchr;
use source::{ByteStream, Place, expand};

use crate::cli::{DecodeArgs, DecodeFormat};
use crate::output::Output;
use crate::report::grouped;
use crate::{DONE, REJECTED, terminal};

/// Unpacked bytes at hand at a time. A line that is longer is refused by the decoder.
const BUFFER_BYTES: usize = 128 << 10;

/// Decodes as asked; gives the exit code.
///
/// # Errors
///
/// An input cannot be read, standard output cannot be written to, or everything was rejected.
pub fn run(args: &DecodeArgs) -> anyhow::Result<u8> {
    let started = Instant::now();
    let format = match args.format {
        DecodeFormat::Ndjson => Format::Ndjson,
        DecodeFormat::Csv => Format::Csv,
    };
    let DecodeArgs { unscaled, nmea, join_static, .. } = *args;
    let mut printer = Printer::new(format, Options { unscaled, nmea, join_static });
    let mut output = Output::stdout();
    let mut whole = true;
    for location in expand(&args.files)? {
        match &location.place {
            Place::Stdin => printer.begin("stdin"),
            place => printer.begin(&place.to_string()),
        }
        whole &= decode_input(&location.place, &mut printer, &mut output)?;
        if output.is_closed() {
            break;
        }
    }
    output.write_all(printer.written())?;
    output.finish()?;
    let counts = printer.counts();
    if !args.quiet {
        tell(counts, started.elapsed().as_secs_f64());
    }
    if counts.accepted == 0 && counts.rejected() > 0 {
        let rejected = grouped(counts.rejected());
        bail!("all {rejected} records were rejected: {}", listed(&counts.by_rejection));
    }
    whole &= counts.rejected() == 0;
    Ok(if args.strict && !whole { REJECTED } else { DONE })
}

/// Decodes one input to its end; false if that came too early.
fn decode_input(place: &Place, printer: &mut Printer, output: &mut Output) -> anyhow::Result<bool> {
    let mut stream =
        ByteStream::open(place, Arc::default()).with_context(|| format!("cannot read {place}"))?;
    let mut buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
    let (mut end, mut begun) = (0, false);
    let damage = loop {
        match stream.read(&mut buffer[end..]) {
            Ok(0) => break None,
            Ok(count) => end += count,
            Err(error) => break Some(stream.describe(&error)),
        }
        // The rest of the last line is left until its end has come, unless there is no room for it.
        let full = end == buffer.len();
        let lines_end = memrchr(b'\n', &buffer[..end]).map_or(0, |at| at + 1);
        let taken = if lines_end == 0 && full { end } else { lines_end };
        printer.push(without_mark(&buffer[..taken], &mut begun));
        buffer.copy_within(taken..end, 0);
        end -= taken;
        // What came at once goes at once: nobody waits for messages that are there.
        flush(printer.written(), output)?;
        if output.is_closed() {
            return Ok(true);
        }
    };
    let rest = &buffer[..end];
    if damage.is_some() && end > 0 {
        // A line that lost its end may look whole and say something else.
        printer.reject_cut_off();
    } else {
        printer.push(without_mark(rest, &mut begun));
    }
    printer.finish(rest);
    flush(printer.written(), output)?;
    if let Some(damage) = &damage {
        terminal::tell(format_args!("warning: {place} {damage}"));
    }
    Ok(damage.is_none())
}

/// What editors put in front of a text is no part of its first line.
fn without_mark<'a>(bytes: &'a [u8], begun: &mut bool) -> &'a [u8] {
    if bytes.is_empty() || std::mem::replace(begun, true) {
        return bytes;
    }
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn flush(written: &mut Vec<u8>, output: &mut Output) -> io::Result<()> {
    output.write_all(written)?;
    written.clear();
    output.flush()
}

/// On standard error.
fn tell(counts: &Counts, seconds: f64) {
    let line = |name: &str, text: &str| {
        if !text.is_empty() {
            terminal::tell(format_args!("{name:<10} {text}"));
        }
    };
    let rate = grouped((counts.received as f64 / seconds.max(0.001)) as u64);
    let (received, accepted) = (grouped(counts.received), grouped(counts.accepted));
    line("read", &format!("{received} records in {seconds:.1} s, {rate} records a second"));
    let rejected = grouped(counts.rejected());
    line("records", &format!("received {received} = accepted {accepted} + rejected {rejected}"));
    line("rejected", &listed(&counts.by_rejection));
    line("no message", &listed(&counts.by_skip));
    let types = counts.by_type.iter().enumerate().filter(|(_, count)| **count > 0);
    let mut messages: Vec<String> =
        types.map(|(number, count)| format!("type {number} {}", grouped(*count))).collect();
    if counts.own_ship > 0 {
        messages.push(format!("own ship {}", grouped(counts.own_ship)));
    }
    line("messages", &messages.join(", "));
}

/// `bad checksum 12, no sentence 3`
fn listed(counts: &[(&'static str, u64)]) -> String {
    let each = counts.iter().filter(|(_, count)| *count > 0);
    let each = each.map(|(name, count)| format!("{} {}", name.replace('_', " "), grouped(*count)));
    each.collect::<Vec<_>>().join(", ")
}
