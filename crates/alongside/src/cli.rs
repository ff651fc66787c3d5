//! The command line: what can be asked for, and with which words.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use maritime::{EventKind, Timestamp};
use sea::{Area, Coverage, Kind, Planted};
use source::{BoundingBox, ColumnMapping};

use crate::duration::{Span, SpanError};
use crate::run::Address;

/// Reads AIS, the radio by which ships report themselves, and flags ships that come alongside each
/// other at sea: the trace of a ship-to-ship transfer. What it tells is evidence with its reasons, not
/// an accusation.
#[derive(Debug, Parser)]
#[command(name = "alongside", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "\
Start here:
  alongside demo                       find planted transfers in a simulated day at sea
  alongside replay recording.nmea.gz   find encounters in a recording of your own

The result goes to standard output, progress and counters to standard error.
Exit codes: 0 done, 1 failed, 2 asked wrongly, 3 something was rejected and --strict was given.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find encounters in recorded files
    Replay(ReplayArgs),
    /// Find encounters in live feeds, until it is stopped
    Run(RunArgs),
    /// Write the messages in recorded files as JSON, as gpsdecode does
    Decode(DecodeArgs),
    /// Pack one event with all it rests on, so that anyone can derive it again
    Dossier(DossierArgs),
    /// Check a dossier: derive its event again and compare the bytes
    Verify(VerifyArgs),
    /// Load events and positions from Kafka into ClickHouse
    Load(LoadArgs),
    /// Publish to Kafka what waits in the outbox
    Publish(PublishArgs),
    /// Make or show the tables and views of ClickHouse
    Schema(SchemaArgs),
    /// Show a store: the web page and the API
    Serve(ServeArgs),
    /// Write a simulated sea, as sentences with the truth beside them
    Simulate(SimulateArgs),
    /// Compare found encounters with the truth of a simulated sea
    Score(ScoreArgs),
    /// Simulate a day with planted transfers and find them
    Demo(DemoArgs),
    /// Look whether `run` has what it needs, and say what to do where it has not
    Doctor(DoctorArgs),
    /// Try the rules for alerts
    Alerts(AlertsArgs),
    /// Check a configuration, or print the sample that is its manual
    Config(ConfigArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
}

/// Live feeds to events.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  alongside run --config config/alongside.toml
  alongside run --source udp://0.0.0.0:10110 --source tcp://feed.example:4001
  nc feed.example 4001 | alongside run --source stdin

Every line is in the journal before anything is made of it, so the program can be killed at any moment and goes \
on where it was; `alongside replay journal` finds the same again. How it goes is on http://127.0.0.1:8090/healthz, \
for Prometheus on /metrics. SIGTERM ends the intake, and what was accepted is dealt with; what is open goes on with \
the next start.")]
pub struct RunArgs {
    /// What to do, in full: sources, journal, store, and how encounters are found
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Take lines from here as well: udp://address:port and tcp-listen://address:port listen,
    /// tcp://host:port connects, `stdin` reads standard input to its end; `alongside config print` has the others.
    /// May be given again
    #[arg(long, value_name = "URL")]
    pub source: Vec<Address>,

    /// Publish every telling of every event, positions and identities to the Kafka at these addresses, such as
    /// 127.0.0.1:9092
    #[arg(long, value_name = "BROKERS")]
    pub kafka: Option<String>,
}

/// A store to pages.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  alongside serve --store alongside.gpkg
  alongside serve users add ann --role analyst --users users
  alongside serve --store alongside.gpkg --listen 0.0.0.0:8080 --users users
  alongside serve --store clickhouse://reader@localhost:8123/alongside --desk desk.gpkg

On a loopback address whoever is on this machine may look and review. Any other address is refused without users or a \
token; put a proxy with TLS before it, because passwords go over the wire as they are. /api/openapi.json describes \
the API.")]
pub struct ServeArgs {
    /// Keep users in place of serving
    #[command(subcommand)]
    pub command: Option<ServeCommand>,

    /// Read the section [serve] of this, and the profiles
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The GeoPackage that `replay` or `run` fills, or the ClickHouse that `replay` or `load` does, such as
    /// clickhouse://user@host:8123/database
    #[arg(long, value_name = "FILE.gpkg|URL", value_parser = parse_store)]
    pub store: Option<Store>,

    /// Where reviews, lists and the audit are kept beside a ClickHouse, which is only read; made if it is not there
    #[arg(long, value_name = "FILE.gpkg")]
    pub desk: Option<PathBuf>,

    /// Where browsers find it
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// The file of those who may come in; see `serve users add`
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,

    /// The file with the token of programs, which they send as `Authorization: Bearer TOKEN`
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// What else `serve` does.
#[derive(Debug, Subcommand)]
pub enum ServeCommand {
    /// Add, remove or list those who may come in
    Users {
        /// What to do.
        #[command(subcommand)]
        command: UsersCommand,
    },
}

/// What is done with users.
#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// Add a user, or change one; the password is the first line of standard input
    Add {
        /// Letters, digits, `.`, `-`, `_` and `@`
        name: String,
        /// viewer looks, analyst reviews and keeps lists, admin sees who did what
        #[arg(long, value_name = "ROLE", default_value = "viewer", value_parser = PossibleValuesParser::new(["viewer", "analyst", "admin"]))]
        role: String,
        /// The file of users
        #[arg(long, value_name = "FILE", default_value = "users")]
        users: PathBuf,
    },
    /// Remove a user
    Remove {
        /// As added
        name: String,
        /// The file of users
        #[arg(long, value_name = "FILE", default_value = "users")]
        users: PathBuf,
    },
    /// List users and roles
    List {
        /// The file of users
        #[arg(long, value_name = "FILE", default_value = "users")]
        users: PathBuf,
    },
}

/// Files to events.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  alongside replay day.nmea.gz
  alongside replay --bbox=-97,24,-88,31 --profile sts AIS_2024_01_01.csv.zst
  alongside replay --format ndjson --store none archive/ | jq .vessels
  alongside replay --columns mmsi=track_id,time=time,lat=lat,lon=lon,sog=speed positions.csv
  nc feed.example 4001 | alongside replay --start-time 2024-01-01T00:00:00Z -

What a file holds is told by its content: NMEA lines in any usual framing, MarineCadastre CSV, \
CSV of the Danish Maritime Authority, any other CSV with --columns; plain, gzip or zstd. Several \
files are read side by side, in the order of time. A file that breaks off, such as a gzip cut \
short, is read as far as it goes, and --strict counts it as rejected.")]
pub struct ReplayArgs {
    /// Recordings, or directories of them; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Table, help_heading = "Result")]
    pub format: Format,

    /// Write the result to a file in place of standard output; it appears there when it is whole, and
    /// until then grows beside it as .FILE.partial, which stays only if the program is killed outright
    #[arg(long, value_name = "FILE", help_heading = "Result")]
    pub output: Option<PathBuf>,

    /// GeoPackage to which all that was found is added, which QGIS opens as it is; a ClickHouse server, as
    /// clickhouse://user@host:8123/database, which takes every telling, the positions and the identities as well; or
    /// `none`
    #[arg(
        long,
        value_name = "FILE.gpkg|URL|none",
        default_value = "alongside.gpkg",
        value_parser = parse_store,
        help_heading = "Result"
    )]
    pub store: Store,

    /// Publish every telling of every event, positions and identities to the Kafka at these addresses, such as
    /// 127.0.0.1:9092
    #[arg(long, value_name = "BROKERS", help_heading = "Result")]
    pub kafka: Option<String>,

    /// The same, to the brokers of the configuration
    #[arg(long, help_heading = "Result")]
    pub publish: bool,

    /// What published positions and identities are said to come from [default: the name of the first file]
    #[arg(long, value_name = "NAME", help_heading = "Result")]
    pub source: Option<String>,

    /// Show encounters that satisfy this profile; may be given again. `any` shows those too that
    /// satisfy none [default: every profile of the configuration]. Without --kind encounters alone
    /// are shown then
    #[arg(long, value_name = "NAME", help_heading = "Result")]
    pub profile: Vec<String>,

    /// What to show, such as `encounter,dark_meeting`: of encounters those that satisfy a profile, of
    /// other kinds all [default: encounters that satisfy a profile, and of every other kind but dark_meeting,
    /// which are looked for only if they are named here, what has a score of at least 0.5]
    #[arg(
        long,
        value_name = "KIND,...",
        value_delimiter = ',',
        value_parser = kind_names(),
        help_heading = "Result"
    )]
    pub kind: Vec<String>,

    /// How many encounters the table shows
    #[arg(long, value_name = "N", default_value_t = 50, help_heading = "Result")]
    pub limit: usize,

    /// Every version of each event as it is told, not the last one alone; with `--format ndjson`. --kind says of
    /// which kinds [default: all]
    #[arg(long, conflicts_with = "profile", help_heading = "Result")]
    pub history: bool,

    /// Leave out what was reported before this time
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse, help_heading = "Selection")]
    pub since: Option<Timestamp>,

    /// Leave out what was reported at this time or later
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse, help_heading = "Selection")]
    pub until: Option<Timestamp>,

    /// Leave out positions outside these degrees: west, south, east, north. West may be greater than
    /// east, across the 180th meridian
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true, help_heading = "Selection")]
    pub bbox: Option<BoundingBox>,

    /// Which column of a CSV is which. Keys: mmsi, time, lat, lon, which are needed; sog, cog, heading,
    /// name, imo, callsign, type, length, width, draught, destination. What is not given is found by
    /// its usual name
    #[arg(long, value_name = "KEY=COLUMN,...", help_heading = "Input")]
    pub columns: Option<ColumnMapping>,

    /// When a recording began that has no time in it
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse, help_heading = "Input")]
    pub start_time: Option<Timestamp>,

    /// How much later than the newest report one may come, such as 10m or 1d [default: 10m]
    #[arg(long, value_name = "DURATION", value_parser = parse_span, help_heading = "Input")]
    pub lateness: Option<Span>,

    /// Parameters of the detection; see `alongside config print`
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub config: Option<PathBuf>,

    /// A list of ships to look out for: CSV or JSON with IMO, MMSI, callsign or name; may be given again
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub watchlist: Vec<PathBuf>,

    /// Ports and zones of your own: GeoJSON with points and polygons, or CSV with name, lat and lon; may
    /// be given again
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub places: Vec<PathBuf>,

    /// 1 reads, detects and tells in turns, 2 side by side; the result is the same
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2), help_heading = "Run")]
    pub threads: u8,

    /// End with exit code 3 if anything at all was rejected or late
    #[arg(long, help_heading = "Run")]
    pub strict: bool,

    /// No progress and no counters; warnings and errors stay
    #[arg(long, short, help_heading = "Run")]
    pub quiet: bool,
}

/// Files to messages.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  alongside decode day.nmea.gz | jq 'select(.type == 5) | .shipname'
  nc feed.example 4001 | alongside decode
  alongside decode --format csv day.nmea > day.csv

One JSON object a line for each message, with the names, units and special values of gpsd \
(`gpsdecode -j`), and besides `received_at` and `station` where the sentences tell them. What a \
receiver says of itself by RMC, ZDA or GGA is an object of class TPV, and by HDT of class ATT; a \
table leaves them out. Files are read as `replay` reads them: plain, gzip or zstd, in any usual framing.")]
pub struct DecodeArgs {
    /// Recordings, or directories of them; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub files: Vec<PathBuf>,

    /// How the messages are written
    #[arg(long, value_enum, default_value_t = DecodeFormat::Ndjson, help_heading = "Result")]
    pub format: DecodeFormat,

    /// Add the lines of each message, as `nmea`
    #[arg(long, help_heading = "Result")]
    pub nmea: bool,

    /// Numbers as they were sent, not in degrees, knots and metres
    #[arg(long, help_heading = "Result")]
    pub unscaled: bool,

    /// Give part B of the static data of class B the name of the last part A, as one object
    #[arg(long, help_heading = "Result")]
    pub join_static: bool,

    /// End with exit code 3 if anything at all was rejected
    #[arg(long, help_heading = "Run")]
    pub strict: bool,

    /// No counters; warnings and errors stay
    #[arg(long, short, help_heading = "Run")]
    pub quiet: bool,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DecodeFormat {
    /// One JSON object in a line
    Ndjson,
    /// For spreadsheets: a row for each message, without lists and application data
    Csv,
}

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// In plain words, the most telling first
    Table,
    /// One JSON object in a line, in order of time
    Ndjson,
    /// One JSON array
    Json,
    /// For spreadsheets
    Csv,
    /// For maps: a point for each encounter
    Geojson,
}

/// Where encounters are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// In this file.
    GeoPackage(PathBuf),
    /// On this server.
    ClickHouse(String),
    /// Nowhere.
    None,
}

/// One event as evidence.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  alongside dossier encounter-248643785-351487773-20240101T012844Z --store gulf.gpkg
  alongside dossier EVENT --from moved/day.nmea.gz --output case.zip --sign minisign.key
  alongside dossier EVENT --store alongside.gpkg --from journal

It reads the inputs of the run that found the event again, keeps the lines that the event rests on as they stand \
there, and derives it from these alone. The zip holds the case as a page to read and print, the tracks, these lines, \
the parameters, and the sums of all files and of the whole inputs; in what the stored event differs, which rests on \
the whole recording, is said field by field. Inputs must be recordings of sentences: a table proves nothing.")]
pub struct DossierArgs {
    /// Its id, as in the column event_id of the store
    #[arg(value_name = "EVENT")]
    pub event: String,

    /// The GeoPackage that has it
    #[arg(long, value_name = "FILE.gpkg", default_value = "alongside.gpkg")]
    pub store: PathBuf,

    /// Where the inputs are, if not where the store says; of a daemon, the folder of its journal. May be given again
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub from: Vec<PathBuf>,

    /// Where the dossier goes; `-` is standard output [default: EVENT.zip]
    #[arg(long, value_name = "FILE.zip")]
    pub output: Option<PathBuf>,

    /// When a recording began that has no time in it, if the store does not say
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    pub start_time: Option<Timestamp>,

    /// Sign it with this secret key of minisign. The password of an encrypted one is asked for, or taken from
    /// ALONGSIDE_SIGN_PASSWORD in the environment
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,

    /// Say nothing but warnings and errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Evidence, checked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  alongside verify case.zip
  alongside verify case.zip --public-key minisign.pub
  alongside verify case.zip --from day.nmea.gz --format json

It needs the dossier alone: it checks the sums and the checksum of every sentence, derives the event and everything \
else in the dossier again, and says that it is the same bytes, or exactly what differs. Exit code 0 if it holds, 1 if \
not. Whoever alters the sentences and makes all of it anew has made another dossier: against that stands a \
signature, or the recording itself.")]
pub struct VerifyArgs {
    /// As `alongside dossier` made it
    #[arg(value_name = "DOSSIER.zip")]
    pub dossier: PathBuf,

    /// The public key of minisign of whoever shall have signed it: the file, or its line of letters
    #[arg(long, value_name = "KEY")]
    pub public_key: Option<String>,

    /// The recordings that it was made from: are they those, and do its lines stand in them? May be given again
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub from: Vec<PathBuf>,

    /// How the verdict is written
    #[arg(long, value_enum, default_value_t = ScoreFormat::Table)]
    pub format: ScoreFormat,
}

/// Kafka to ClickHouse.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  alongside schema apply
  alongside load --kafka 127.0.0.1:9092 --clickhouse http://127.0.0.1:8123
  alongside load --until-end                 load what there is, and end
  alongside load --dead-letter               try again what could not be stored, and end

It runs until it is stopped. Every message is stored once as read, whatever happens to it, to Kafka or to \
ClickHouse meanwhile; what cannot be stored goes to the topic of dead letters with the reason. Several loaders \
share the work.")]
pub struct LoadArgs {
    /// Where Kafka is; overrides the configuration
    #[arg(long, value_name = "BROKERS")]
    pub kafka: Option<String>,

    /// Where ClickHouse is; overrides the configuration
    #[arg(long, value_name = "URL")]
    pub clickhouse: Option<String>,

    /// Make the tables first, as `alongside schema apply` does
    #[arg(long)]
    pub apply_schema: bool,

    /// Load again what could not be stored, in place of what is new, and end
    #[arg(long)]
    pub dead_letter: bool,

    /// End when all is loaded that was there at the beginning
    #[arg(long)]
    pub until_end: bool,

    /// See `alongside config print`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The outbox to Kafka.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Where Kafka is; overrides the configuration
    #[arg(long, value_name = "BROKERS")]
    pub kafka: Option<String>,

    /// Say how much waits, and publish nothing; with --refused write out what Kafka refused, as a line of JSON each
    #[arg(long)]
    pub dry_run: bool,

    /// Publish again what Kafka refused, such as messages longer than it allows, behind what waits
    #[arg(long)]
    pub refused: bool,

    /// Forget what Kafka refused, and write it out as a line of JSON each; publish nothing
    #[arg(long, conflicts_with_all = ["refused", "dry_run"])]
    pub drop_refused: bool,

    /// See `alongside config print`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The tables of ClickHouse.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: SchemaCommand,
}

/// What can be done with the tables.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// Make what is not there yet, and set how long positions are kept; done again, it changes nothing
    Apply {
        /// Where ClickHouse is; overrides the configuration
        #[arg(long, value_name = "URL")]
        clickhouse: Option<String>,
        /// See `alongside config print`
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Print the statements
    Print,
}

/// A simulated sea.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  alongside simulate --output sea.nmea.gz --truth truth.ndjson
  alongside simulate --seed 7 --hours 72 --coverage satellite --output sea.nmea --truth truth.ndjson
  alongside simulate --area dateline --meetings long=5,tow=2 --ships 50 | head
  alongside replay sea.nmea.gz --profile any --kind encounter,dark_meeting,identity_change \\
    --format ndjson --store none | \\
    alongside score --truth truth.ndjson -

Meetings: long (4 to 24 h), short (50 to 110 min), under_way, at_anchor. What only looks like one: \
anchored_neighbours, same_berth, tow, pair_trawl, pilot, convoy, overtaking, burst, bunkering, crew_boat, \
gear. Ships that are silent: dark_meeting (both, 4 h together), dark_waiting (one of two), infeasible_gap \
(both, too far apart to have met), reception_hole (nobody there is heard), identity_change. Where ships \
are dark one after the other, give it more --hours. --hours must leave three hours more than the longest.")]
pub struct SimulateArgs {
    /// The same seed gives the same sea
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How long it lasts
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub hours: u32,

    /// When it begins
    #[arg(long, value_name = "TIME", default_value = "2024-01-01", value_parser = Timestamp::parse)]
    pub start_time: Timestamp,

    /// Ships that go about their business, besides those that meet
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub ships: u32,

    /// What is planted: a number of every kind, or KIND=N,... [default: 36 meetings, 4 of each other]
    #[arg(long, value_name = "N|KIND=N,...", value_parser = parse_planted)]
    pub meetings: Option<Planted>,

    /// Where; may be given again [default: four of them]
    #[arg(long, value_name = "NAME", value_parser = area_names())]
    pub area: Vec<String>,

    /// Who hears the ships there [default: some of each, if no area is named; terrestrial]
    #[arg(long, value_name = "NAME", value_parser = coverage_names())]
    pub coverage: Option<String>,

    /// Where the sentences go; compressed if the name ends in .gz; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Where the truth goes, as NDJSON; without it, it is not written
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
}

/// Found beside true.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  alongside score --truth truth.ndjson events.ndjson

Give it every encounter, and what else it scores: `alongside replay --profile any --kind \
encounter,dark_meeting,identity_change --format ndjson`.")]
pub struct ScoreArgs {
    /// The truth, as `alongside simulate` wrote it
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,

    /// Encounters as NDJSON; `-` is standard input
    #[arg(value_name = "EVENTS")]
    pub events: PathBuf,

    /// How the comparison is written
    #[arg(long, value_enum, default_value_t = ScoreFormat::Table)]
    pub format: ScoreFormat,
}

/// How a comparison or a verdict is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScoreFormat {
    /// In plain words
    Table,
    /// One JSON object
    Json,
}

/// The first thing to try.
#[derive(Debug, Args)]
#[command(after_help = "\
It simulates a day of radio, reads it as any recording is read, prints what it found, keeps it in \
a GeoPackage, and compares it with what was planted. Nothing is fetched from anywhere.")]
pub struct DemoArgs {
    /// GeoPackage to which the encounters are added, or `none`
    #[arg(
        long,
        value_name = "FILE.gpkg|none",
        default_value = "alongside-demo.gpkg",
        value_parser = parse_store
    )]
    pub store: Store,
}

/// What is needed.
#[derive(Debug, Args)]
#[command(after_help = "\
It opens and binds what `run` would, and leaves it as it was: run it where `run` shall run, as the same user, while that is \
stopped. The exit code is 1 if something is missing.

Examples:
  alongside doctor --config my.toml")]
pub struct DoctorArgs {
    /// What `run` is to do
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The rules for alerts.
#[derive(Debug, Args)]
pub struct AlertsArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: AlertsCommand,
}

/// What can be done with rules.
#[derive(Debug, Subcommand)]
pub enum AlertsCommand {
    /// Say what they would have told of the events in a store; nothing is sent
    Test(AlertsTestArgs),
}

/// Rules over a store.
#[derive(Debug, Args)]
pub struct AlertsTestArgs {
    /// The configuration with the rules
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The GeoPackage with the events [default: that of the configuration]
    #[arg(long, value_name = "FILE.gpkg", value_parser = parse_store)]
    pub store: Option<Store>,

    /// How far back
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = parse_span)]
    pub since: Span,
}

/// The configuration.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What can be done with a configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether a file would be taken, and what in it differs from the defaults
    Check {
        /// The configuration
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the sample: every key with its default, unit and consequence; of a file every key with its value and where
    /// that comes from, without secrets
    Print {
        /// The configuration
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print a JSON Schema, for editors
    Schema,
}

/// A shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  alongside completions bash > ~/.local/share/bash-completion/completions/alongside
  alongside completions fish > ~/.config/fish/completions/alongside.fish
  alongside completions zsh > ~/.zfunc/_alongside")]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

fn parse_span(text: &str) -> Result<Span, SpanError> {
    Span::parse(text)
}

fn area_names() -> PossibleValuesParser {
    PossibleValuesParser::new(Area::ALL.map(Area::name))
}

fn coverage_names() -> PossibleValuesParser {
    PossibleValuesParser::new(Coverage::ALL.map(Coverage::name))
}

fn parse_planted(text: &str) -> Result<Planted, String> {
    if let Ok(count) = text.parse() {
        return Ok(Planted::every(count));
    }
    let mut planted = Planted::default();
    for part in text.split(',') {
        let (kind, count) = part
            .split_once('=')
            .and_then(|(kind, count)| Some((Kind::parse(kind)?, count.parse().ok()?)))
            .ok_or_else(|| {
                let kinds = Kind::ALL.map(Kind::name).join(", ");
                format!("{part:?} is no KIND=N; the kinds are {kinds}")
            })?;
        *planted.count_mut(kind) = count;
    }
    Ok(planted)
}

fn kind_names() -> PossibleValuesParser {
    PossibleValuesParser::new(EventKind::ALL.map(EventKind::name))
}

/// A store by the name that is given to it.
///
/// # Errors
///
/// There is none.
pub fn parse_store(text: &str) -> Result<Store, String> {
    match text {
        "" => Err("expected a file name or `none`".into()),
        "none" => Ok(Store::None),
        url if url.contains("://") => Ok(Store::ClickHouse(url.into())),
        path => Ok(Store::GeoPackage(path.into())),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
