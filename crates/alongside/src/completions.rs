//! Completions for shells.

use std::io::Write;

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::output::Output;

/// Prints the completions of a shell.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    // Into memory first: what generates them panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "alongside", &mut script);
    let mut output = Output::stdout();
    output.write_all(&script)?;
    Ok(output.finish()?)
}
