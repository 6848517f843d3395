//! The files in `events/` are the generated ones, and each request type has a sample.

use std::collections::BTreeSet;
use std::path::Path;

use switchboard_protocol::requests::REQUESTS;

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
fn the_files_in_the_workspace_are_the_generated_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let different = differences(&folder, &made()).expect("the folder can be read");
    assert!(different.is_empty(), "{different:?} are not up to date: run `make generate`");
}

#[test]
fn writing_replaces_changed_files_and_removes_superfluous_ones() {
    let folder = tempfile::tempdir().expect("a scratch directory");
    let page = folder.path().join("README.md");
    std::fs::write(&page, "Before\n<!-- samples -->\nold\n<!-- end of samples -->\nafter\n")
        .expect("the directory can be written");
    std::fs::write(folder.path().join("dance.json"), "{}").expect("the directory can be written");

    let events = made();
    let different = differences(folder.path(), &events).expect("the folder can be read");
    assert_eq!(
        different.len(),
        events.len() + 2,
        "all samples, the page and the superfluous file: {different:?}"
    );
    write(folder.path(), &events).expect("the folder can be written");
    assert_eq!(differences(folder.path(), &events).expect("the folder can be read"), Vec::<String>::new());
    let page = std::fs::read_to_string(page).expect("the page exists");
    assert!(page.starts_with("Before\n<!-- samples -->\n| sample") && page.ends_with("after\n"), "{page}");
}

#[test]
fn every_request_type_has_a_sample() {
    let wanted: BTreeSet<String> =
        REQUESTS.iter().map(|request| requests::name(request).into_owned()).collect();
    let served: BTreeSet<String> = requests::samples().iter().map(|sample| sample.name.to_string()).collect();
    assert_eq!(served, wanted);
}

#[test]
fn each_sample_follows_an_existing_sample() {
    let samples = all();
    for sample in &samples {
        if let Some(after) = sample.after {
            assert!(samples.iter().any(|other| other.name == after), "{} comes after {after}", sample.name);
        }
    }
    assert_eq!(before("answer.accept"), ["authorize", "presence.connected", "create-meeting"]);
    assert_eq!(before("wake.sweep"), Vec::<&str>::new());
}
