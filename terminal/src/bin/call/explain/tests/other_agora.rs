//! Case other-agora-tokens: the older form, and services whose fields are not read. The tokens were made with
//! the App ID and the certificate of 32 equal letters, for the channel room-1 and the user 42.

use super::*;

const OLDER: &str = "006aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaIAAwI1xxX1F+n4J5BD8CEt/HDZi7oemLbp3CaJBDXfbyhwYI9L6IsCQyIgAHAAAAAPFTZQQAAQAQ/1NlAgAQ/1NlAwAQ/1NlBAAQ/1Nl";
const CHAT: &str = "007eJxTYCj5GP1zvfR1uUwzbisNw03/rzpqvlcImLZuxR6B8NkVVgkKDIkEAMPH4FQBPgYGdgYGBkYGViBmZADx2RhKi1OLdA0Ba1UfOA==";
const RTC_AND_CHAT: &str = "007eJxTYLj5vG13zf4DugcDndXD5VyXnVM0u6a2aUppbPsu7S9tz04rMCQSAAwfg1MF+BgY2BkYGJgYGBlYgBjEZwKTzGCSBUyyMRTl5+fqGjIxmBixAlUxQkVLi1OLdA0BPT0kXg==";
const APP_ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn certificate() -> SecretString {
    "b".repeat(32).into()
}

#[test]
fn the_older_form_is_named_with_its_project_and_rights() {
    let explained = one(OLDER, None);
    assert_eq!(explained.kind, "an Agora token of the older form (006)");
    assert_eq!(explained.place, Some(format!("a channel of project {APP_ID}")));
    assert_eq!(
        explained.rights,
        ["enter the channel", "send audio", "send video", "send data messages", "receive"]
    );
    let lines = explained.lines(NOW).join("\n");
    assert!(lines.contains("2023-11-14T23:13:20Z"), "{lines}");
    assert!(explained.refusals(NOW)[0].starts_with("expired"), "{explained:?}");
    for cut in 35..OLDER.len() {
        assert!(explain(&OLDER[..cut], Secrets::default()).is_err(), "{cut}");
    }
}

#[test]
fn a_service_that_is_not_read_is_named() {
    let explained = one(CHAT, Some(&certificate()));
    assert_eq!(explained.kind, "an Agora token (007)");
    assert_eq!(explained.place, Some(format!("a service of project {APP_ID} that is not read (5, chat)")));
    assert_eq!((explained.begins, explained.ends), (Some(1_700_000_000), Some(1_700_003_600)));
    assert!(explained.refusals(NOW).iter().all(|refusal| refusal.starts_with("expired")), "{explained:?}");
}

#[test]
fn the_channel_is_read_beside_a_service_that_is_not_read() {
    let explained = one(RTC_AND_CHAT, Some(&certificate()));
    assert_eq!(explained.user.as_deref(), Some("user 42"));
    assert_eq!(
        explained.place,
        Some(format!(
            "channel room-1 of project {APP_ID}, a service of project {APP_ID} that is not read (5, chat)"
        ))
    );
    assert!(explained.rights.contains(&"send audio".to_owned()), "{explained:?}");
    assert_eq!(explained.signature, Signature::Valid);
}
