//! `rights_enforced` is true only if what was taken is really held back by what was minted.

use super::*;

#[test]
fn rights_are_enforced_where_the_token_carries_what_was_taken() {
    const NO_MICROPHONE: Rights = Rights::ALL.without_microphone();
    const NO_PICTURES: Rights = Rights { camera: false, screen: false, ..Rights::ALL };
    const NO_SCREEN: Rights = Rights { screen: false, ..Rights::ALL };
    const NO_DATA: Rights = Rights { data: false, ..Rights::ALL };
    const NO_RECEIVING: Rights = Rights { subscribe: false, ..Rights::ALL };
    let taken = [Rights::ALL, NO_MICROPHONE, NO_PICTURES, NO_SCREEN, NO_DATA, NO_RECEIVING];
    let table: Vec<_> = minters()
        .iter()
        .map(|(name, minter)| {
            let enforced = taken.map(|rights| {
                let join = minter.join(&MintRequest { rights, ..request() }).expect("mints");
                assert_eq!(join.rights, rights, "what the meeting allows is told in any case");
                if join.rights_enforced { "yes" } else { "-" }
            });
            format!("{name:<24}{}", enforced.join(" "))
        })
        .collect();
    let expected = [
        // Everything, no microphone, no pictures, no screen, no data, no receiving.
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
