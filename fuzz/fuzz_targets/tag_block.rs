//! Any tag blocks before good sentences, with right and with any checksums.
#![no_main]

use alongside_fuzz::checks::{check_input, check_tag_blocks};
use alongside_fuzz::inputs::tag_block_lines;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check_input(&tag_block_lines(input));
    check_tag_blocks(input);
});
