//! Puts the built page, `web/dist`, into the program where it is there. Nothing is built here: without it the program
//! serves the API all the same.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where"));
    let dist = manifest.join("web/dist");
    // A folder that comes later is noticed too; to name one that is absent would run this with every build.
    let watched = if dist.exists() { "web/dist" } else { "web" };
    println!("cargo::rerun-if-changed={watched}");
    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    let mut assets = String::from("&[\n");
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&dist).expect("it is in there").to_string_lossy();
        let name = name.replace('\\', "/");
        writeln!(assets, "    ({name:?}, include_bytes!({:?})),", file.display().to_string())
            .expect("text takes what is written to it");
    }
    assets.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where"));
    fs::write(out.join("assets.rs"), assets).expect("cargo's folder can be written to");
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}
