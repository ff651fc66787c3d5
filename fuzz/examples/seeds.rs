//! Writes the seeds that fuzzing starts from to `corpus/`, all of our own encoding.

use std::path::Path;

use alongside_fuzz::inputs::{
    Random, any_lines, any_message, assembler_input, payload_input, tag_block_input,
};

fn main() -> std::io::Result<()> {
    let mut random = Random(1371);
    for seed in 0..64 {
        write("line", seed, &any_lines(&mut random, 1 + seed % 6))?;
        write("tag_block", seed, &tag_block_input(&mut random, 1 + seed % 4))?;
        write("assembler", seed, &assembler_input(&mut random, 1 + seed % 12))?;
    }
    for seed in 0..28 * 8 {
        let message = any_message(1 + (seed % 28) as u8, &mut random);
        write("payload", seed, &payload_input(&message))?;
    }
    Ok(())
}

fn write(target: &str, seed: usize, input: &[u8]) -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("seed-{seed:03}")), input)
}
