//! The files under `events/` are what the generator makes, and no request type is without one.

use std::collections::BTreeSet;
use std::path::Path;

use switchboard_protocol::requests::{
    AnswerRequest, AttendRequest, CreateRequest, DestroyRequest, InviteRequest, ModerateRequest, Requests,
    SyncRequest,
};

use super::*;

fn made() -> Vec<(Sample, String)> {
    let surroundings = StackIdentity::laptop("http://127.0.0.1:8080");
    let mut parameters = parameters::laptop("livekit", |_| None);
    parameters.insert("IotDataEndpoint".to_owned(), "http://127.0.0.1:8080/iot-data".to_owned());
    let template = include_str!("../../../template.yaml");
    let deployment = Deployment::parse("template.yaml", template, &surroundings, &parameters)
        .expect("the service's template can be evaluated");
    events(&deployment, &surroundings).expect("the template has a rule for every sample")
}

#[test]
fn the_files_are_what_the_rules_hand_over() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let different = differences(&folder, &made()).expect("the folder can be read");
    assert!(different.is_empty(), "{different:?} are not up to date: run `make events`");
}

#[test]
fn writing_replaces_what_changed_and_removes_what_is_no_sample_any_more() {
    let folder = tempfile::tempdir().expect("a scratch directory");
    let page = folder.path().join("README.md");
    std::fs::write(&page, "Before\n<!-- samples -->\nold\n<!-- end of samples -->\nafter\n")
        .expect("it is ours");
    std::fs::write(folder.path().join("dance.json"), "{}").expect("it is ours");

    let events = made();
    let different = differences(folder.path(), &events).expect("the folder can be read");
    assert_eq!(
        different.len(),
        events.len() + 2,
        "all samples, the page and what is too much: {different:?}"
    );
    write(folder.path(), &events).expect("the folder can be written");
    assert_eq!(differences(folder.path(), &events).expect("it can be read"), Vec::<String>::new());
    let page = std::fs::read_to_string(page).expect("it is there");
    assert!(page.starts_with("Before\n<!-- samples -->\n| sample") && page.ends_with("after\n"), "{page}");
}

#[test]
fn every_request_type_has_a_sample_that_is_served() {
    fn names<R: Requests>(names: &mut BTreeSet<String>) {
        names.extend(R::KINDS.iter().map(|kind| match R::KINDS.len() {
            1 => R::FUNCTION.to_owned(),
            _ => format!("{}.{kind}", R::FUNCTION),
        }));
    }
    let mut wanted = BTreeSet::new();
    names::<CreateRequest>(&mut wanted);
    names::<InviteRequest>(&mut wanted);
    names::<AnswerRequest>(&mut wanted);
    names::<AttendRequest>(&mut wanted);
    names::<ModerateRequest>(&mut wanted);
    names::<DestroyRequest>(&mut wanted);
    names::<SyncRequest>(&mut wanted);
    let served: BTreeSet<String> = requests::samples().iter().map(|sample| sample.name.to_owned()).collect();
    assert_eq!(served, wanted);
}

#[test]
fn what_a_sample_comes_after_is_a_sample_too() {
    let samples = all();
    for sample in &samples {
        if let Some(after) = sample.after {
            assert!(samples.iter().any(|other| other.name == after), "{} comes after {after}", sample.name);
        }
    }
    assert_eq!(before("answer.accept"), ["authorize", "presence.connected", "create-meeting"]);
    assert_eq!(before("wake.sweep"), Vec::<&str>::new());
}
