//! The model checker. It runs the functions under every order of events: requests, downlinks and wakes may be
//! lost, delayed, duplicated and reordered, and a function may crash between its commit and its effects. All
//! states within the bounds are visited; `docs/model.md` describes the bounds and the number of states.

mod network;
mod properties;
mod runner;
mod scene;
mod terminal;
mod world;

use scene::Scene;
use stateright::{Checker, HasDiscoveries, Model};

/// Visits every state of the scene. Fails at the first state that violates a property, and shows the steps to
/// that state.
fn explore(name: &str, scene: Scene) {
    let faults = scene.faults;
    let checker = scene.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    println!(
        "{name}, faults up to {faults}: {} states visited, {} of them different, at most {} steps long",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth()
    );
    checker.assert_properties();
}

#[test]
fn a_direct_call_with_two_devices_of_the_callee() {
    explore("direct", Scene::direct());
}

#[test]
fn two_people_call_each_other() {
    explore("glare", Scene::glare());
}

#[test]
fn two_people_call_each_other_and_one_has_two_devices() {
    explore("glare of three", Scene::glare_of_three());
}

#[test]
fn a_group_whose_host_removes_and_leaves() {
    explore("group", Scene::group());
}
