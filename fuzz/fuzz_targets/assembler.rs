//! Good sentences that are parts of messages, in any order and with any numbers.
#![no_main]

use alongside_fuzz::checks::check_input;
use alongside_fuzz::inputs::assembler_lines;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check_input(&assembler_lines(input)));
