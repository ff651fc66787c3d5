//! Where a result goes: standard output, or a file that appears when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// A buffered way out.
///
/// A file is written beside its place and moved there by [`Output::finish`], so that a full disk or an
/// interruption leaves what was there before. If the reader of standard output goes away, as `head`
/// does, the rest is passed over in silence.
pub struct Output {
    writer: BufWriter<Target>,
    place: Option<Place>,
}

/// Where a file will be, and where it is until then.
struct Place {
    path: PathBuf,
    partial: PathBuf,
}

enum Target {
    Stdout { closed: bool },
    File(File),
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        Output { writer: BufWriter::new(Target::Stdout { closed: false }), place: None }
    }

    /// A file at `path`; standard output for `-`. What is no ordinary file (a pipe, a terminal) is
    /// written to as it is.
    ///
    /// # Errors
    ///
    /// Where no file can be made there.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Output::stdout());
        }
        // A link stays a link: what it points to is replaced.
        let path = &path.canonicalize().unwrap_or_else(|_| path.into());
        let special = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
        let place = (!special).then(|| Place { path: path.into(), partial: partial_path(path) });
        let target = place.as_ref().map_or(path, |place| &place.partial);
        let file = File::create(target)
            .and_then(|file| match path.is_dir() {
                true => Err(ErrorKind::IsADirectory.into()),
                false => Ok(file),
            })
            .inspect_err(|_| remove(&place))
            .with_context(|| format!("cannot write to {}", path.display()))?;
        Ok(Output { writer: BufWriter::with_capacity(1 << 16, Target::File(file)), place })
    }

    /// Whether the reader of standard output has gone.
    pub fn is_closed(&self) -> bool {
        matches!(self.writer.get_ref(), Target::Stdout { closed: true })
    }

    /// Puts everything in its place.
    ///
    /// # Errors
    ///
    /// A full disk, for one.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let place = self.place.take();
        let moved = self.writer.flush().and_then(|()| match &place {
            Some(place) => fs::rename(&place.partial, &place.path),
            None => Ok(()),
        });
        let name =
            place.as_ref().map_or("standard output".into(), |p| p.path.display().to_string());
        moved.inspect_err(|_| remove(&place)).with_context(|| format!("cannot write to {name}"))
    }
}

/// `day.ndjson` is `.day.ndjson.partial` until it is whole: in the same directory, so that it can be
/// moved in one step.
fn partial_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.partial"))
}

fn remove(place: &Option<Place>) {
    if let Some(place) = place {
        let _ = fs::remove_file(&place.partial);
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// What was not finished leaves no trace.
impl Drop for Output {
    fn drop(&mut self) {
        remove(&self.place);
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Stdout { closed: true } => Ok(bytes.len()),
            Target::Stdout { closed } => match io::stdout().lock().write(bytes) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    *closed = true;
                    Ok(bytes.len())
                }
                written => written,
            },
            Target::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Stdout { closed: true } => Ok(()),
            Target::Stdout { closed } => match io::stdout().lock().flush() {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    *closed = true;
                    Ok(())
                }
                flushed => flushed,
            },
            Target::File(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.ndjson");
        fs::write(&path, "before").unwrap();

        let mut output = Output::create(&path).unwrap();
        output.write_all(b"half").unwrap();
        drop(output);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");

        let mut output = Output::create(&path).unwrap();
        output.write_all(b"whole").unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_is_no_place_for_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let error = Output::create(directory.path()).err().unwrap();
        assert!(format!("{error:#}").contains("cannot write to"));
    }
}
