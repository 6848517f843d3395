//! Cleaning of text that one person writes and another person sees: names, titles, reasons.
//!
//! Some Unicode characters are invisible or change the order of the rest of a line. With them a name can look
//! like another name, or like no name. [`shown`] removes them, except those that a script or an emoji needs:
//!
//! - joiners within emoji, and where they change the shape of letters ([RFC 5892], appendix A.1 and A.2);
//! - variation selectors after characters that have variations, and tags in the flags of subdivisions.
//!
//! [RFC 5892]: https://www.rfc-editor.org/rfc/rfc5892#appendix-A

use icu_properties::props::{
    BidiControl, CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic,
    GeneralCategory, GeneralCategoryGroup, Ideographic, JoiningType, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use serde::{Deserialize, Deserializer};
use std::fmt::Write as _;

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
const EMOJI_STYLE: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';
const BLACK_FLAG: char = '\u{1f3f4}';
const CANCEL_TAG: char = '\u{e007f}';

/// Returns `text` as another person may see it; `None` if no character of `text` is visible.
#[must_use]
pub fn shown(text: &str) -> Option<String> {
    let visible = visible(text);
    let visible = visible.trim();
    visible.contains(is_visible).then(|| visible.to_owned())
}

/// Returns `text` without invisible characters and without those that change the order of text. Keeps spaces
/// at both ends.
#[must_use]
pub fn visible(text: &str) -> String {
    let candidates: Vec<char> = text.chars().filter_map(candidate).collect();
    (0..candidates.len())
        .filter(|at| !depends_on_neighbours(candidates[*at]) || is_kept(&candidates, *at))
        .map(|at| candidates[at])
        .collect()
}

/// Returns an equivalent JSON text: characters in strings that are invisible, change the order of text or
/// control a terminal are written as escapes.
#[must_use]
pub fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for character in json.chars() {
        // A control character below U+0020 is white space between members here: JSON escapes it in strings.
        if character < '\u{7f}' || !is_hidden(character) {
            plain.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                // Writing to a `String` cannot fail.
                let _ = write!(plain, "\\u{unit:04x}");
            }
        }
    }
    plain
}

/// Returns the result of [`shown`], shortened to at most `max_chars` characters.
#[must_use]
pub fn shown_within(text: &str, max_chars: usize) -> Option<String> {
    let whole = shown(text)?;
    match whole.char_indices().nth(max_chars) {
        // The cut may be inside an emoji.
        Some((cut, _)) => shown(&whole[..cut]),
        None => Some(whole),
    }
}

/// Deserialises an optional text that other people see. A text without visible characters counts as absent.
pub(crate) fn optional<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(input)?.as_deref().and_then(shown))
}

/// Deserialises an optional text that other people see. A text without visible characters becomes the empty
/// text.
pub(crate) fn optional_or_empty<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(input)?.map(|text| shown(&text).unwrap_or_default()))
}

/// Returns the character; a space for the end of a line; `None` for a character that is invisible in every
/// place.
fn candidate(character: char) -> Option<char> {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        character if character.is_control() || is_blank(character) => None,
        character if depends_on_neighbours(character) => Some(character),
        character => (!is_hidden(character)).then_some(character),
    }
}

/// Returns `true` for a control character, and for a character that changes the order of a line or is
/// invisible by itself.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}')
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || CodePointSetData::new::<BidiControl>().contains(character)
}

/// Returns `true` for blank symbols and for marks of annotations. No property of Unicode lists them.
fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\u{2800}' | '\u{fff9}'..='\u{fffb}' | '\u{13441}' | '\u{13442}' | '\u{16fe4}' | '\u{1d159}'
    )
}

/// Returns `true` for a character without a shape of its own, which is kept only where its neighbours need
/// it.
fn depends_on_neighbours(character: char) -> bool {
    matches!(character, NON_JOINER | JOINER) || is_variation_selector(character) || is_tag(character)
}

fn is_variation_selector(character: char) -> bool {
    matches!(
        character,
        '\u{180b}'..='\u{180f}' | '\u{fe00}'..=EMOJI_STYLE | '\u{e0100}'..='\u{e01ef}'
    )
}

fn is_tag(character: char) -> bool {
    matches!(character, '\u{e0020}'..=CANCEL_TAG)
}

/// Returns `true` if a character that depends on its neighbours is kept.
fn is_kept(text: &[char], at: usize) -> bool {
    let (before, after) = (&text[..at], &text[at + 1..]);
    match text[at] {
        JOINER => joins_emoji(before, after) || follows_virama(before) || is_between_joining(before, after),
        NON_JOINER => follows_virama(before) || is_between_joining(before, after),
        tag if is_tag(tag) => is_in_flag(text, at),
        selector => before.last().is_some_and(|base| has_variation(*base, selector, after)),
    }
}

fn is_pictograph(character: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(character)
}

fn joins_emoji(before: &[char], after: &[char]) -> bool {
    let is_part = |c: &char| *c == EMOJI_STYLE || CodePointSetData::new::<EmojiModifier>().contains(*c);
    let base = before.iter().rev().find(|character| !is_part(character));
    base.copied().is_some_and(is_pictograph) && after.first().copied().is_some_and(is_pictograph)
}

fn follows_virama(before: &[char]) -> bool {
    let class = |character| CodePointMapData::<CanonicalCombiningClass>::new().get(character);
    before.last().is_some_and(|last| class(*last) == CanonicalCombiningClass::Virama)
}

/// Returns `true` if the letters on both sides would be joined without the character between them.
fn is_between_joining(before: &[char], after: &[char]) -> bool {
    let joining = |character: &char| CodePointMapData::<JoiningType>::new().get(*character);
    let is_letter = |kind: &JoiningType| *kind != JoiningType::Transparent;
    let left = before.iter().rev().map(joining).find(is_letter);
    let right = after.iter().map(joining).find(is_letter);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

fn has_variation(base: char, selector: char, after: &[char]) -> bool {
    match selector {
        '\u{180b}'..='\u{180f}' => CodePointMapData::<Script>::new().get(base) == Script::Mongolian,
        '\u{fe0e}' | EMOJI_STYLE => {
            is_pictograph(base) || (matches!(base, '0'..='9' | '#' | '*') && after.first() == Some(&KEYCAP))
        }
        _ => CodePointSetData::new::<Ideographic>().contains(base),
    }
}

/// Returns `true` for a tag in the flag of a subdivision, such as Scotland: a black flag, letters, and the
/// end tag.
fn is_in_flag(text: &[char], at: usize) -> bool {
    let first = text[..at].iter().rposition(|character| !is_tag(*character)).map_or(0, |base| base + 1);
    let tags: Vec<char> = text[first..].iter().copied().take_while(|character| is_tag(*character)).collect();
    let is_flag = first > 0 && text[first - 1] == BLACK_FLAG;
    is_flag
        && (4..=7).contains(&tags.len())
        && tags.iter().position(|tag| *tag == CANCEL_TAG) == Some(tags.len() - 1)
}

/// Returns `true` for a character that is visible by itself.
fn is_visible(character: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    let shows_nothing = GeneralCategoryGroup::Separator.union(GeneralCategoryGroup::Other);
    let is_mark = matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
    let is_private = category == GeneralCategory::PrivateUse;
    (is_private || !shows_nothing.contains(category)) && !is_mark && !character.is_whitespace()
}

#[cfg(test)]
mod tests;
