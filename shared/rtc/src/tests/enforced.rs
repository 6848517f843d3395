//! Tests that `rights_enforced` is true only if the minted credential makes the service withhold every
//! missing right.

use super::*;

#[test]
fn rights_enforced_matches_what_each_token_can_withhold() {
    const NO_MICROPHONE: Rights = Rights::ALL.without_microphone();
    const NO_VIDEO: Rights = Rights { camera: false, screen: false, ..Rights::ALL };
    const NO_SCREEN: Rights = Rights { screen: false, ..Rights::ALL };
    const NO_DATA: Rights = Rights { data: false, ..Rights::ALL };
    const NO_RECEIVING: Rights = Rights { subscribe: false, ..Rights::ALL };
    let cases = [Rights::ALL, NO_MICROPHONE, NO_VIDEO, NO_SCREEN, NO_DATA, NO_RECEIVING];
    let table: Vec<_> = minters()
        .iter()
        .map(|(name, minter)| {
            let enforced = cases.map(|rights| {
                let join = minter.join(&MintRequest { rights, ..request() }).expect("mints");
                assert_eq!(join.rights, rights, "the join reports the rights in any case");
                if join.rights_enforced { "yes" } else { "-" }
            });
            format!("{name:<24}{}", enforced.join(" "))
        })
        .collect();
    let expected = [
        // The columns: all rights, then without microphone, camera and screen, screen, data, receiving.
        "livekit                 yes yes yes yes yes yes",
        "alibaba                 - - - - - -",
        "alibaba artc            - - - - - -",
        "alibaba dingrtc         yes yes yes yes - -",
        "agora                   - - - - - -",
        "agora cohost            yes yes yes - yes -",
        "tencent                 - - - - - -",
        "tencent private_map_key yes yes yes yes - yes",
        "janus                   - - - - - -",
        "janus with turn         - - - - - -",
    ];
    assert_eq!(table, expected);
}
