//! Any bytes as lines: framing, prefixes, suffixes, checksums, several sentences in a line.
#![no_main]

use alongside_fuzz::checks::check_input;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check_input(input));
