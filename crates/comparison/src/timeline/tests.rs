//! The drawings are functions of recorded events, so they can be tested without a server.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use roxmltree::{Document, Node};
use script::{Event, EventKind, Failure, Outcome, Report, Script};
use text::addresses::Addresses;

use super::*;

fn event(connection: usize, milliseconds: u64, kind: EventKind) -> Event {
    let at = Duration::from_millis(milliseconds);
    Event { connection, at, wall: UNIX_EPOCH + at, kind }
}

/// The events of a client that connects immediately, is served from `start` on and takes the script's 2.2 s.
fn served_from(start: u64, connection: usize) -> Vec<Event> {
    let mut events =
        vec![event(connection, 0, EventKind::Connected), event(connection, start, EventKind::Greeted)];
    for sent in [0, 1000, 2000] {
        events.push(event(connection, start + sent, EventKind::Sending(b"sent".to_vec())));
        events.push(event(connection, start + sent, EventKind::Received(b"received".to_vec())));
    }
    events.push(event(connection, start + 2200, EventKind::Disconnecting));
    events
}

/// A chart of what happened to some clients, given by each one's events.
fn chart(name: &str, clients: &[Vec<Event>]) -> Chart {
    let mut events = clients.concat();
    events.sort_by_key(|event| event.at);
    let outcome = |connection| Outcome { connection, ended: Duration::ZERO, failure: None };
    let outcomes = (0..clients.len()).map(outcome).collect();
    let elapsed = events.last().map_or(Duration::ZERO, |event| event.at);
    Chart::new(name, "as it is", &Script::series(), &Report { elapsed, outcomes, events })
}

fn staircase() -> Chart {
    chart("staircase", &[served_from(0, 0), served_from(2200, 1), served_from(4400, 2)])
}

fn bars() -> Chart {
    chart("bars", &[served_from(0, 0), served_from(0, 1), served_from(0, 2)])
}

/// One client is refused, one is never served, one is cut off, one succeeds.
fn failures() -> Chart {
    let nobody = Addresses::from(SocketAddr::from(([127, 0, 0, 1], 9090)));
    let refused = nobody.try_each(Duration::ZERO, |_, _| Err::<(), _>(ErrorKind::ConnectionRefused.into()));
    let refused = Failure::Connect(refused.unwrap_err());
    let silence =
        Failure::Timeout { after: Duration::from_secs(3), awaited: "<nothing> & \"more\"".to_owned() };
    let cut = Failure::EndedEarly { received: 7, owed: 18, cause: "reset".to_owned() };
    let mut cut_off = served_from(0, 2);
    cut_off.truncate(4);
    cut_off.push(event(2, 500, EventKind::Failed(cut)));
    chart(
        "failures",
        &[
            vec![event(0, 0, EventKind::Failed(refused))],
            vec![event(1, 0, EventKind::Connected), event(1, 3000, EventKind::Failed(silence))],
            cut_off,
            served_from(0, 3),
        ],
    )
}

/// Of the first reply, the first byte arrives at once, and the rest 0.4 s later.
fn byte_by_byte() -> Chart {
    let mut events = served_from(0, 0);
    events[3].kind = EventKind::Received(b"b".to_vec());
    events.insert(4, event(0, 400, EventKind::Received(b"cdbcuf".to_vec())));
    chart("byte by byte", &[events])
}

fn no_events() -> Chart {
    chart("nothing", &[Vec::new(), Vec::new()])
}

/// The text without colours.
fn text(charts: &[Chart], columns: usize) -> String {
    anstream::adapter::strip_str(&rows::draw(charts, columns)).to_string()
}

#[test]
fn a_terminal_without_unicode_gets_the_same_drawing_in_ascii() {
    let timeline = Timeline { charts: vec![staircase(), failures()] };
    let plain = timeline.text(49, false);
    assert!(plain.is_ascii(), "{plain}");
    let plain = anstream::adapter::strip_str(&plain).to_string();
    assert!(plain.starts_with(". waits   = served   ^ sends   v receives\n"), "{plain}");
    let widths = |text: &str| -> Vec<usize> { text.lines().map(|line| line.chars().count()).collect() };
    assert_eq!(widths(&plain), widths(&text(&timeline.charts, 49)));
}

#[test]
fn clients_that_were_served_one_by_one_are_drawn_as_a_staircase() {
    assert_eq!(
        text(&[staircase()], 49),
        "\
· waits   ━ served   ▲ sends   ▼ receives
◆ both   ✓ done   ✗ failed

staircase  6.600 s  as it is
  conn0  ◆━━━━◆━━━━━◆━✓
  conn1  ·············◆━━━━◆━━━━━◆━✓
  conn2  ··························◆━━━━◆━━━━━◆━✓

         ┬──────────┬───────────┬───────────┬────
         0 s        2 s         4 s         6 s
"
    );
}

#[test]
fn clients_that_were_served_together_are_drawn_side_by_side() {
    let text = text(&[bars()], 49);
    let rows: Vec<&str> = text.lines().filter_map(|line| line.split("  conn").nth(1)).collect();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(&row[1..], "  ◆━━━━━━━━━━━━━━━━◆━━━━━━━━━━━━━━━━━◆━━━✓");
    }
}

#[test]
fn the_wait_for_the_rest_of_a_reply_is_drawn_as_a_gap() {
    let text = text(&[byte_by_byte()], 49);
    assert!(text.contains("\n  conn0  ◆······▼━━━━━━━━━◆━━━━━━━━━━━━━━━━━◆━━━✓\n"), "{text}");
    let gaps = |charts: &[Chart]| {
        let picture = svg::draw(charts);
        let document = Document::parse(&picture).unwrap();
        let lane = of_class(document.root(), "lane")[0];
        (of_class(lane, "waits").len(), picture.contains("waits for a reply"))
    };
    // One before the greeting, which has no length here.
    assert_eq!(gaps(&[byte_by_byte()]), (2, true));
    assert_eq!(gaps(&[bars()]), (1, false));
    assert!(svg::draw(&[byte_by_byte()]).contains("for a reply 0.400 s; 0 failed."));
}

#[test]
fn charts_share_one_axis_so_that_they_can_be_compared() {
    let text = text(&[staircase(), bars()], 49);
    let first_rows: Vec<&str> = text.lines().filter(|line| line.contains("conn0")).collect();
    assert_eq!(first_rows.len(), 2);
    assert_eq!(first_rows[0], first_rows[1]);
}

#[test]
fn lanes_are_in_the_order_in_which_the_clients_were_served() {
    let clients =
        |charts: &Chart| -> Vec<String> { charts.lanes.iter().map(|lane| lane.client.clone()).collect() };
    let shuffled = chart("", &[served_from(4400, 0), served_from(0, 1), served_from(2200, 2)]);
    assert_eq!(clients(&shuffled), ["conn1", "conn2", "conn0"]);
    let by_chance = chart("", &[served_from(2, 0), served_from(0, 1), served_from(1, 2)]);
    assert_eq!(clients(&by_chance), ["conn0", "conn1", "conn2"]);
}

#[test]
fn a_failed_client_is_drawn_as_failed_with_its_reason() {
    let text = text(&[failures()], 200);
    let lane = |client: &str| text.lines().find(|line| line.starts_with(&format!("  {client}"))).unwrap();
    for client in ["conn0", "conn1", "conn2"] {
        assert!(lane(client).ends_with('✗') && !lane(client).contains('✓'), "{text}");
    }
    assert!(lane("conn3").ends_with('✓'), "{text}");
    assert!(lane("conn1").contains('·') && !lane("conn1").contains('━'), "never greeted, never served");
    assert!(text.contains("  ✗ conn0: cannot connect to 127.0.0.1:9090: connection refused\n"), "{text}");
    assert!(
        text.contains("  ✗ conn2: the connection ended early, after 7 of 18 reply bytes: reset\n"),
        "{text}"
    );
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let charts = [staircase(), bars(), failures(), no_events()];
    for columns in 0..200 {
        for line in text(&charts, columns).lines() {
            assert!(line.chars().count() <= columns, "{columns} columns: {line:?}");
        }
    }
}

#[test]
fn what_is_said_about_a_model_is_wrapped_and_not_cut() {
    let mut chart = bars();
    chart.title =
        "what it does, at such a length that no line of a narrow terminal holds all of it".to_owned();
    let shown = text(&[chart.clone()], 49);
    let heading = "
bars  2.200 s
  what it does, at such a length that no line of
  a narrow terminal holds all of it
  conn0  ";
    assert!(shown.contains(heading), "{shown}");
    assert!(text(&[chart.clone()], 200).contains(&format!("\nbars  2.200 s  {}\n", chart.title)));
}

#[test]
fn the_reason_of_a_failure_is_wrapped_and_not_cut() {
    for columns in [30, 49, 80] {
        let text = text(&[failures()], columns);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let reason = "✗ conn2: the connection ended early, after 7 of 18 reply bytes: reset";
        assert!(words.contains(reason), "{columns} columns: {text}");
    }
}

#[test]
fn the_whole_width_is_used() {
    let text = text(&[staircase()], 120);
    assert!(text.lines().any(|line| line.chars().count() == 120), "{text}");
}

#[test]
fn runs_in_which_nothing_happened_can_be_drawn() {
    for charts in [&[][..], &[no_events()], &[chart("nobody", &[])]] {
        assert!(!text(charts, 80).is_empty());
        Document::parse(&svg::draw(charts)).unwrap();
    }
}

/// All elements of a class, in document order.
fn of_class<'tree>(node: Node<'tree, 'tree>, class: &str) -> Vec<Node<'tree, 'tree>> {
    let has_class = |node: &Node<'_, '_>| {
        node.attribute("class").is_some_and(|classes| classes.split(' ').any(|one| one == class))
    };
    node.descendants().filter(has_class).collect()
}

/// The beginning and the end of the bar of a client's service.
fn bar(client: Node<'_, '_>) -> (f64, f64) {
    let bars = of_class(client, "served");
    let number = |name| bars[0].attribute(name).unwrap().parse::<f64>().unwrap();
    (number("x"), number("x") + number("width"))
}

#[test]
fn the_picture_has_a_group_per_model_and_a_bar_per_client() {
    let picture = svg::draw(&[staircase(), bars()]);
    let document = Document::parse(&picture).unwrap();
    let models = of_class(document.root(), "group");
    assert_eq!(models.len(), 2);
    for model in models {
        let clients = of_class(model, "lane");
        assert_eq!(clients.len(), 3);
        for client in clients {
            assert_eq!(of_class(client, "served").len(), 1);
            assert_eq!((of_class(client, "sends").len(), of_class(client, "receives").len()), (3, 3));
        }
    }
}

#[test]
fn the_picture_shows_the_staircase_beside_the_bars() {
    let picture = svg::draw(&[staircase(), bars()]);
    let document = Document::parse(&picture).unwrap();
    let of_model = |index: usize| -> Vec<(f64, f64)> {
        let model = of_class(document.root(), "group")[index];
        of_class(model, "lane").into_iter().map(bar).collect()
    };
    let steps = of_model(0);
    // Written with one decimal each, hence the allowance.
    assert!(steps.windows(2).all(|pair| (pair[0].1 - pair[1].0).abs() < 0.3), "{steps:?}");
    let bars = of_model(1);
    assert!(bars.iter().all(|bar| *bar == steps[0]), "{bars:?} must all be as the first step, {steps:?}");
}

#[test]
fn the_picture_shows_failed_clients_as_failed() {
    let picture = svg::draw(&[failures()]);
    let document = Document::parse(&picture).unwrap();
    let clients = of_class(document.root(), "lane");
    let failed = clients.iter().filter(|client| !of_class(**client, "failed").is_empty());
    assert_eq!(failed.count(), 3);
    assert!(picture.contains("gave up after 3s: &lt;nothing&gt; &amp; &quot;more&quot;"));
}

#[test]
fn the_picture_has_a_description_and_needs_no_other_file() {
    let picture = svg::draw(&[staircase()]);
    let document = Document::parse(&picture).unwrap();
    let root = document.root_element();
    assert!(root.attribute("viewBox").is_some());
    let text_of = |id: &str| {
        let element = root.descendants().find(|node| node.attribute("id") == Some(id)).unwrap();
        element.text().unwrap().to_owned()
    };
    assert_eq!(text_of("title"), "3 scripted clients at once, model by model");
    assert_eq!(
        text_of("description"),
        "staircase (as it is): 3 clients in 6.600 s; the longest wait for the greeting was 4.400 s, for a reply 0.000 s; 0 failed."
    );
    assert!(picture.contains("prefers-color-scheme: dark"));
    for foreign in ["href", "url(", "@import", "<script", "<image"] {
        assert!(!picture.contains(foreign), "{foreign}");
    }
}

#[test]
fn models_are_chosen_by_name_each_once_and_in_their_order() {
    let servers = crate::example::servers();
    let names = |words: &[&str]| -> Vec<&str> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        servers.chosen(&words).map(|server| server.name.as_str()).collect()
    };
    assert_eq!(names(&[]).len(), servers.models.len());
    assert_eq!(names(&["tokio", "sequential", "tokio"]), ["sequential", "tokio"]);
}

#[test]
fn programs_get_when_each_client_arrived_was_served_and_was_done() {
    let json = Timeline { charts: vec![staircase(), failures()] }.json().unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let lane = &json["models"][0]["lanes"][1];
    assert_eq!((&lane["arrived"], &lane["served"], &lane["done"]), (&0.0.into(), &2.2.into(), &4.4.into()));
    assert_eq!(lane["sent"], serde_json::json!([2.2, 3.2, 4.2]));
    let failed = json["models"][1]["lanes"].as_array().unwrap();
    assert_eq!(failed.iter().filter(|lane| lane["failure"].is_string()).count(), 3);
}
