//! What could not be stored, on the wire: the message as it was, and why.

use maritime::Timestamp;
use serde::{Deserialize, Serialize};

use crate::wire::rfc3339;

/// A message that was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetterRecord {
    /// Where it was.
    pub topic: String,
    /// Where it was in there.
    pub partition: i32,
    /// Where it was in there.
    pub offset: i64,
    /// The time of the message.
    #[serde(with = "rfc3339")]
    pub told_at: Timestamp,
    /// Who told it.
    pub source: String,
    /// Of the payload, as its header said.
    pub schema_version: u32,
    /// Its key, as far as it is text.
    pub key: Option<String>,
    /// Why it was refused.
    pub reason: String,
    /// How often that has been now.
    pub attempts: u32,
    /// The payload, if it is text.
    pub payload: Option<String>,
    /// The payload in hexadecimal digits, if it is no text.
    pub payload_hex: Option<String>,
}

impl DeadLetterRecord {
    /// Puts `payload` into the field where it fits.
    pub(crate) fn with_payload(mut self, payload: &[u8]) -> Self {
        match std::str::from_utf8(payload) {
            Ok(text) => self.payload = Some(text.into()),
            Err(_) => {
                self.payload_hex = Some(payload.iter().map(|byte| format!("{byte:02x}")).collect())
            }
        }
        self
    }

    /// Keeps where the message is, and not the message; says whether it was there.
    pub(crate) fn leave_payload_out(&mut self) -> bool {
        let had = self.payload.take().is_some() | self.payload_hex.take().is_some();
        if had {
            self.reason += "; the message is too large to be kept with it";
        }
        had
    }

    /// The payload as it was; `None` if this is no dead letter of ours.
    pub fn payload_bytes(&self) -> Option<Vec<u8>> {
        match (&self.payload, &self.payload_hex) {
            (Some(text), None) => Some(text.clone().into_bytes()),
            (None, Some(hex)) if hex.is_ascii() && hex.len().is_multiple_of(2) => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
                .collect(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::dead_letter;

    #[track_caller]
    fn check_kept(payload: &[u8]) {
        let letter = dead_letter().with_payload(payload);
        let json = serde_json::to_string(&letter).unwrap();
        let read: DeadLetterRecord = serde_json::from_str(&json).unwrap();
        assert_eq!(read.payload_bytes().unwrap(), payload);
    }

    #[test]
    fn any_bytes_come_back_as_they_were() {
        check_kept(b"");
        check_kept(b"{\"id\":\"x\"}");
        check_kept(&[0xFF, 0x00, 0x7B]);
    }

    #[test]
    fn one_that_is_too_large_goes_without_its_message() {
        let mut letter = dead_letter().with_payload(&[0xFF; 1000]);
        assert!(letter.leave_payload_out());
        assert!(!letter.leave_payload_out(), "it can get no smaller");
        assert_eq!(letter.reason, "not an event; the message is too large to be kept with it");
        assert_eq!(letter.payload_bytes(), None);
    }
}
