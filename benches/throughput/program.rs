//! Whole programs as processes of their own, from their start to their end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `alongside`, built as users build it.
pub fn alongside() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--package", "alongside"])
        .current_dir(root())
        .status()
        .expect("cargo starts");
    assert!(built.success(), "the program does not build");
    target().join("release").join("alongside")
}

/// Of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("benches is in the workspace")
}

/// Where whatever is built goes: a directory that is not kept.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), PathBuf::from)
}

/// Runs a program over a file, into nothing.
pub fn run(command: &mut Command, input: &Path) {
    let input = File::open(input).expect("it was written");
    let status = command
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    assert!(status.success(), "{command:?} fails: {status}");
}

/// A file for the programs to read, gone when dropped.
pub struct Input(pub(crate) PathBuf);

impl Input {
    /// Written beside the program, which is a directory that is not kept.
    pub fn write(program: &Path, bytes: &[u8]) -> Self {
        let path = program.with_file_name(format!("throughput-{}.nmea", std::process::id()));
        std::fs::write(&path, bytes).expect("the target directory takes a file");
        Input(path)
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // A file that stays behind is in nobody's way.
        let _ = std::fs::remove_file(&self.0);
    }
}
