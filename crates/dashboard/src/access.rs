//! Who asks, and what they may.
//!
//! On loopback everybody on the machine may do everything, as with any file of theirs; but a page of another site that
//! their browser shows may not: it knows no CSRF token, and a name that was made to lead to this machine is refused.
//! Elsewhere there are users with argon2id hashes in a file, and a token for programs.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::answer::Refusal;

/// A session ends so long after it was last used.
const SESSION_KEPT: Duration = Duration::from_secs(12 * 3600);
/// More are not remembered; the one that was used least recently ends then.
const SESSIONS_MAX: usize = 10_000;
/// Failed logins of one address or under one name in [`FAILURES_WITHIN`]; then it must wait.
const FAILURES_MAX: usize = 5;
const FAILURES_WITHIN: Duration = Duration::from_secs(60);
/// Addresses and names whose failures are remembered; beyond it nobody can log in for a minute.
const FAILING_MAX: usize = 10_000;
/// A file of users is not longer.
const USERS_BYTES_MAX: u64 = 1_000_000;
const NAME_CHARS_MAX: usize = 64;
const PASSWORD_CHARS_MIN: usize = 10;
/// Longer ones would only cost time.
const PASSWORD_BYTES_MAX: usize = 1024;
const COOKIE: &str = "alongside_session";
/// What proxies say of whom they ask for.
const PROXIED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];
/// Of a password that nobody has.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$2P5nq3hkYwmYV4WqpJEzcuYwQ9tFbXgqmIr1jXKlXCs";

/// What somebody may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look.
    Viewer,
    /// Review, keep lists, take dossiers.
    Analyst,
    /// See who did what.
    Admin,
}

impl Role {
    /// As written.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Analyst => "analyst",
            Role::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Role::Viewer, Role::Analyst, Role::Admin];
        let found = known.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| format!("{text:?} is no role: expected viewer, analyst or admin"))
    }
}

/// Who may come in.
#[derive(Clone)]
pub enum Access {
    /// Whoever is on this machine.
    Open,
    /// Whoever is one of these, or a program with this token.
    Guarded {
        /// By password.
        users: Users,
        /// An analyst that is no person, by the header `Authorization: Bearer`.
        token: Option<String>,
    },
}

/// People and the hashes of their passwords: a line each, `name role hash`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Users(Vec<User>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct User {
    name: String,
    role: Role,
    hash: String,
}

/// Why users cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file system refuses.
    #[error("cannot use the users in {}", path.display())]
    File {
        /// Of the users.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// Somebody has edited it.
    #[error("line {line} of {} is no user: expected name, role and argon2id hash", path.display())]
    Line {
        /// Of the users.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// It cannot stand in a line of the file.
    #[error("{0:?} is no name for a user: expected 1 to 64 letters, digits, `.`, `-`, `_` and `@`")]
    Name(String),
    /// It would be guessed.
    #[error(
        "a password has at least {PASSWORD_CHARS_MIN} characters, and at most {PASSWORD_BYTES_MAX} bytes"
    )]
    Password,
}

impl Users {
    /// Reads the file at `path`; nobody where there is none.
    ///
    /// # Errors
    ///
    /// It cannot be read, or a line of it is no user.
    pub fn read(path: &Path) -> Result<Self, AccessError> {
        let failed = |source| AccessError::File { path: path.into(), source };
        let text = match fs::metadata(path) {
            Ok(found) if found.len() > USERS_BYTES_MAX => {
                return Err(failed(io::Error::from(io::ErrorKind::FileTooLarge)));
            }
            Ok(_) => fs::read_to_string(path).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(error)),
        };
        let mut users = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let refused = || AccessError::Line { path: path.into(), line: index + 1 };
            let [name, role, hash] = line
                .split_whitespace()
                .collect::<Vec<_>>()
                .try_into()
                .map_err(|_: Vec<&str>| refused())?;
            let role = role.parse().map_err(|_| refused())?;
            PasswordHash::new(hash).map_err(|_| refused())?;
            users.push(User { name: name.into(), role, hash: hash.into() });
        }
        Ok(Users(users))
    }

    /// Writes them to `path`, for the eyes of its owner alone.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), AccessError> {
        let mut text = String::from("# name role argon2id-hash; made by `alongside serve users`\n");
        for User { name, role, hash } in &self.0 {
            text.push_str(&format!("{name} {} {hash}\n", role.name()));
        }
        let partial = path.with_extension("partial");
        let written = write_secret(&partial, text.as_bytes());
        written
            .and_then(|()| fs::rename(&partial, path))
            .map_err(|source| AccessError::File { path: path.into(), source })
    }

    /// Adds a user, in place of the one of that name.
    ///
    /// # Errors
    ///
    /// A name that cannot stand in the file.
    pub fn put(&mut self, name: &str, role: Role, hash: String) -> Result<(), AccessError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
        if !(1..=NAME_CHARS_MAX).contains(&name.len()) || !name.chars().all(is_plain) {
            return Err(AccessError::Name(name.into()));
        }
        self.remove(name);
        self.0.push(User { name: name.into(), role, hash });
        Ok(())
    }

    /// Removes the user of that name; `false` if there is none.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|user| user.name != name);
        self.0.len() < before
    }

    /// Names and roles.
    pub fn list(&self) -> impl Iterator<Item = (&str, Role)> {
        self.0.iter().map(|user| (user.name.as_str(), user.role))
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes as long for a name that is not known.
    fn verify(&self, name: &str, password: &str) -> Option<Role> {
        let user = self.0.iter().find(|user| user.name == name);
        let hash = PasswordHash::new(user.map_or(NOBODY, |user| &user.hash)).ok()?;
        let is_right = argon2().verify_password(password.as_bytes(), &hash).is_ok();
        user.filter(|_| is_right).map(|user| user.role)
    }
}

#[cfg(unix)]
fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let _ = fs::remove_file(path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

#[cfg(not(unix))]
fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(path, bytes)
}

/// The argon2id hash of a password, with OWASP's parameters (19 MiB, two passes) and a salt of its own.
///
/// # Errors
///
/// It is too short to be a secret, or far too long.
pub fn hash_password(password: &str) -> Result<String, AccessError> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(AccessError::Password);
    }
    let salt = SaltString::encode_b64(&random::<16>()).expect("16 bytes are a salt");
    let hash = argon2().hash_password(password.as_bytes(), &salt);
    Ok(hash.expect("the parameters are good").to_string())
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("the parameters are good");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// 256 bits in hexadecimal digits.
fn secret() -> String {
    hex(&random::<32>())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// In a time that does not tell how much of it is right.
fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one.as_bytes()) == Sha256::digest(other.as_bytes())
}

/// Somebody who asks, after the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// `None` on loopback, and of nobody.
    pub(crate) user: Option<String>,
    /// `None` of somebody who has not said who they are.
    pub(crate) role: Option<Role>,
    /// What a change must carry; `None` of a program that says its token with every request.
    pub(crate) csrf: Option<String>,
}

impl Caller {
    /// As it stands beside what they do.
    pub(crate) fn name(&self) -> String {
        self.user.clone().unwrap_or_else(|| "local".into())
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.ok_or_else(|| Refusal::new(StatusCode::UNAUTHORIZED, "log in first"))
    }
}

/// Knows who is inside.
pub(crate) struct Door {
    access: Access,
    /// A proxy with TLS stands before it.
    behind_proxy: bool,
    /// Of everybody on loopback.
    csrf: String,
    sessions: Mutex<HashMap<String, Session>>,
    failures: Mutex<HashMap<String, Vec<Instant>>>,
}

struct Session {
    caller: Caller,
    used_at: Instant,
}

impl Door {
    pub(crate) fn new(access: Access, behind_proxy: bool) -> Self {
        Door {
            access,
            behind_proxy,
            csrf: secret(),
            sessions: Mutex::default(),
            failures: Mutex::default(),
        }
    }

    /// Who asks by way of `peer`: the last one that the proxy names, as those before it may be made up.
    pub(crate) fn address_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.behind_proxy {
            return peer;
        }
        let named = headers.get_all("x-forwarded-for").iter().next_back();
        let last =
            named.and_then(|named| named.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        last.unwrap_or(peer)
    }

    fn set_cookie(&self, id: &str, seconds: u64) -> String {
        let secure = if self.behind_proxy { "; Secure" } else { "" };
        format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.access, Access::Open)
    }

    /// Who sends these headers.
    ///
    /// # Errors
    ///
    /// On loopback, a name of another machine.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let Access::Guarded { token, .. } = &self.access else {
            // A page elsewhere whose name leads to this machine would be of one origin with us.
            if !text(header::HOST).is_some_and(is_loopback_name) {
                return Err(Refusal::new(
                    StatusCode::MISDIRECTED_REQUEST,
                    "this is served to the machine itself alone: ask for http://127.0.0.1 or http://localhost",
                ));
            }
            if PROXIED.iter().any(|name| headers.contains_key(*name)) {
                return Err(Refusal::new(
                    StatusCode::MISDIRECTED_REQUEST,
                    "this came by way of a proxy, and whoever is on this machine may do everything: give users or a token",
                ));
            }
            let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
            if site == Some("cross-site") {
                let message = "a page of another site asks for this";
                return Err(Refusal::new(StatusCode::FORBIDDEN, message));
            }
            let csrf = Some(self.csrf.clone());
            return Ok(Caller { user: None, role: Some(Role::Admin), csrf });
        };
        let nobody = Caller { user: None, role: None, csrf: None };
        if let Some(given) = text(header::AUTHORIZATION) {
            let given = given.strip_prefix("Bearer ").unwrap_or_default();
            let is_right = token.as_ref().is_some_and(|token| is_same(token, given));
            let program =
                Caller { user: Some("token".into()), role: Some(Role::Analyst), csrf: None };
            return Ok(if is_right { program } else { nobody });
        }
        let Some(id) = cookie(headers) else { return Ok(nobody) };
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.used_at.elapsed() < SESSION_KEPT);
        let found = sessions.get_mut(&hashed(id));
        Ok(found.map_or(nobody, |session| {
            session.used_at = Instant::now();
            session.caller.clone()
        }))
    }

    /// Whether another try may be made from there and under that name.
    pub(crate) fn may_try(&self, from: IpAddr, name: &str) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, at| at.iter().any(|at| at.elapsed() < FAILURES_WITHIN));
        let few = |key: &str| {
            let recent = |at: &&Instant| at.elapsed() < FAILURES_WITHIN;
            failures.get(key).map_or(0, |at| at.iter().filter(recent).count()) < FAILURES_MAX
        };
        failures.len() < FAILING_MAX && keys(from, name).iter().all(|key| few(key))
    }

    /// Takes as long as argon2 does. Gives the cookie and the one who is inside now.
    pub(crate) fn log_in(
        &self,
        from: IpAddr,
        name: &str,
        password: &str,
    ) -> Option<(String, Caller)> {
        let Access::Guarded { users, .. } = &self.access else { return None };
        let role = match password.len() <= PASSWORD_BYTES_MAX {
            true => users.verify(name, password),
            false => None,
        };
        let Some(role) = role else {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            for key in keys(from, name) {
                failures.entry(key).or_default().push(Instant::now());
            }
            return None;
        };
        let caller = Caller { user: Some(name.into()), role: Some(role), csrf: Some(secret()) };
        let id = secret();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.used_at);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                sessions.remove(&oldest);
            }
        }
        sessions.insert(hashed(&id), Session { caller: caller.clone(), used_at: Instant::now() });
        Some((self.set_cookie(&id, SESSION_KEPT.as_secs()), caller))
    }

    /// Ends the session; gives the cookie that forgets it.
    pub(crate) fn log_out(&self, headers: &HeaderMap) -> String {
        if let Some(id) = cookie(headers) {
            let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.remove(&hashed(id));
        }
        self.set_cookie("", 0)
    }
}

/// Whether a change carries what a page of another site cannot know.
pub(crate) fn carries_csrf(caller: &Caller, headers: &HeaderMap) -> bool {
    let Some(expected) = &caller.csrf else { return caller.user.is_some() };
    let given = headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
    given.is_some_and(|given| is_same(given, expected))
}

fn keys(from: IpAddr, name: &str) -> [String; 2] {
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    [format!("from {from}"), format!("as {name}")]
}

/// What is kept of an id: whoever reads the memory cannot come in with it.
fn hashed(id: &str) -> String {
    hex(&Sha256::digest(id.as_bytes()))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, id)| id)
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Open => "Open",
            Access::Guarded { .. } => "Guarded",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
        pairs.collect()
    }

    fn door() -> Door {
        let mut users = Users::default();
        users.put("ann", Role::Analyst, hash_password("correct horse").unwrap()).unwrap();
        Door::new(Access::Guarded { users, token: Some("t0ken".into()) }, false)
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_password_opens_a_session_and_logging_out_ends_it() {
        let door = door();
        assert_eq!(door.log_in(HERE, "ann", "wrong horse"), None);
        assert_eq!(door.log_in(HERE, "bob", "correct horse"), None);
        assert!(PasswordHash::new(NOBODY).is_ok(), "an unknown name takes as long");
        let (cookie, caller) = door.log_in(HERE, "ann", "correct horse").unwrap();
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        let cookie = headers(&[("cookie", cookie.split(';').next().unwrap())]);
        assert_eq!(door.caller(&cookie).unwrap(), caller);
        assert!(!carries_csrf(&caller, &cookie));
        let csrf = headers(&[("x-csrf-token", caller.csrf.as_deref().unwrap())]);
        assert!(carries_csrf(&caller, &csrf));
        door.log_out(&cookie);
        assert_eq!(door.caller(&cookie).unwrap().role, None);
    }

    #[test]
    fn whoever_guesses_must_wait() {
        let door = door();
        let there: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..FAILURES_MAX {
            assert!(door.may_try(HERE, "ann"));
            door.log_in(HERE, "ann", "guess");
        }
        assert!(!door.may_try(HERE, "ann") && !door.may_try(HERE, "bob"));
        assert!(!door.may_try(there, "ann") && door.may_try(there, "bob"));
    }

    #[test]
    fn behind_a_proxy_cookies_are_for_tls_and_callers_are_those_it_names() {
        let Door { access, .. } = door();
        let open = Door::new(access.clone(), false);
        let door = Door::new(access, true);
        let (cookie, _) = door.log_in(HERE, "ann", "correct horse").unwrap();
        assert!(cookie.ends_with("; Secure"), "{cookie}");
        assert!(door.log_out(&HeaderMap::new()).ends_with("; Secure"));
        assert!(!open.log_out(&HeaderMap::new()).contains("Secure"));
        let named = headers(&[("x-forwarded-for", "198.51.100.7, 192.0.2.1")]);
        let there: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!((door.address_of(HERE, &named), open.address_of(HERE, &named)), (there, HERE));
        assert_eq!(door.address_of(HERE, &headers(&[("x-forwarded-for", "x")])), HERE);
    }

    #[test]
    fn a_token_is_for_programs() {
        let door = door();
        let role = |value: &str| door.caller(&headers(&[("authorization", value)])).unwrap().role;
        assert_eq!(role("Bearer t0ken"), Some(Role::Analyst));
        assert_eq!(role("Bearer t0ke"), None);
        assert_eq!(role("t0ken"), None);
        let caller = door.caller(&headers(&[("authorization", "Bearer t0ken")])).unwrap();
        assert!(carries_csrf(&caller, &HeaderMap::new()));
    }

    #[test]
    fn on_loopback_the_machine_itself_is_meant() {
        let door = Door::new(Access::Open, false);
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080"] {
            let caller = door.caller(&headers(&[("host", host)])).unwrap();
            assert_eq!(caller.role, Some(Role::Admin));
            assert!(!carries_csrf(&caller, &HeaderMap::new()));
        }
        for (name, value) in [("x-forwarded-for", "192.0.2.1"), ("sec-fetch-site", "cross-site")] {
            assert!(door.caller(&headers(&[("host", "localhost"), (name, value)])).is_err());
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "192.0.2.1:8080", ""] {
            assert!(door.caller(&headers(&[("host", host)])).is_err(), "{host}");
        }
    }

    #[test]
    fn users_are_read_as_they_are_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users");
        let mut users = Users::read(&path).unwrap();
        assert!(users.is_empty());
        assert!(users.put("a b", Role::Viewer, String::new()).is_err());
        assert!(hash_password("short").is_err());
        users.put("ann", Role::Admin, hash_password("long enough").unwrap()).unwrap();
        users.write(&path).unwrap();
        assert_eq!(Users::read(&path).unwrap(), users);
        assert_eq!(users.verify("ann", "long enough"), Some(Role::Admin));
        fs::write(&path, "ann admin hash\n").unwrap();
        assert!(Users::read(&path).unwrap_err().to_string().contains("line 1"));
    }
}
