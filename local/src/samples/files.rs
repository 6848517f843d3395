//! The folder `events/`: writes the samples and the table of its page, and finds files that differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::sample::{Answer, Sample};

/// The page about the samples.
const PAGE: &str = "README.md";
/// Lines before and after the table of the page.
const TABLE: [&str; 2] = ["<!-- samples -->\n", "<!-- end of samples -->\n"];

/// Writes all files and the table of the page, and removes files that are no longer samples.
///
/// # Errors
/// The folder cannot be read or written, or the page lacks the lines around the table.
pub fn write(folder: &Path, events: &[(Sample, String)]) -> io::Result<()> {
    let wanted = wanted(folder, events)?;
    for name in present(folder)? {
        if !wanted.contains_key(&name) {
            std::fs::remove_file(folder.join(name))?;
        }
    }
    wanted.iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text))
}

/// Returns the names of files that are missing, superfluous or different.
///
/// # Errors
/// As for [`write()`].
pub fn differences(folder: &Path, events: &[(Sample, String)]) -> io::Result<Vec<String>> {
    let wanted = wanted(folder, events)?;
    let mut different: Vec<String> =
        present(folder)?.into_iter().filter(|name| !wanted.contains_key(name)).collect();
    for (name, text) in wanted {
        if std::fs::read_to_string(folder.join(&name)).ok().as_deref() != Some(text.as_str()) {
            different.push(name);
        }
    }
    Ok(different)
}

/// Returns the contents that the folder should have, by file.
fn wanted(folder: &Path, events: &[(Sample, String)]) -> io::Result<BTreeMap<String, String>> {
    let page = std::fs::read_to_string(folder.join(PAGE))?;
    let around = page.split_once(TABLE[0]).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(TABLE[1])?;
        Some((before, after))
    });
    let (before, after) = around.ok_or_else(|| {
        io::Error::other(format!("{PAGE} has no lines {TABLE:?} around the table of samples"))
    })?;
    let page = [before, TABLE[0], &table(events), TABLE[1], after].concat();
    let files = events.iter().map(|(sample, text)| (format!("{}.json", sample.name), text.clone()));
    Ok(files.chain([(PAGE.to_owned(), page)]).collect())
}

/// Returns the names of the samples' files in the folder.
fn present(folder: &Path) -> io::Result<Vec<String>> {
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: io::Result<Vec<String>> = names.collect();
    Ok(names?.into_iter().filter(|name| name.strip_suffix(".json").is_some()).collect())
}

fn table(events: &[(Sample, String)]) -> String {
    let mut table = "| sample | description | answer to the sender | after |\n|---|---|---|---|\n".to_owned();
    for (Sample { name, about, after, answer, .. }, _) in events {
        let answer = match answer {
            Answer::Nothing => "–".to_owned(),
            Answer::Downlink(kind) => format!("`{kind}`"),
            Answer::Refusal(code, None) => format!("`error` {code}"),
            Answer::Refusal(code, Some(path)) => format!("`error` {code} at `{path}`"),
        };
        let after = after.map_or_else(|| "–".to_owned(), |after| format!("`{after}`"));
        // Writing to a text does not fail.
        let _ = writeln!(table, "| [`{name}`]({name}.json) | {about} | {answer} | {after} |");
    }
    table
}
