/**
 * @file Text of another user as the page shows it, without characters that hide or turn text. The service removes them from
 * the messages that it passes on (`shared/protocol/src/shown.rs`); names also come from the app's own directory.
 */

/** Scripts whose letters change their shape beside a joiner. */
const JOINED = `[${["Arabic", "Syriac", "Mongolian", "Nko", "Mandaic", "Adlam"].map((name) => `\\p{Script=${name}}`).join("")}]`;
const INDIC = `[${[
  ...["Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala"],
  ...["Khmer", "Myanmar"],
].map((name) => `\\p{Script=${name}}`).join("")}]`;

/** Characters without a shape that an emoji or a script needs. */
const NEEDED = [
  `(?<=${JOINED}\\p{Mn}*)[\\u200c\\u200d](?=${JOINED})`,
  `(?<=${INDIC})[\\u200c\\u200d]`,
  "(?<=\\p{Extended_Pictographic}[\\ufe0f\\p{Emoji_Modifier}]*)\\u200d(?=\\p{Extended_Pictographic})",
  "(?<=\\p{Extended_Pictographic})[\\ufe0e\\ufe0f]",
  "(?<=[0-9#*])\\ufe0f(?=\\u20e3)",
  "(?<=\\p{Ideographic})[\\ufe00-\\ufe02\\u{e0100}-\\u{e01ef}]",
  "(?<=\\p{Script=Mongolian})[\\u180b-\\u180f]",
  // The flag of a subdivision, such as Scotland.
  "\\u{1f3f4}[\\u{e0030}-\\u{e0039}\\u{e0061}-\\u{e007a}]{3,6}\\u{e007f}",
];
const HIDDEN =
  "[\\p{Default_Ignorable_Code_Point}\\p{Bidi_Control}\\p{Cc}\\u2800\\ufff9-\\ufffb\\u{13441}\\u{13442}\\u{16fe4}\\u{1d159}]";
const NEEDED_OR_HIDDEN = new RegExp(`(${NEEDED.join("|")})|${HIDDEN}`, "gu");
const LINE_ENDS = /[\t\n\r\u0085\u2028\u2029]/g;
/** A character that shows something by itself. */
const VISIBLE = /\p{L}|\p{N}|\p{P}|\p{S}|\p{Mc}|\p{Co}/u;

/** Returns the text as it is shown on one line; empty if it has no visible character. */
export function shown(text) {
  const line = String(text ?? "")
    .replace(LINE_ENDS, " ")
    .replace(NEEDED_OR_HIDDEN, (_, needed) => needed ?? "")
    .replace(/\s+/g, " ")
    .trim();
  return VISIBLE.test(line) ? line : "";
}

/** Returns the JSON text with escapes in place of the characters that hide or turn text. Its value is unchanged. */
export const plainJson = (json) =>
  json.replace(/[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u007f-\u009f]/gu, (hidden) =>
    [...Array(hidden.length).keys()]
      .map((at) => `\\u${hidden.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );
