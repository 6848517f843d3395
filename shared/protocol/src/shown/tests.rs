use super::*;

#[track_caller]
fn assert_shown(text: &str, expected: &str) {
    let expected = (!expected.is_empty()).then(|| expected.to_owned());
    assert_eq!(shown(text), expected, "{text:?}");
}

#[track_caller]
fn assert_unchanged(text: &str) {
    assert_shown(text, text);
}

#[test]
fn a_name_that_shows_nothing_is_not_a_name() {
    for nothing in [
        "",
        " ",
        "\u{202e}",
        "\u{200b}\u{200c}",
        "\u{ad}",
        "\u{2060}",
        "\u{3164}",
        "\u{2800}",
        "\u{e0041}\u{e0042}",
        "\u{feff}",
        "\u{3000}",
        "\u{a0}",
        "\u{115f}",
        "\u{ffa0}",
        "\u{17b5}",
        "\u{180e}",
        "\u{fe0f}",
        "\u{200d}",
        "\u{34f}",
        "\u{301}",
        "\u{1d159}",
        "\u{e0100}",
        "\0\n",
        "\u{2028}",
    ] {
        assert_eq!(shown(nothing), None, "{nothing:?}");
    }
}

#[test]
fn characters_that_turn_or_hide_text_are_removed() {
    assert_shown("\u{2066}Bank\u{2069}", "Bank");
    assert_shown("Bob\u{202e}ecilA", "BobecilA");
    assert_shown("Al\u{200b}ice", "Alice");
    assert_shown("A\u{ad}l\u{200d}i\u{200c}c\u{2060}e\u{e0041}", "Alice");
    assert_shown("A\u{fe00}l\u{fe0f}i\u{e0100}ce\u{180b}", "Alice");
    assert_shown("Al\u{3164}ice\u{2800}", "Alice");
    assert_shown("\u{200f}Alice\u{61c}\u{200e}", "Alice");
    assert_shown(" Ali\u{0}ce\u{1b}[31m ", "Alice[31m");
    assert_shown("first\nsecond\u{2028}third\t", "first second third");
}

#[test]
fn characters_that_a_script_or_an_emoji_needs_stay() {
    // A woman with a laptop, with a skin tone, a rainbow flag, a heart, a keycap, the flag of Scotland.
    assert_unchanged("\u{1f469}\u{200d}\u{1f4bb} Ann");
    assert_unchanged("\u{1f469}\u{1f3fd}\u{200d}\u{1f4bb}");
    assert_unchanged("\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}");
    assert_unchanged("\u{2764}\u{fe0f} 3\u{fe0f}\u{20e3}");
    assert_unchanged("\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}");
    // Persian with a non-joiner, Hindi and Malayalam with a joiner behind a virama.
    assert_unchanged("\u{646}\u{627}\u{645}\u{647}\u{200c}\u{627}\u{6cc}");
    assert_unchanged("\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}");
    assert_unchanged("\u{915}\u{94d}\u{200d}\u{937}");
    assert_unchanged("\u{d28}\u{d4d}\u{200d}");
    // Hebrew with points, Japanese with a variation of a character, Mongolian, Korean, a decomposed letter.
    assert_unchanged("\u{5d0}\u{5b7}\u{5d1}\u{5e8}\u{5d4}\u{5dd}");
    assert_unchanged("\u{845b}\u{e0100}\u{57ce}");
    assert_unchanged("\u{182a}\u{1820}\u{180e}\u{1820}");
    assert_unchanged("\u{d64d}\u{ae38}\u{b3d9}");
    assert_unchanged("Jose\u{301} O\u{2019}Neil-\u{141}ukasz");
}

#[test]
fn joiners_and_tags_outside_of_what_needs_them_are_removed() {
    assert_shown("\u{1f469}\u{200d}A", "\u{1f469}A");
    assert_shown("\u{646}\u{200c}\u{200c}A", "\u{646}A");
    assert_shown("\u{200c}\u{627}\u{200c}", "\u{627}");
    assert_shown("\u{1f3f4}\u{e0067}\u{e0062}", "\u{1f3f4}");
    assert_shown("A\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}", "A");
}

#[test]
fn a_text_that_is_shown_is_not_changed_again() {
    for text in [
        "a\u{200d}\u{202e}\u{200d}b",
        "\u{1f469}\u{202e}\u{200d}\u{1f4bb}",
        "\u{845b}\u{200b}\u{e0100} \u{2800} ",
    ] {
        let once = shown(text).expect("a visible text");
        assert_eq!(shown(&once), Some(once.clone()), "{text:?}");
    }
}

#[test]
fn a_cut_text_ends_with_a_whole_character() {
    assert_eq!(shown_within("Alice", 5).as_deref(), Some("Alice"));
    assert_eq!(shown_within("Ali ce", 4).as_deref(), Some("Ali"));
    assert_eq!(shown_within("\u{1f469}\u{200d}\u{1f4bb}", 2).as_deref(), Some("\u{1f469}"));
    assert_eq!(shown_within("\u{200b}\u{200b}Al\u{200b}", 2).as_deref(), Some("Al"));
}

#[test]
fn plain_json_means_the_same_and_hides_nothing() {
    let value = serde_json::json!({"name": "Bob\u{202e}ecilA\u{9b}31m\u{e0041}", "title": "\u{1f469}\u{200d}\u{1f4bb}\n"});
    let plain = plain_json(&format!("{value:#}"));
    assert!(plain.contains(r"Bob\u202eecilA\u009b31m\udb40\udc41"), "{plain}");
    assert!(plain.contains("{\n") && !plain.contains(is_hidden_beyond_ascii), "{plain}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&plain).expect("JSON"), value);
}

fn is_hidden_beyond_ascii(character: char) -> bool {
    !character.is_ascii() && is_hidden(character)
}
