//! Forms that are XML: KML (OGC 12-007r2) of events, and GraphML of who met whom.
//!
//! Texts are [`shown`], because XML has no word for control characters, and then escaped.

use std::borrow::Borrow;
use std::io::{self, Write};

use maritime::Timestamp;

use crate::EventRecord;
use crate::reading::Network;
use crate::text::escaped;

/// Writes a placemark for each record, with its span of time.
///
/// # Errors
///
/// What `out` says.
pub fn write_kml(
    records: impl IntoIterator<Item: Borrow<EventRecord>>,
    mut out: impl Write,
) -> io::Result<()> {
    out.write_all(
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
          <kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><name>Alongside</name>\n",
    )?;
    for record in records {
        let record = record.borrow();
        let names: Vec<String> = record
            .vessels
            .iter()
            .map(|vessel| vessel.name.clone().unwrap_or_else(|| vessel.mmsi.to_string()))
            .collect();
        let class = record.class.as_ref().unwrap_or(&record.kind).replace('_', " ");
        writeln!(
            out,
            "<Placemark id=\"{}\"><name>{}</name><description>{}</description>\
             <TimeSpan><begin>{}</begin><end>{}</end></TimeSpan>\
             <ExtendedData><Data name=\"event_id\"><value>{}</value></Data>\
             <Data name=\"score\"><value>{}</value></Data></ExtendedData>\
             <Point><coordinates>{},{}</coordinates></Point></Placemark>",
            escaped(&record.id),
            escaped(&format!("{class}: {}", names.join(" and "))),
            escaped(&record.explanation),
            record.started_at,
            record.ended_at,
            escaped(&record.id),
            record.score,
            record.longitude_deg,
            record.latitude_deg,
        )?;
    }
    out.write_all(b"</Document></kml>\n")?;
    out.flush()
}

/// Writes a node for each vessel and an edge for each two that met.
///
/// # Errors
///
/// What `out` says.
pub fn write_graphml(network: &Network, mut out: impl Write) -> io::Result<()> {
    out.write_all(
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
          <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n\
          <key id=\"name\" for=\"node\" attr.name=\"name\" attr.type=\"string\"/>\n\
          <key id=\"flag\" for=\"node\" attr.name=\"flag\" attr.type=\"string\"/>\n\
          <key id=\"type\" for=\"node\" attr.name=\"type\" attr.type=\"string\"/>\n\
          <key id=\"events\" for=\"all\" attr.name=\"events\" attr.type=\"long\"/>\n\
          <key id=\"score_max\" for=\"edge\" attr.name=\"score_max\" attr.type=\"double\"/>\n\
          <key id=\"last_at\" for=\"edge\" attr.name=\"last_at\" attr.type=\"string\"/>\n\
          <key id=\"ids\" for=\"edge\" attr.name=\"ids\" attr.type=\"string\"/>\n\
          <graph edgedefault=\"undirected\">\n",
    )?;
    if network.truncated {
        out.write_all(
            b"<!-- not all that was asked for: the vessels and events with the highest scores, as many as a network may have -->\n",
        )?;
    }
    for node in &network.nodes {
        write!(out, "<node id=\"{}\">", node.mmsi)?;
        for (key, text) in [("name", &node.name), ("flag", &node.flag), ("type", &node.ship_type)] {
            if let Some(text) = text {
                write!(out, "<data key=\"{key}\">{}</data>", escaped(text))?;
            }
        }
        writeln!(out, "<data key=\"events\">{}</data></node>", node.events)?;
    }
    for link in &network.links {
        writeln!(
            out,
            "<edge source=\"{}\" target=\"{}\"><data key=\"events\">{}</data>\
             <data key=\"score_max\">{}</data><data key=\"last_at\">{}</data>\
             <data key=\"ids\">{}</data></edge>",
            link.a,
            link.b,
            link.ids.len(),
            link.score_max,
            Timestamp::from_millis(link.last_at_ms),
            escaped(&link.ids.join(" ")),
        )?;
    }
    out.write_all(b"</graph></graphml>\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Link, Node};
    use crate::samples::{event, provenance};

    #[test]
    fn names_are_text_in_kml() {
        let mut record = EventRecord::new(&event(), &provenance());
        record.vessels[0].name = Some("<SCRIPT SRC=//X.CO>\u{0}\u{202e}".into());
        let mut written = Vec::new();
        write_kml([&record], &mut written).unwrap();
        let text = String::from_utf8(written).unwrap();
        assert!(text.contains("&lt;SCRIPT SRC=//X.CO&gt;\\u{0}\\u{202e} and"), "{text}");
        assert!(text.contains("<coordinates>-94.8597,28.2504</coordinates>"));
    }

    #[test]
    fn a_network_is_a_graph() {
        let node = |mmsi, name: &str| Node {
            mmsi,
            name: Some(name.into()),
            flag: None,
            ship_type: None,
            events: 1,
        };
        let link = Link { a: 1, b: 2, score_max: 0.5, last_at_ms: 0, ids: vec!["e".into()] };
        let network = Network {
            nodes: vec![node(1, "A&B"), node(2, "\"")],
            links: vec![link],
            truncated: true,
        };
        let mut written = Vec::new();
        write_graphml(&network, &mut written).unwrap();
        let text = String::from_utf8(written).unwrap();
        assert!(text.contains("<data key=\"name\">A&amp;B</data>"), "{text}");
        assert!(text.contains("<edge source=\"1\" target=\"2\">"), "{text}");
        assert!(text.contains("<!-- not all that was asked for"), "{text}");
    }
}
