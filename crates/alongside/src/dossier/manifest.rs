//! The container: a zip whose manifest has the sum of every other file, and which may be signed.

use std::io::{Cursor, Read, Write};
use std::path::Path;

use anyhow::{Context, bail};
use minisign::{PublicKey, PublicKeyBox, SecretKeyBox, SignatureBox};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::basis::{Files, pretty};

/// Sums of all files but itself and its signature.
pub const MANIFEST: &str = "manifest.json";
/// Of the manifest, by minisign.
pub const SIGNATURE: &str = "manifest.json.minisig";

/// No dossier comes near; what is larger is something else.
const ZIP_BYTES_MAX: u64 = 256 << 20;
/// A file of sentences for each segment of a journal of some months, and a dozen others.
const FILES_MAX: usize = 4096;
/// Of one file, unpacked.
const FILE_BYTES_MAX: u64 = 128 << 20;
/// Of all, unpacked.
const FILES_BYTES_MAX: u64 = 512 << 20;
const NAME_BYTES_MAX: usize = 200;

/// What a dossier is about, and the sums of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// As derived from the sentences.
    pub event_id: String,
    /// As derived from the sentences.
    pub event_version: u32,
    /// Which program made the dossier.
    pub software_version: String,
    /// With which parameters.
    pub parameters_hash: String,
    /// The last link of the chain of inputs; see `origin.json`.
    pub input_chain: String,
    /// By name.
    pub files: Vec<FileSum>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSum {
    /// In the zip.
    pub name: String,
    /// Unpacked.
    pub bytes: u64,
    /// Of the unpacked bytes, in hexadecimal digits.
    pub sha256: String,
}

/// In hexadecimal digits.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 and size of a file.
///
/// # Errors
///
/// It cannot be read.
pub fn file_sum(path: &Path) -> std::io::Result<([u8; 32], u64)> {
    let mut file = std::fs::File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 17];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((digest.finalize().into(), bytes)),
            count => {
                digest.update(&buffer[..count]);
                bytes += count as u64;
            }
        }
    }
}

/// The sums of files, by name; those of the manifest and its signature are left out.
pub fn sums(files: &Files) -> Vec<FileSum> {
    let others = files.iter().filter(|(name, _)| ![MANIFEST, SIGNATURE].contains(&name.as_str()));
    let sum = |(name, bytes): (&String, &Vec<u8>)| FileSum {
        name: name.clone(),
        bytes: bytes.len() as u64,
        sha256: hex(&Sha256::digest(bytes)),
    };
    others.map(sum).collect()
}

impl Manifest {
    /// As a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        pretty(self)
    }

    /// What of `files` is not as it says, in words.
    pub fn check(&self, files: &Files) -> Vec<String> {
        if self.files.len() > FILES_MAX {
            let count = self.files.len();
            return vec![format!(
                "{MANIFEST} names {count} files, and a dossier has {FILES_MAX} at most"
            )];
        }
        let found = sums(files);
        let mut wrong = Vec::new();
        for stated in &self.files {
            match found.iter().find(|sum| sum.name == stated.name) {
                None => wrong.push(format!("{} is missing", maritime::shown(&stated.name))),
                Some(sum) if sum != stated => wrong.push(format!(
                    "{} was altered: its SHA-256 is {}, and {} by the manifest",
                    maritime::shown(&stated.name),
                    sum.sha256,
                    maritime::shown(&stated.sha256)
                )),
                Some(_) => {}
            }
        }
        for sum in &found {
            match self.files.iter().filter(|stated| stated.name == sum.name).count() {
                0 => wrong.push(format!(
                    "{} was added: the manifest does not have it",
                    maritime::shown(&sum.name)
                )),
                1 => {}
                _ => wrong.push(format!("{} is in the manifest twice", maritime::shown(&sum.name))),
            }
        }
        wrong
    }
}

/// Packs files, in the order of their names; the same files give the same bytes.
///
/// # Errors
///
/// They are more or larger than [`unpack`] takes.
pub fn pack(files: &Files) -> anyhow::Result<Vec<u8>> {
    check_bounds(files)?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in files {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    let bytes = zip.finish()?.into_inner();
    if bytes.len() as u64 > ZIP_BYTES_MAX {
        let megabytes = bytes.len() >> 20;
        bail!("the dossier has {megabytes} MB, and may have {} MB", ZIP_BYTES_MAX >> 20);
    }
    Ok(bytes)
}

/// What is made must be what [`unpack`] takes.
fn check_bounds(files: &Files) -> anyhow::Result<()> {
    if files.len() > FILES_MAX {
        bail!("the dossier has {} files, and may have {FILES_MAX}", files.len());
    }
    for (name, bytes) in files {
        if bytes.len() as u64 > FILE_BYTES_MAX {
            bail!(
                "{name} of the dossier has {} MB, and may have {} MB",
                bytes.len() >> 20,
                FILE_BYTES_MAX >> 20
            );
        }
        if !is_harmless(name) {
            bail!("{:?} is no name of a file within a dossier", maritime::shown(name));
        }
    }
    let total: u64 = files.values().map(|bytes| bytes.len() as u64).sum();
    if total > FILES_BYTES_MAX {
        bail!(
            "the files of the dossier have {} MB, and may have {} MB",
            total >> 20,
            FILES_BYTES_MAX >> 20
        );
    }
    Ok(())
}

/// Unpacks a dossier in memory, within bounds.
///
/// # Errors
///
/// It is no zip, or one that a dossier never is: with a name that leads out of it, that comes twice, with more or
/// larger files than a dossier has, packed otherwise; the message says which.
pub fn unpack(bytes: &[u8]) -> anyhow::Result<Files> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).context("it is no zip")?;
    if zip.has_duplicate_names() {
        bail!("it has two files of one name");
    }
    if zip.len() > FILES_MAX {
        bail!("it has {} files, and a dossier at most {FILES_MAX}", zip.len());
    }
    let mut files = Files::new();
    let mut total = 0;
    for index in 0..zip.len() {
        let file = zip.by_index(index)?;
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        let refuse = |why: &str| anyhow::anyhow!("{:?} in it {why}", maritime::shown(&name));
        if !is_harmless(&name) || !file.is_file() {
            return Err(refuse("is no name of a file within a dossier"));
        }
        if file.encrypted()
            || !matches!(
                file.compression(),
                CompressionMethod::Stored | CompressionMethod::Deflated
            )
        {
            return Err(refuse("is encrypted or packed in a way that no dossier is"));
        }
        // What is stated may be wrong: what comes out is counted.
        let room = FILE_BYTES_MAX.min(FILES_BYTES_MAX - total);
        let mut unpacked = Vec::new();
        let read = file.take(room + 1).read_to_end(&mut unpacked);
        read.map_err(|error| refuse(&format!("cannot be unpacked: {error}")))?;
        if unpacked.len() as u64 > room {
            return Err(refuse("is larger than anything in a dossier"));
        }
        total += unpacked.len() as u64;
        if files.insert(name.clone(), unpacked).is_some() {
            bail!("{:?} is in it twice", maritime::shown(&name));
        }
    }
    Ok(files)
}

/// Reads a file that may be a dossier.
///
/// # Errors
///
/// It cannot be read, or is larger than any dossier.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(cannot)?;
    file.take(ZIP_BYTES_MAX + 1).read_to_end(&mut bytes).with_context(cannot)?;
    if bytes.len() as u64 > ZIP_BYTES_MAX {
        bail!("{} is larger than any dossier", path.display());
    }
    Ok(bytes)
}

/// Letters, digits and `._-` in parts between strokes; no part begins with a dot.
fn is_harmless(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX && name.split('/').all(super::basis::is_plain_name)
}

/// The signature of a manifest with the secret key of minisign in `key`; the password of an encrypted one comes from
/// `password`.
///
/// # Errors
///
/// The key cannot be read or opened.
pub fn sign(
    manifest: &[u8],
    about: &str,
    key: &Path,
    password: Option<String>,
) -> anyhow::Result<Vec<u8>> {
    let text =
        std::fs::read_to_string(key).with_context(|| format!("cannot read {}", key.display()))?;
    let secret = || SecretKeyBox::from_string(&text);
    let opened = secret()?.into_unencrypted_secret_key();
    // A key with a password: from the environment, or else minisign asks for it.
    let secret_key = match opened {
        Ok(secret_key) => secret_key,
        Err(_) => secret()?
            .into_secret_key(password)
            .with_context(|| format!("cannot open the secret key {}", key.display()))?,
    };
    let comment = format!("alongside dossier of {about}");
    let signature = minisign::sign(
        None,
        &secret_key,
        manifest,
        Some(&comment),
        Some("signature of manifest.json"),
    )?;
    Ok(signature.into_string().into_bytes())
}

/// A public key, as minisign writes it into a file, or its one line of letters.
///
/// # Errors
///
/// It is neither.
pub fn public_key(key: &str) -> anyhow::Result<PublicKey> {
    if let Ok(key) = PublicKey::from_base64(key) {
        return Ok(key);
    }
    let text = std::fs::read_to_string(key)
        .with_context(|| format!("{key:?} is no public key, and no file"))?;
    let boxed = PublicKeyBox::from_string(&text).map_err(|error| anyhow::anyhow!("{error}"));
    boxed
        .and_then(|boxed| Ok(PublicKey::from_box(boxed)?))
        .or_else(|_| Ok(PublicKey::from_base64(text.trim())?))
        .map_err(|error: anyhow::Error| {
            error.context(format!("{key} holds no public key of minisign"))
        })
}

/// Whether `signature` is that of the manifest by the owner of `key`; why not, in words.
pub fn check_signature(manifest: &[u8], signature: &[u8], key: &PublicKey) -> Result<(), String> {
    let text = std::str::from_utf8(signature).map_err(|_| "the signature is no text".to_owned())?;
    let signature = SignatureBox::from_string(text)
        .map_err(|error| format!("the signature is damaged: {error}"))?;
    minisign::verify(key, &signature, Cursor::new(manifest), true, false, false)
        .map_err(|error| format!("the signature does not fit: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zipped(names: &[&str]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(b"x").unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[track_caller]
    fn check_refused(bytes: &[u8], expected: &str) {
        let error = format!("{:#}", unpack(bytes).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let files: Files =
            [("a.json".into(), b"{}".to_vec()), ("b/1.nmea".into(), vec![7; 100_000])].into();
        let packed = pack(&files).unwrap();
        assert_eq!(packed, pack(&files).unwrap());
        assert_eq!(unpack(&packed).unwrap(), files);
    }

    #[test]
    fn what_would_not_be_unpacked_is_not_packed() {
        let many: Files = (0..=FILES_MAX).map(|i| (i.to_string(), Vec::new())).collect();
        let large: Files = [("a".into(), vec![0; FILE_BYTES_MAX as usize + 1])].into();
        let odd: Files = [("../a".into(), Vec::new())].into();
        for (files, expected) in
            [(many, "has 4097 files"), (large, "a of the dossier has 128 MB"), (odd, "is no name")]
        {
            let error = pack(&files).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["../x", "/etc/passwd", "a/../b", "a\\b", "c:x", ".x", "a//b", "a/", "a b"] {
            check_refused(&zipped(&[name]), "is no name of a file within a dossier");
        }
    }

    #[test]
    fn a_name_that_comes_twice_is_refused() {
        let mut bytes = zipped(&["aaaa", "bbbb"]);
        // Behind its back: the writer refuses it.
        while let Some(at) = memchr::memmem::find(&bytes, b"bbbb") {
            bytes[at..at + 4].copy_from_slice(b"aaaa");
        }
        check_refused(&bytes, "two files of one name");
    }

    #[test]
    fn what_unpacks_to_more_than_a_dossier_holds_is_refused() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file("bomb", options).unwrap();
        let zeros = vec![0; 1 << 20];
        (0..=FILE_BYTES_MAX >> 20).for_each(|_| zip.write_all(&zeros).unwrap());
        let bytes = zip.finish().unwrap().into_inner();
        assert!(bytes.len() < 1 << 20);
        check_refused(&bytes, "is larger than anything in a dossier");
        check_refused(b"PK", "it is no zip");
        check_refused(
            &zipped(
                &(0..5000)
                    .map(|i| i.to_string())
                    .collect::<Vec<_>>()
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>(),
            ),
            "has 5000 files",
        );
    }
}
