use std::collections::HashSet;
use std::num::NonZeroUsize;

use chassis::{Framing, Runtime, Sending};

use super::*;

#[test]
fn names_are_unique_and_easy_to_type() {
    let mut seen = HashSet::new();
    for model in everything() {
        assert!(seen.insert(model.name), "{} is in the registry twice", model.name);
        assert!(model.name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'));
    }
}

#[test]
fn every_row_is_filled_in_and_names_a_folder_that_exists() {
    for model in everything() {
        for text in [model.title, model.chapter, model.lesson] {
            assert!(!text.is_empty(), "{} has an empty column", model.name);
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(model.folder);
        assert!(folder.is_dir(), "{}: folder {} does not exist", model.name, model.folder);
    }
}

#[test]
fn each_model_comes_from_one_that_stands_above_it_but_for_those_that_begin() {
    let all: Vec<&Model> = MODELS.iter().chain(PRIMES).collect();
    for (index, model) in all.iter().enumerate() {
        let rung = model.rung.map(|rung| all.iter().position(|other| other.name == rung));
        let is_above = rung.is_none_or(|place| place.is_some_and(|place| place < index));
        assert!(is_above, "{}: the model before it, {:?}, must stand above it", model.name, model.rung);
        assert_ne!(model.rung, Some(model.name));
    }
    assert!(all.iter().filter(|model| model.rung.is_none()).map(|model| model.name).eq(["sequential"]));
}

#[test]
fn a_page_is_in_the_folder_of_its_model() {
    for model in everything() {
        assert!(model.page.path.starts_with(&format!("{}/src/", model.folder)), "{}", model.name);
        assert!(model.page.code().contains("pub fn serve("), "{}: {}", model.name, model.page.path);
    }
}

#[test]
fn models_are_in_the_order_of_the_series_and_then_those_that_it_does_not_treat() {
    let first = |model: &Model| {
        model.chapter.split(", ").next().and_then(|chapter| chapter.parse().ok()).unwrap_or(u32::MAX)
    };
    for models in [MODELS, PRIMES] {
        assert!(models.is_sorted_by_key(first), "{:?}", models.iter().map(first).collect::<Vec<u32>>());
    }
}

#[test]
fn without_names_the_models_of_both_services_are_chosen() {
    let names = |chosen: Vec<&'static Model>| chosen.iter().map(|model| model.name).collect::<Vec<_>>();
    assert!(names(chosen(&[])).into_iter().eq(names_of_both()));
    assert_eq!(names(chosen(&["prime-queue".to_owned(), "mio".to_owned()])), ["mio", "prime-queue"]);
}

#[test]
fn each_list_of_models_is_of_one_service() {
    assert!(MODELS.iter().chain(FLOORS).all(|model| model.service == Service::Echo));
    assert!(
        PRIMES.iter().all(|model| model.service == Service::Primes && model.knobs.contains(&Knob::Framing))
    );
}

#[test]
fn every_model_is_divided_by_a_floor_that_exists() {
    for model in MODELS {
        let floor = model.floor.unwrap_or_default();
        let names_one = FLOORS.iter().any(|row| row.name == floor);
        assert!(names_one || !cfg!(target_os = "linux"), "{}: floor {floor:?} does not exist", model.name);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_advice_about_an_option_of_some_models_names_these() {
    for knob in Knob::ALL {
        let (_, named) = knob.advice().split_once("takes it: ").unwrap();
        let takers =
            MODELS.iter().chain(PRIMES).filter(|model| model.knobs.contains(&knob)).map(|model| model.name);
        assert_eq!(named.replace(" or ", ", ").split(", ").collect::<Vec<_>>(), takers.collect::<Vec<_>>());
    }
}

#[test]
fn servers_of_another_form_are_started_so_and_named_so() {
    let subject = |name, form| find(name).unwrap().subject_as(Path::new("launcher"), &form);
    let sending = Sending { nagle: true, ..Sending::default() };
    let mio = subject("mio", Form { sending, ..Form::default() });
    assert_eq!(mio.name, "mio --nagle");
    assert_eq!(mio.server.arguments().last().unwrap(), "--nagle");
    let two = Form { workers: NonZeroUsize::new(2), ..Form::default() };
    let tokio = subject("tokio", Form { runtime: Some(Runtime::PerCore), ..two.clone() });
    assert_eq!(tokio.name, "tokio --runtime=per-core --workers=2");
    assert!(tokio.server.arguments().ends_with(&["--runtime=per-core".into(), "--workers=2".into()]));
    assert_eq!(
        (tokio.concurrency, subject("rayon", two.clone()).concurrency),
        (Concurrency::Many, Concurrency::Workers(2))
    );
    let cached = Form { cache: Some(text::addresses::parse("127.0.0.1:6380").unwrap()), ..Form::default() };
    assert_eq!(subject("prime-queue", cached.clone()).name, "prime-queue --cache=127.0.0.1:6380");
    assert!(find("mio").unwrap().takes(&cached).unwrap_err().contains("--cache"));
    assert!(find("mio").unwrap().takes(&two).unwrap_err().contains("--workers"));
    assert_eq!(find("mio").unwrap().subject(Path::new("launcher")).name, "mio");
}

#[test]
fn lines_are_the_only_framing_of_a_form_and_the_advice_names_the_case_about_the_other() {
    let framed = |framing| Form { framing: Some(framing), ..Form::default() };
    for model in PRIMES {
        assert_eq!(model.takes(&framed(Framing::Line)), Ok(()), "{}", model.name);
        let subject = model.subject_as(Path::new("launcher"), &framed(Framing::Line));
        assert_eq!(subject.name, format!("{} --framing=line", model.name));
        let refusal = model.takes(&framed(Framing::Read)).unwrap_err();
        let (_, case) = refusal.trim_end_matches('`').split_once("--only ").unwrap();
        assert!(
            conformance::find(case).iter().any(|case| case.title.contains("--framing read")),
            "{refusal}"
        );
    }
    assert!(find("mio").unwrap().takes(&framed(Framing::Line)).unwrap_err().contains("no use for --framing"));
}

#[test]
fn a_model_is_found_only_by_its_full_name() {
    assert_eq!(find("mio").map(|model| model.name), Some("mio"));
    assert!(find("mi").is_none());
}
