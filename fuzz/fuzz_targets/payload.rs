//! Any bits in good sentences: all messages and the applications in them.
#![no_main]

use alongside_fuzz::checks::check_input;
use alongside_fuzz::inputs::payload_lines;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check_input(&payload_lines(input)));
