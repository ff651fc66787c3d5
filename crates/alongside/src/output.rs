//! Where a result goes: standard output, or a file that appears when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::temporary::Temporary;

/// A buffered way out, whose errors name it.
///
/// A file is written beside its place and moved there by [`Output::finish`], so that a full disk or an
/// interruption leaves what was there before. If the reader of standard output goes away, as `head`
/// does, the rest is passed over in silence.
pub struct Output {
    writer: BufWriter<Target>,
    name: String,
    place: Option<Place>,
}

/// Where a file will be, and where it is until then.
struct Place {
    path: PathBuf,
    partial: Temporary,
}

enum Target {
    Stdout { closed: bool },
    File(File),
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        let writer = BufWriter::new(Target::Stdout { closed: false });
        Output { writer, name: "standard output".into(), place: None }
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
        let name = path.display().to_string();
        // A link stays a link: what it points to is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.into());
        let (file, place) = open(path).with_context(|| format!("cannot write to {name}"))?;
        let writer = BufWriter::with_capacity(1 << 16, Target::File(file));
        Ok(Output { writer, name, place })
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
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        let Some(Place { path, partial }) = self.place.take() else { return Ok(()) };
        fs::rename(partial.path(), &path).map_err(|error| self.named(error))?;
        partial.keep();
        Ok(())
    }

    fn named(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("cannot write to {}: {error}", self.name))
    }
}

/// Whether `a` and `b` are or would be one file. Devices and pipes may well be named twice.
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    file_at(a).is_some_and(|a| file_at(b) == Some(a))
}

/// Where the file is that `path` names, or where it would be.
fn file_at(path: &Path) -> Option<PathBuf> {
    if let Ok(path) = path.canonicalize() {
        return path.is_file().then_some(path);
    }
    let directory = path.parent()?;
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    Some(directory.canonicalize().ok()?.join(path.file_name()?))
}

fn open(path: PathBuf) -> io::Result<(File, Option<Place>)> {
    let before = fs::metadata(&path).ok();
    match &before {
        Some(found) if found.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Some(found) if !found.is_file() => return Ok((File::create(path)?, None)),
        _ => {}
    }
    let partial = partial_path(&path);
    let file = File::create(&partial)?;
    let partial = Temporary::new(partial);
    // Who could not read it before shall not now.
    if let Some(found) = before {
        file.set_permissions(found.permissions())?;
    }
    Ok((file, Some(Place { path, partial })))
}

/// `day.ndjson` is `.day.ndjson.partial` until it is whole: in the same directory, so that it can be
/// moved in one step.
fn partial_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.partial"))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes).map_err(|error| self.named(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(|error| self.named(error))
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
    #[cfg(unix)]
    fn whoever_could_not_read_the_file_before_cannot_now() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        Output::create(&path).unwrap().finish().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_is_the_same_under_another_name_and_before_it_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| directory.path().join(name));
        let other_a = directory.path().join(".").join("a");
        assert!(is_same_file(&a, &other_a) && !is_same_file(&a, &b));
        fs::write(&a, "").unwrap();
        assert!(is_same_file(&a, &other_a) && !is_same_file(&a, &b));
    }

    #[test]
    fn a_directory_is_no_place_for_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let error = Output::create(directory.path()).err().unwrap();
        assert!(format!("{error:#}").contains("cannot write to"));
    }
}
