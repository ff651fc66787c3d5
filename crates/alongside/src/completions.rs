//! Completions for shells.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::output::Output;

/// Prints the completions of a shell.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut output = Output::stdout();
    clap_complete::generate(args.shell, &mut Cli::command(), "alongside", &mut output);
    output.finish()
}
