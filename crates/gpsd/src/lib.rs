//! AIS messages as text: sentences in, an object or a row for each message out.
//!
//! The objects are those of gpsd's documented JSON (`gpsd_json(5)`, "AIS DUMP FORMATS"), in its names, units and
//! words for "not available", so that whatever reads `gpsdecode -j` reads them: unscaled they are what
//! `gpsdecode -u` gives. Besides, an object says when the message was heard (`received_at`), by whom
//! (`station`), and if that is wanted in which lines. What the receiver says of its own place and clock is an
//! object of class `TPV`, and its heading one of class `ATT`.
//!
//! ```
//! use alongside_gpsd::{Format, Options, Printer};
//!
//! let mut printer = Printer::new(Format::Ndjson, Options::default());
//! printer.begin("stdin");
//! printer.push(b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A\n");
//! printer.finish(b"");
//! let text = String::from_utf8(printer.written().clone()).unwrap();
//! assert!(text.starts_with("{\"class\":\"AIS\",\"device\":\"stdin\",\"type\":1,"), "{text}");
//! assert_eq!(printer.counts().accepted, 1);
//! ```
//!
//! # Where gpsdecode says something else
//!
//! The tests compare with gpsdecode over recordings of all sorts; this is said of its edition 3.22. First, what
//! only one of the two has:
//!
//! | type | gpsdecode | here | why |
//! |---|---|---|---|
//! | all | nothing for lengths that it does not expect | what was sent | the fields that are there are sound |
//! | all | nothing for sentences behind what is not theirs: times, tag blocks in odd places | the message | the sentence is whole |
//! | all | messages of sentences without a checksum | a rejection | nothing shows that it is whole |
//! | all | parts of several messages joined, or none of them | each with its own | parts are told apart by number, channel, station and group |
//! | 24 | nothing until both parts came, one object for both | each part as it comes, with `part`; if that is wanted part B with the name of part A as one object | each is a transmission of its own |
//!
//! Then what they say of one message:
//!
//! | type | field | gpsdecode | here | why |
//! |---|---|---|---|---|
//! | 1-3 | `turn` | its size in whole degrees | with its sign, to 0.1° | the sign tells the side |
//! | 17, 27 | `lon`, `lat` | to 0.1° | to 1e-6° | 1/10 minute was sent |
//! | 27 | `status` | the word where things are scaled | the number, and the word as `status_text` | as of types 1-3, and as later editions of gpsd do |
//! | 6, 8 | `lon`, `lat` in 1/1000 minute | to 0.0001° | to 1e-6° | 1/1000 minute was sent |
//! | 1-4, 9, 11, 18 | `radio` of a message that was cut | what is left of it, as a number | nothing | a part of a number is another number |
//! | 4, 5, 11, 19, 21 | `epfd_text` of 15 | `INVALID EPFD` | `Internal GNSS` | M.1371-5 |
//! | 24 | `vendorid` | seven characters | three, `model` and `serial` | M.1371-4 and later |
//! | 25, 26 | `app_id`, `data` of an addressed one | from bit 70 | from bit 72 | two spare bits follow the destination |
//! | 25, 26 | `dest_mmsi`, `app_id` that were not sent | those of an earlier message | 0 | |
//! | 26 | `data`, `radio` | four bits more, 0 | without the spare bits, as sent | |
//! | 7, 13, 15, 20 | a station or a slot that was cut | what is left of it, as a number | 0, which is none | a part of a number is another number |
//! | 6, 8 | fields of an application behind the end of its data | zeros | nothing | they were not sent |
//! | 6, 8 | items of lists | one more, of zeros | those that are whole | |
//! | 6 | 1/14: `lon`, `lat` | ten times as much | degrees | 1/10000 minute |
//! | 6, 8 | 1/15, 1/16 | bits of the destination or behind the data | the first bits of the data | the circulars |
//! | 8 | 1/11, 1/31: `pressuretend`, `leveltrend` | 1 `increasing`, 2 `decreasing` | the other way round | the circulars |
//! | 8 | 1/31: `waterlevel` | to 0.1 m, 42 million below the datum | to 0.01 m, with its sign | 1/100 m |
//! | 6, 8 | 1/13: `from`, `to`; 1/20: `arrival`; 200/21, 200/22: `eta` | without `Z`, and but for 1/13 without zeros in front | as in the other applications | UTC |
//! | 8 | 1/17: `targets` | of 122 bits, with 10 bits of `speed` | of 120 bits, with 8 | Circ.289: one to four targets in 176 to 536 bits, speeds to 255 |
//! | 8 | 1/17: `mmsi`, `imo` | the last 32 bits | all 42 | Circ.289 |
//! | 8 | 1/19: `nextsignal`, the words of signals | no comma behind it, `"` as it is | JSON | |
//! | 8 | 1/19: `signal_text`, `nextsignal_text` of 8 to 14 | those of the code before | 8 is `I`, 13 is `X`, 14 is invalid | Circ.289, and gpsd's own description |
//! | 8 | 1/19: `lon`, `lat` unscaled | degrees | 1/1000 minute, as sent | |
//! | 6, 8 | 200/21, 200/22, 200/24: texts | `"` and `\` as they are | JSON | |
//! | 8 | 200/23: `type`, `class` | twice in one object | `emma_type`, `intensity` for those of the warning | |
//! | 8 | 200/23: `class_text` of 0 to 3 | `Slight`, `Medium`, `Strong`, invalid | `N/A`, `Slight`, `Medium`, `Strong` | Inland |
//! | 8 | 200/10; 200/23: `start`, `min`, `max`; 200/24: `level` | see the application module of the decoder | | |

#![expect(unreachable_pub, reason = "`pub` says what a module offers to the others")]

mod application;
mod csv;
mod fields;
mod json;
mod message;
mod printing;
mod vocabulary;

pub use printing::{Counts, Format, Options, Printer};
