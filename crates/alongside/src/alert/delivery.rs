//! Alerts on their way: posted, or by mail, until they are taken.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use hmac::{Hmac, KeyInit, Mac};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport};
use serde_json::{Value, json};
use sha2::Sha256;
use sink::{Message, Outbox, Topic};

use super::{Alerts, Channel, Due, Queue, Target};
use crate::agent::agent;
use crate::store::now;

/// Somebody who takes longer has not taken it.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Between looks at an empty queue.
const PAUSE: Duration = Duration::from_millis(500);

/// What became of alerts since the start.
#[derive(Debug, Default)]
pub struct Tally {
    /// Taken.
    pub sent: AtomicU64,
    /// Attempts that failed.
    pub failed: AtomicU64,
    /// Given up.
    pub given_up: AtomicU64,
    /// Waited for longest when there were too many, and went.
    pub dropped: AtomicU64,
    /// In the queue.
    pub waiting: AtomicU64,
}

/// The thread that sends.
pub struct Sender {
    told: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Sender {
    /// Sends what is due, until it is told to end.
    ///
    /// # Errors
    ///
    /// The queue cannot be opened.
    pub fn start(
        alerts: Alerts,
        (outbox, bytes_max): (PathBuf, u64),
        tally: Arc<Tally>,
    ) -> anyhow::Result<Self> {
        let queue = Queue::open(&alerts.file)?;
        let mut outbox = Outbox::open(&outbox, bytes_max)?;
        let told = Arc::new(AtomicBool::new(false));
        let is_over = told.clone();
        let run = move || {
            while !is_over.load(Ordering::Acquire) {
                match send_next(&alerts, &queue, &mut outbox, &tally) {
                    Ok(true) => {}
                    Ok(false) => thread::sleep(PAUSE),
                    Err(error) => {
                        tracing::error!(
                            reason = format!("{error:#}"),
                            "the queue of alerts fails; it is tried again"
                        );
                        thread::sleep(PAUSE);
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("alerts".into()).spawn(run)?;
        Ok(Sender { told, thread })
    }

    /// What waits goes on with the next start.
    pub fn finish(self) {
        self.told.store(true, Ordering::Release);
        // One that is on its way may be left alone: it is sent again, with the same id.
        if self.thread.is_finished() {
            let _ = self.thread.join();
        }
    }
}

/// Says whether there was anything to send.
fn send_next(
    alerts: &Alerts,
    queue: &Queue,
    outbox: &mut Outbox,
    tally: &Tally,
) -> anyhow::Result<bool> {
    tally.waiting.store(queue.len()?, Ordering::Relaxed);
    let Some(due) = queue.next(now())? else { return Ok(false) };
    let channel = alerts.channels.iter().find(|channel| channel.name == due.channel);
    let Some(channel) = channel else {
        tracing::error!(
            channel = due.channel,
            "an alert is for a channel that is no more; it is given up"
        );
        tally.given_up.fetch_add(1, Ordering::Relaxed);
        queue.forget(&due)?;
        return Ok(true);
    };
    match send(channel, &due, outbox) {
        Ok(()) => {
            queue.forget(&due)?;
            tally.sent.fetch_add(1, Ordering::Relaxed);
        }
        Err(error) => {
            tally.failed.fetch_add(1, Ordering::Relaxed);
            let reason = format!("{error:#}");
            if queue.wait(&due, now())? {
                tracing::warn!(
                    channel = channel.name,
                    reason,
                    "an alert was not taken; it is tried again"
                );
            } else {
                tracing::error!(channel = channel.name, reason, "an alert is given up");
                tally.given_up.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    Ok(true)
}

fn send(channel: &Channel, due: &Due, outbox: &mut Outbox) -> anyhow::Result<()> {
    let body: Value = serde_json::from_str(&due.body)?;
    let key =
        channel.key.as_ref().map(|key| key.read()).transpose().context("cannot read the key")?;
    match &channel.target {
        Target::Webhook { url, is_text } => post(url, *is_text, key.as_deref(), &due.id, &body),
        Target::Mail { user, host, port, from, to } => {
            let text = body["text"].as_str().unwrap_or_default();
            let subject = format!("Alongside: {}", body["rule"].as_str().unwrap_or_default());
            let mut mail = lettre::Message::builder()
                .from(from.parse::<Mailbox>().context("`from` is no address")?)
                .subject(subject)
                .message_id(Some(format!(
                    "<{}@alongside>",
                    due.id.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
                )));
            for address in to {
                mail = mail.to(address.parse::<Mailbox>().context("`to` is no address")?);
            }
            let event = &body["event"];
            let more = serde_json::to_string_pretty(event)?;
            let mail = mail.body(format!("{text}\n\n{more}\n"))?;
            let mut server =
                SmtpTransport::builder_dangerous(host).port(*port).timeout(Some(TIMEOUT));
            if let Some(key) = key {
                server = server.credentials(Credentials::new(user.clone(), key));
            }
            server.build().send(&mail)?;
            Ok(())
        }
        Target::Kafka => {
            // What is in the outbox leaves it; killed before the queue knows, it is there twice, with one id.
            let key = body["event"]["id"].as_str().unwrap_or_default().to_owned();
            let (id, payload) = (due.id.clone(), due.body.clone());
            let message = Message { topic: Topic::Alerts, key, id, source: "run".into(), payload };
            Ok(outbox.append(&[message], None)?)
        }
    }
}

fn post(url: &str, is_text: bool, key: Option<&str>, id: &str, body: &Value) -> anyhow::Result<()> {
    let body = if is_text {
        // What came by radio shall not be read as a link or a call for everybody.
        let text = body["text"].as_str().unwrap_or_default();
        json!({ "text": text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") })
    } else {
        body.clone()
    };
    let body = body.to_string();
    let at = (now().as_millis() / 1000).to_string();
    let agent: ureq::Agent = agent(TIMEOUT).max_redirects(0).build().into();
    let mut request = agent
        .post(url)
        .header("content-type", "application/json")
        .header("x-alongside-id", id.replace(|c: char| !c.is_ascii_graphic(), "-"))
        .header("x-alongside-timestamp", &at);
    if let Some(key) = key {
        request = request.header("x-alongside-signature", signature(key, &at, &body)?);
    }
    let status = request.send(body.as_str())?.status();
    if status.is_success() { Ok(()) } else { Err(anyhow!("the answer is {status}")) }
}

/// `sha256=` and the HMAC of the time, a dot and the body, in hexadecimal digits.
fn signature(key: &str, at: &str, body: &str) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())?;
    mac.update(format!("{at}.{body}").as_bytes());
    let digits: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256={digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_others_make_it() {
        // printf '1.{}' | openssl dgst -sha256 -hmac key
        assert_eq!(
            signature("key", "1", "{}").unwrap(),
            "sha256=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"
        );
    }
}
