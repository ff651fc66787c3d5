//! `alongside schema`: the tables and views of ClickHouse.

use std::io::Write;

use anyhow::Context;
use sink::Store;

use crate::cli::{SchemaArgs, SchemaCommand};
use crate::config;
use crate::output::Output;
use crate::terminal::tell;

/// Applies the schema or prints it.
///
/// # Errors
///
/// ClickHouse does not answer or refuses, or has a schema of a later version of this program.
pub fn run(args: &SchemaArgs) -> anyhow::Result<()> {
    let SchemaCommand::Apply { clickhouse, config } = &args.command else {
        let mut output = Output::stdout();
        output.write_all(sink::migrations_text().as_bytes())?;
        return Ok(output.finish()?);
    };
    let (_, mut delivery) = config::load(config.as_deref())?;
    delivery.read_password()?;
    if let Some(url) = clickhouse {
        delivery.use_url(url)?;
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
    let (url, database) = (delivery.clickhouse.url.clone(), delivery.clickhouse.database.clone());
    let applied = runtime.block_on(Store::new(delivery.clickhouse).apply_schema())?;
    match applied.names[..] {
        [] => tell(format_args!("{database} at {url} has schema {} already", applied.version)),
        _ => tell(format_args!("{database} at {url}: applied {}", applied.names.join(", "))),
    }
    Ok(())
}
