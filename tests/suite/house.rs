//! The rules of the house: a model is a page, and the arrows between crates point one way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use concurrent_servers::models::{MODELS, PRIMES};
use serde_json::Value;

use crate::security::rust_files;
use crate::targets::packages;

/// Lines of a model's `lib.rs`, and of its whole crate, without tests. What stands behind the models is in
/// `conversation` and `sockets`.
const PAGE: (usize, usize) = (170, 320);

/// Those that need another measure, and why.
const OTHER_PAGES: &[(&str, (usize, usize))] = &[
    // Readiness and the queue of unfinished clients are its lesson, and both are on its page.
    ("crates/server-mio", (180, 320)),
    // The executor and the reactor, which tokio brings along, are its lesson, too.
    ("crates/server-futures", (170, 400)),
    // Completions of five kinds, each with its ends and its errors, are its lesson.
    ("crates/server-io-uring", (250, 600)),
];

const REMEDY: &str = "move what is not its lesson to a file beside its page, or policy to `sockets` or \
    `conversation`; if it is its lesson, give it a row with the reason in OTHER_PAGES of tests/suite/house.rs";

/// Test hooks, which belong behind `sockets`.
const HOOKS: &[&str] = &["before_read", "before_write", "panic_if_asked"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folders() -> BTreeSet<&'static str> {
    MODELS.iter().chain(PRIMES).map(|model| model.folder).collect()
}

/// The lines of a file before its tests.
fn lines_without_tests(file: &Path) -> usize {
    let text = fs::read_to_string(file).unwrap();
    text.lines().take_while(|line| !(line.starts_with("#[cfg(") && line.contains("test"))).count()
}

#[test]
fn every_model_is_a_page_and_its_crate_is_small() {
    for folder in folders() {
        let other = OTHER_PAGES.iter().find(|(name, _)| *name == folder).map(|(_, page)| *page);
        let (page, whole) = other.unwrap_or(PAGE);
        let sources = root().join(folder).join("src");
        let lines = lines_without_tests(&sources.join("lib.rs"));
        assert!(lines <= page, "{folder}/src/lib.rs has {lines} lines of {page}: {REMEDY}");
        let lines: usize = rust_files(&sources).iter().map(|file| lines_without_tests(file)).sum();
        assert!(lines <= whole, "{folder} has {lines} lines of {whole}: {REMEDY}");
    }
}

#[test]
fn every_page_begins_with_the_idea_a_diagram_two_commands_and_when_to_choose_it() {
    for folder in folders() {
        let page = fs::read_to_string(root().join(folder).join("src/lib.rs")).unwrap();
        let header: Vec<&str> = page.lines().take_while(|line| line.starts_with("//!")).collect();
        let header = header.join("\n");
        assert!(header.starts_with("//! # "), "{folder}: its page must begin with a title, `//! # name: …`");
        assert!(header.contains("//! ```text\n"), "{folder}: its header has no diagram (a ```text block)");
        assert_eq!(
            header.matches("//! cargo run --release").count(),
            2,
            "{folder}: its header must show exactly two lines that begin with `cargo run --release`"
        );
        for words in ["**Choose it**", "**Do not**"] {
            assert!(header.contains(words), "{folder}: no {words}");
        }
    }
}

/// One conversation in four spellings. What differs is who keeps the state: a function and its client, an enum, a stack,
/// the compiler.
#[test]
fn four_models_spell_the_same_four_steps_in_the_same_order() {
    let functions = ["\nfn greet(", "\nfn receive(", "\nfn answer(", "\nfn send_rest("];
    let states = ["State::Greet =>", "State::Receive =>", "State::Answer(mut", "State::SendRest =>"];
    let calls = ["client.greet(", "client.receive(", "client.answer(", "client.send_rest("];
    for (folder, steps) in [
        ("server-callbacks", functions),
        ("server-futures", states),
        ("server-coroutines", calls),
        ("server-tokio", calls),
    ] {
        let page = fs::read_to_string(root().join("crates").join(folder).join("src/lib.rs")).unwrap();
        let places = steps.map(|step| page.find(step).unwrap_or_else(|| panic!("{folder}: no {step:?}")));
        assert!(places.is_sorted(), "{folder}: the steps are not in the order {steps:?}");
    }
}

/// A thread-local that is borrowed while a coroutine is suspended would be borrowed a second time by the next one.
#[test]
fn coroutines_suspend_in_one_place_and_share_no_thread_local_that_can_be_borrowed() {
    let text = |file: &Path| fs::read_to_string(file).unwrap();
    let all =
        |folder: &str| rust_files(&root().join(folder)).iter().map(|file| text(file)).collect::<String>();
    let model = all("crates/server-coroutines/src");
    assert_eq!(model.matches(".suspend(").count(), 1, "`Client::wait` alone suspends");
    for below in ["chassis", "conversation", "poller", "protocol", "stacks", "server-coroutines"] {
        assert!(!all(&format!("crates/{below}/src")).contains("thread_local!"), "{below} has a thread-local");
    }
    let spare = text(&root().join("crates/sockets/src/tasks/chunk.rs"));
    assert_eq!(all("crates/sockets/src").matches("thread_local!").count(), 1, "the spare buffer alone");
    assert!(spare.contains("static SPARE: Cell<"), "it is taken and set, never borrowed");
}

#[test]
fn no_model_shows_a_test_hook() {
    for file in folders().into_iter().flat_map(|folder| rust_files(&root().join(folder).join("src"))) {
        let text = fs::read_to_string(&file).unwrap();
        for hook in HOOKS {
            assert!(!text.contains(hook), "{}: {hook} belongs behind `sockets`", file.display());
        }
    }
}

/// The crates of this workspace, each with those of them that it needs at run time.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let packages = packages();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let needs = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap();
        let at_run_time = all.iter().filter(|dependency| dependency["kind"].is_null());
        at_run_time.map(name).filter(|name| ours.contains(name)).collect()
    };
    packages.iter().map(|package| (name(package), needs(package))).collect()
}

#[test]
fn the_arrows_between_crates_point_one_way() {
    let allowed: &[(&str, &[&str])] = &[
        ("cache", &["chassis", "conversation", "poller", "resp", "sockets", "text"]),
        ("charts", &[]),
        ("chassis", &["signals", "text"]),
        (
            "comparison",
            &[
                "charts", "ease", "loadgen", "observe", "prime", "protocol", "resp", "script", "signals",
                "text",
            ],
        ),
        ("conformance", &["observe", "protocol", "signals", "text"]),
        ("conversation", &["chassis", "prime", "protocol"]),
        ("ease", &["text"]),
        ("event-loop", &["chassis", "conversation", "poller", "sockets"]),
        ("grader", &["conformance", "observe", "protocol", "text"]),
        ("loadgen", &["observe", "prime", "protocol", "signals", "text"]),
        ("lookup", &["chassis", "prime", "resp", "text"]),
        ("observe", &[]),
        ("poller", &["chassis", "conversation", "sockets"]),
        ("prime", &[]),
        ("protocol", &[]),
        ("resp", &[]),
        ("script", &["observe", "protocol", "text"]),
        ("signals", &[]),
        ("sockets", &["chassis", "conversation"]),
        ("spawner", &["observe", "stacks", "text"]),
        ("stacks", &[]),
        ("text", &[]),
        ("tokio-sockets", &["chassis", "conversation", "prime", "sockets"]),
        ("trials", &["conformance", "loadgen", "observe", "protocol", "text"]),
        ("workers", &["prime"]),
    ];
    let arrows = arrows();
    assert!(arrows.contains_key("server-mio"), "{arrows:?}");
    for (name, needs) in &arrows {
        if name.starts_with("server-") || name.starts_with("prime-") {
            let allowed = [
                "chassis",
                "conversation",
                "event-loop",
                "lookup",
                "poller",
                "prime",
                "protocol",
                "sockets",
                "stacks",
                "tokio-sockets",
                "workers",
            ];
            let wrong = needs.iter().find(|needed| !allowed.contains(&needed.as_str()));
            assert_eq!(wrong, None, "{name}: a model knows no other model and no tool");
        } else if !["concurrent-servers", "fuzz"].contains(&name.as_str()) {
            let row = allowed.iter().find(|(row, _)| row == name);
            let (_, allowed) = row.unwrap_or_else(|| panic!("{name} has no row in this test"));
            let wrong = needs.iter().find(|needed| !allowed.contains(&needed.as_str()));
            assert_eq!(wrong, None, "{name} must not know it");
        }
    }
}

#[test]
fn a_model_is_one_dependency_line() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for folder in folders() {
        assert_eq!(
            manifest.matches(&format!("\"{folder}\"")).count(),
            1,
            "{folder}: the root Cargo.toml must name it exactly once, as a path in [dependencies]"
        );
    }
}
