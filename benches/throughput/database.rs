//! The same question put to a database: DuckDB in a Python process of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use alongside_benches::Done;
use maritime::Report;

use crate::program::{root, target};

/// A database that has the positions as a table of its own and waits to be asked.
pub struct Database {
    /// As it says itself.
    pub version: String,
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Database {
    /// Loads the positions, which is not measured. `None`, and says so, where DuckDB has not been set up.
    pub fn with(reports: &[Report]) -> Option<Self> {
        let python = target().join("duckdb/bin/python");
        if !python.exists() {
            println!("DuckDB is skipped: benches/duckdb/setup has not been run");
            return None;
        }
        let folder = root().join("benches/duckdb");
        let table = Table::write(reports);
        let mut child = Command::new(python)
            .arg(folder.join("serve.py"))
            .arg(folder.join("meetings.sql"))
            .arg(&table.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python was there just now");
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut database = Database { version: String::new(), child, questions, answers };
        database.version = database.answer();
        Some(database)
    }

    /// Asks for all meetings.
    pub fn find_meetings(&mut self) -> Done {
        let questions = self.questions.as_mut().expect("it is open until it is dropped");
        questions.write_all(b"\n").and_then(|()| questions.flush()).expect("DuckDB goes on");
        let answer = self.answer();
        let (meetings, seconds) = answer.split_once(' ').expect("two numbers");
        Done {
            results: meetings.parse().expect("a number of meetings"),
            cpu_elsewhere: Duration::from_secs_f64(
                seconds.parse().expect("seconds of the processor"),
            ),
            ..Done::default()
        }
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers in text");
        assert!(!line.is_empty(), "DuckDB ended; what it said stands above");
        line.trim_end().into()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // It ends when nobody can ask it any more.
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

/// Positions as text, gone when dropped.
struct Table(PathBuf);

impl Table {
    fn write(reports: &[Report]) -> Self {
        let table = Table(target().join(format!("throughput-{}.csv", std::process::id())));
        write_positions(&table.0, reports).expect("the target directory takes a file");
        table
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // A file that stays behind is in nobody's way.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn write_positions(path: &Path, reports: &[Report]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for report in reports {
        let Report::Position(fix) = report else { continue };
        writeln!(
            out,
            "{},{},{:.6},{:.6}",
            fix.mmsi.get(),
            fix.observed_at.as_millis(),
            fix.position.latitude_deg(),
            fix.position.longitude_deg(),
        )?;
    }
    out.flush()
}
