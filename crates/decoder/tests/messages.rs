//! One sentence of every type, as it was heard: what it says, and that the encoder writes it again to the letter.

use alongside_decoder::encode::{Framing, write_sentences};
use alongside_decoder::{Channel, ChannelTarget, Decoder, Message, OutcomeKind, SotdmaSubMessage};
use alongside_decoder::{CommunicationState, application::BitView};

/// The only message in `lines`, which the encoder must give back where `exact`: some senders fill spare bits or
/// pad otherwise.
#[track_caller]
fn read(lines: &[&str], exact: bool) -> Message {
    let input = lines.join("\r\n") + "\r\n";
    let mut all = Vec::new();
    Decoder::new().push(input.as_bytes(), &mut |outcome| all.push(outcome.kind));
    let [OutcomeKind::Message(received)] = all[..] else { panic!("{all:?}") };
    let fields: Vec<_> = lines[0].split(',').collect();
    let framing = Framing {
        channel: Some(if fields[4] == "A" { Channel::A } else { Channel::B }),
        sequence: fields[3].parse().unwrap_or(0),
        payload_characters_max: fields[5].len(),
        ..Framing::default()
    };
    let mut written = Vec::new();
    write_sentences(&received.message, &framing, &mut written);
    let written = String::from_utf8(written).unwrap();
    assert_eq!(written == input, exact, "{written}");
    received.message
}

macro_rules! read {
    ($variant:ident, $exact:expr, $($line:expr),+) => {
        match read(&[$($line),+], $exact) {
            Message::$variant(message) => message,
            other => panic!("{other:?}"),
        }
    };
}

fn hex(data: BitView<'_>) -> String {
    format!("{data:?}")
}

#[test]
fn positions() {
    let report = read!(PositionReport, true, "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C");
    assert_eq!((report.header.mmsi_raw, report.rate_of_turn_raw), (477_553_000, 0));
    assert_eq!(report.position().unwrap().to_string(), "47.58283 -122.34583");
    assert_eq!(
        report.communication_state(),
        Some(CommunicationState::Sotdma {
            sync_state: 1,
            slot_timeout: 1,
            sub_message: SotdmaSubMessage::Utc { hour: 3, minute: 54 },
        })
    );
    let report = read!(SarAircraft, true, "!AIVDM,1,1,,A,91b77=h3h00nHt0Q3r@@07000<0b,0*69");
    assert_eq!((report.header.mmsi_raw, report.altitude_m()), (111_265_591, Some(15)));
    assert_eq!((report.speed_knots(), report.course_deg()), (Some(0.0), Some(0.0)));
    assert_eq!(report.position().unwrap().to_string(), "57.77846 11.88160");
    assert_eq!(report.communication_state_raw, Some(49194));
}

#[test]
fn data_for_one_and_for_all() {
    let message = read!(BinaryAddressed, true, "!AIVDM,1,1,,B,6B?n;be:cbapalgc;i6?Ow4,2*4A");
    assert_eq!((message.sequence, message.destination_raw), (3, 313_240_222));
    assert_eq!((message.application.dac, message.application.fi), (669, 11));
    assert_eq!(hex(message.data.view()), "48:eb2f118f7ff1");
    let line = "!AIVDM,1,1,,A,85Mwp`1Kf3aCnsNvBWLi=wQuNhA5t43N`5nCuI=p<IBfVqnMgPGs,0*47";
    let message = read!(BinaryBroadcast, true, line);
    assert_eq!((message.application.dac, message.application.fi), (366, 56));
    let data = "256:3a53dbb7be4a773137f87d7b0445f040dea05d93f593783194ae9b9d9dbe05fb";
    assert_eq!(hex(message.data.view()), data);
    let message = read!(SlotBinary, false, "!AIVDM,1,1,,A,I6SWo?8P00a3PKpEKEVj0?vNP<65,0*73");
    assert!(message.addressed && !message.structured && message.application.is_none());
    assert_eq!(message.destination_raw, Some(134_218_384));
    assert_eq!(hex(message.data.view()), "96:81be156d59b200ff9e80c185");
    let message =
        read!(SlotBinary, false, "!AIVDM,1,1,,A,JB3R0GO7p>vQL8tjw0b5hqpd0706kh9d3lR2vbl0400,2*40");
    assert!(message.addressed && message.structured);
    assert_eq!(message.destination_raw, Some(838_351_848));
    assert_eq!(message.application.map(|id| (id.dac, id.fi)), Some((450, 15)));
    assert_eq!((message.data.len(), message.communication_state_raw), (144, Some(4096)));
}

#[test]
fn acknowledgements_and_texts() {
    let message = read!(Acknowledge, true, "!AIVDM,1,1,,A,702R5`hwCjq8,0*6B");
    let acknowledged: Vec<_> = message.acknowledged.iter().flatten().collect();
    assert_eq!(acknowledged.len(), 1);
    assert_eq!(acknowledged[0].destination().unwrap().get(), 265_538_450);
    let message = read!(Acknowledge, true, "!AIVDM,1,1,,A,=39UOj0jFs9R,0*65");
    assert_eq!(message.acknowledged[0].unwrap().destination_raw, 211_217_560);
    let line = "!AIVDM,1,1,,A,<02:oP0kKcv0@<51C5PB5@?BDPD?P:?2?EB7PDB16693P381>>5<PikP,0*37";
    let message = read!(SafetyAddressed, true, line);
    assert_eq!(message.destination_raw, 215_724_000);
    assert_eq!(message.text().unwrap().as_str(), "PLEASE REPORT TO JOBOURG TRAFFIC CHANNEL 13");
    let message = read!(SafetyBroadcast, true, "!AIVDM,1,1,,A,>5?Per18=HB1U:1@E=B0m<L,2*51");
    assert_eq!(message.text().unwrap().as_str(), "RCVD YR TEST MSG");
}

#[test]
fn what_base_stations_ask() {
    let message = read!(UtcInquiry, true, "!AIVDM,1,1,,B,:5MlU41GMK6@,0*6C");
    assert_eq!(message.destination_raw, 366_832_740);
    let message = read!(Interrogation, true, "!AIVDM,1,1,,A,?5OP=l00052HD00,2*5B");
    assert_eq!((message.first_station_raw, message.first_request.message_type), (5158, 5));
    assert_eq!((message.second_request, message.second_station), (None, None));
    let message = read!(Assignment, true, "!AIVDM,1,1,,A,@01uEO@mMk7P<P00,0*18");
    assert_eq!(message.first.destination_raw, 224_251_000);
    assert_eq!((message.first.reports_per_ten_minutes(), message.second), (Some(200), None));
    let message = read!(LinkManagement, true, "!AIVDM,1,1,,A,Dh3OvjB8IN>4,0*1D");
    let [Some(reserved), None, None, None] = message.reservations else { panic!("{message:?}") };
    assert_eq!((reserved.offset, reserved.number_of_slots), (2182, 5));
    assert_eq!((reserved.timeout_minutes, reserved.increment), (7, 225));
    let message = read!(ChannelManagement, true, "!AIVDM,1,1,,A,F030ot22N2P6aoQbhe4736L20000,0*1A");
    assert_eq!((message.channel_a, message.channel_b, message.zone_size_nm()), (2087, 2088, 5));
    let ChannelTarget::Area(area) = message.target else { panic!("{message:?}") };
    assert_eq!(area.north_east().unwrap().to_string(), "45.55000 -73.50000");
    assert_eq!(area.south_west().unwrap().to_string(), "42.33333 -80.16667");
    let message = read!(GroupAssignment, true, "!AIVDM,1,1,,B,G02:Kn01R`sn@291nj600000900,2*12");
    assert_eq!(message.area.north_east().unwrap().to_string(), "51.07000 2.63000");
    assert_eq!((message.station_type_raw, message.interval_raw), (6, 9));
    assert_eq!((message.interval_s(), message.quiet_minutes), (None, 0));
}

#[test]
fn a_reference_station_and_a_buoy() {
    let message = read!(
        Dgnss,
        true,
        "!AIVDM,2,1,5,A,A02VqLPA4I6C07h5Ed1h<OrsuBTTwS?r:C?w`?la<gno1RTRwSP9:BcurA8a,0*3A",
        "!AIVDM,2,2,5,A,:Oko02TSwu8<:Jbb,0*11"
    );
    assert_eq!(message.position().unwrap().to_string(), "59.98667 29.13000");
    let correction = message.correction().unwrap();
    assert_eq!((correction.message_type, correction.station_id), (31, 5));
    assert_eq!(message.data.len(), 40 + 24 * usize::from(correction.words));
    let message = read!(
        AidToNavigation,
        false,
        "!AIVDM,2,1,5,B,E1mg=5J1T4W0h97aRh6ba84<h2d;W:Te=eLvH50```q,0*46",
        "!AIVDM,2,2,5,B,:D44QDlp0C1DU00,2*36"
    );
    assert_eq!(message.name().unwrap().as_str(), "CHINA ROSE MURPHY EXPRESS ALERT");
    assert_eq!(message.position().unwrap().to_string(), "47.92062 -122.69859");
    assert_eq!((message.aid_type_raw, message.status_raw), (20, 165));
    assert_eq!((message.virtual_aid, message.off_position()), (false, Some(false)));
}
