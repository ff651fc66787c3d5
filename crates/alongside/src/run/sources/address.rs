//! Where lines come from, as a text: `udp://0.0.0.0:10110`, `serial:///dev/ttyUSB0`.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Of a serial line, unless the address says otherwise: what AIS receivers have (IEC 61162-2).
const BAUD: u32 = 38_400;

/// Where lines come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Datagrams that arrive here.
    Udp(SocketAddr),
    /// A server that is asked again whenever it is gone: `host:port`.
    Tcp(String),
    /// Whoever connects here.
    TcpListen(SocketAddr),
    /// A gpsd, which is asked for sentences: `host:port`.
    Gpsd(String),
    /// Whoever posts here.
    HttpListen(SocketAddr),
    /// A server of a websocket, with its whole URL.
    Websocket(String),
    /// A broker of MQTT.
    Mqtt(Mqtt),
    /// A topic of Kafka whose messages are lines.
    Kafka {
        /// `host:port`, several separated by commas.
        brokers: String,
        /// Its name.
        topic: String,
    },
    /// A device, and its speed in bits a second.
    Serial(PathBuf, u32),
    /// A file that grows.
    File(PathBuf),
    /// A folder to which files come.
    Directory(PathBuf),
    /// Standard input, to its end.
    Stdin,
}

/// Where on a broker of MQTT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mqtt {
    /// Whom the key is of; nobody if there is none.
    pub user: String,
    /// Its name or number.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What is subscribed, which may have `+` and `#` in it.
    pub topic: String,
}

/// Why a text is no [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AddressError(String);

/// How addresses of each sort look.
const FORMS: [(&str, &str); 13] = [
    ("udp", "udp://address:port with the address as a number, as in udp://0.0.0.0:10110"),
    ("tcp", "tcp://host:port"),
    ("tcp-listen", "tcp-listen://address:port with the address as a number"),
    ("gpsd", "gpsd://host:port, as in gpsd://127.0.0.1:2947"),
    ("http-listen", "http-listen://address:port with the address as a number"),
    ("ws", "ws://host:port/path"),
    ("wss", "wss://host/path"),
    ("mqtt", "mqtt://host:port/topic or mqtt://user@host:port/topic"),
    ("kafka", "kafka://host:port/topic, several hosts separated by commas"),
    ("serial", "serial:///dev/ttyUSB0, or with its speed serial:///dev/ttyUSB0?baud=9600"),
    ("file", "file:///var/log/ais.nmea, or file:ais.nmea for one in this folder"),
    ("directory", "directory:///srv/ais, or directory:ais for one in this folder"),
    ("stdin", "stdin"),
];

fn expected(scheme: &str) -> AddressError {
    let form = FORMS.iter().find(|(name, _)| *name == scheme);
    AddressError(format!("expected {}", form.map_or("another address", |(_, form)| form)))
}

fn unknown(scheme: &str) -> AddressError {
    // Letters that changed places count for little.
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(scheme, name);
    let near = FORMS.iter().map(|(name, _)| (likeness(name), name));
    let near = near.filter(|(likeness, _)| *likeness > 0.6);
    let names: Vec<&str> = FORMS.iter().map(|(name, _)| *name).collect();
    let meant = near.max_by(|a, b| a.0.total_cmp(&b.0));
    let meant = meant.map(|(_, name)| format!("; did you mean `{name}`?")).unwrap_or_default();
    AddressError(format!("expected one of {} before a colon{meant}", names.join(", ")))
}

/// `host:port`.
fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    (!host.is_empty()).then_some((host, port.parse().ok()?))
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "stdin" {
            return Ok(Address::Stdin);
        }
        let (scheme, rest) = text.split_once(':').ok_or_else(|| unknown(text))?;
        let refused = || expected(scheme);
        let path = || {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            (!path.is_empty()).then(|| PathBuf::from(path)).ok_or_else(refused)
        };
        let place = || rest.strip_prefix("//").ok_or_else(refused);
        let number = || place()?.parse().map_err(|_| refused());
        let named = || {
            let place = place()?;
            host_and_port(place).map(|_| place.to_owned()).ok_or_else(refused)
        };
        Ok(match scheme {
            "udp" => Address::Udp(number()?),
            "tcp-listen" => Address::TcpListen(number()?),
            "http-listen" => Address::HttpListen(number()?),
            "tcp" => Address::Tcp(named()?),
            "gpsd" => Address::Gpsd(named()?),
            "wss" if cfg!(not(feature = "tls")) => {
                return Err(AddressError(
                    "expected ws://…; wss needs a build with the feature `tls`".into(),
                ));
            }
            "ws" | "wss" => {
                let place = place()?;
                let host = place.split(['/', '?']).next().unwrap_or_default();
                if host.is_empty() || host.contains('@') {
                    return Err(refused());
                }
                Address::Websocket(text.to_owned())
            }
            "mqtt" => {
                let (server, topic) = place()?.split_once('/').ok_or_else(refused)?;
                let (user, server) = server.rsplit_once('@').unwrap_or(("", server));
                let (host, port) = host_and_port(server).ok_or_else(refused)?;
                if user.contains(':') {
                    return Err(AddressError(
                        "expected the password in `key_file`, not in the address".into(),
                    ));
                }
                if topic.is_empty() {
                    return Err(refused());
                }
                let [user, host, topic] = [user, host, topic].map(str::to_owned);
                Address::Mqtt(Mqtt { user, host, port, topic })
            }
            "kafka" => {
                let (brokers, topic) = place()?.split_once('/').ok_or_else(refused)?;
                let named = brokers.split(',').all(|broker| host_and_port(broker).is_some());
                let fits = named && !topic.is_empty() && !topic.contains('/');
                let [brokers, topic] = [brokers, topic].map(str::to_owned);
                fits.then_some(Address::Kafka { brokers, topic }).ok_or_else(refused)?
            }
            "serial" => {
                let place = rest.strip_prefix("//").unwrap_or(rest);
                let (device, baud) = match place.split_once('?') {
                    None => (place, Some(BAUD)),
                    Some((device, options)) => {
                        (device, options.strip_prefix("baud=").and_then(|baud| baud.parse().ok()))
                    }
                };
                let baud = baud.filter(|_| !device.is_empty()).ok_or_else(refused)?;
                Address::Serial(device.into(), baud)
            }
            "file" => Address::File(path()?),
            "directory" => Address::Directory(path()?),
            _ => return Err(unknown(scheme)),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Udp(address) => write!(f, "udp://{address}"),
            Address::Tcp(address) => write!(f, "tcp://{address}"),
            Address::TcpListen(address) => write!(f, "tcp-listen://{address}"),
            Address::Gpsd(address) => write!(f, "gpsd://{address}"),
            Address::HttpListen(address) => write!(f, "http-listen://{address}"),
            Address::Websocket(url) => write!(f, "{url}"),
            Address::Mqtt(Mqtt { user, host, port, topic }) => {
                let at = if user.is_empty() { "" } else { "@" };
                write!(f, "mqtt://{user}{at}{host}:{port}/{topic}")
            }
            Address::Kafka { brokers, topic } => write!(f, "kafka://{brokers}/{topic}"),
            Address::Serial(device, BAUD) => write!(f, "serial://{}", device.display()),
            Address::Serial(device, baud) => {
                write!(f, "serial://{}?baud={baud}", device.display())
            }
            Address::File(path) => write!(f, "file:{}", path.display()),
            Address::Directory(path) => write!(f, "directory:{}", path.display()),
            Address::Stdin => write!(f, "stdin"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Address>) {
        let found = text.parse::<Address>();
        if let Ok(address) = &found {
            assert_eq!(address.to_string().parse(), Ok(address.clone()), "{text}");
        }
        assert_eq!(found.ok(), expected, "{text}");
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let message = text.parse::<Address>().unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn addresses_are_checked() {
        let number = |text: &str| text.parse().unwrap();
        check("stdin", Some(Address::Stdin));
        check("udp://0.0.0.0:10110", Some(Address::Udp(number("0.0.0.0:10110"))));
        check("udp://[::]:10110", Some(Address::Udp(number("[::]:10110"))));
        check("tcp-listen://127.0.0.1:1", Some(Address::TcpListen(number("127.0.0.1:1"))));
        check("tcp://feed.example:4001", Some(Address::Tcp("feed.example:4001".into())));
        check("serial:///dev/ttyUSB0", Some(Address::Serial("/dev/ttyUSB0".into(), 38_400)));
        check("serial:/dev/tty?baud=9600", Some(Address::Serial("/dev/tty".into(), 9600)));
        check("file:a/b", Some(Address::File("a/b".into())));
        check("file:///a/b", Some(Address::File("/a/b".into())));
        let [user, host, topic] = ["me", "h", "ais/#"].map(str::to_owned);
        check(
            "mqtt://me@h:1883/ais/#",
            Some(Address::Mqtt(Mqtt { user, host, port: 1883, topic })),
        );
        let [brokers, topic] = ["a:1,b:2", "raw"].map(str::to_owned);
        check("kafka://a:1,b:2/raw", Some(Address::Kafka { brokers, topic }));
        for wrong in [
            "",
            "udp://feed.example:1",
            "tcp://feed.example",
            "tcp://:1",
            "http://a:1",
            "file:",
            "mqtt://h:1",
            "mqtt://me:secret@h:1/t",
            "kafka://a/raw",
            "serial:x?speed=1",
            "ws://",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn what_was_meant_is_said() {
        check_refused("upd://0.0.0.0:1", "did you mean `udp`?");
        check_refused("directry:x", "did you mean `directory`?");
        check_refused("mqtt://me:secret@h:1/t", "key_file");
        check_refused("kafka://a/raw", "kafka://host:port/topic");
    }
}
