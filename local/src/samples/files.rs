//! The folder `events/`: writes the samples and the table of its page, and finds what is not as it should be.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::{Answer, Sample};

/// The page about the samples.
const PAGE: &str = "README.md";
/// What the table of the page stands between.
const TABLE: [&str; 2] = ["<!-- samples -->\n", "<!-- end of samples -->\n"];

/// Writes all files, the table of the page, and removes samples that are none any more.
///
/// # Errors
/// The folder cannot be read or written, or the page has no place for the table.
pub fn write(folder: &Path, events: &[(Sample, String)]) -> io::Result<()> {
    let wanted = wanted(folder, events)?;
    for name in present(folder)? {
        if !wanted.contains_key(&name) {
            std::fs::remove_file(folder.join(name))?;
        }
    }
    wanted.iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text))
}

/// The files that are missing, are too many, or have other contents than they should have.
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

/// What the folder should hold.
fn wanted(folder: &Path, events: &[(Sample, String)]) -> io::Result<BTreeMap<String, String>> {
    let page = std::fs::read_to_string(folder.join(PAGE))?;
    let around = page.split_once(TABLE[0]).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(TABLE[1])?;
        Some((before, after))
    });
    let (before, after) =
        around.ok_or_else(|| io::Error::other(format!("{PAGE} has no place for the table of samples")))?;
    let page = [before, TABLE[0], &table(events), TABLE[1], after].concat();
    let files = events.iter().map(|(sample, text)| (format!("{}.json", sample.name), text.clone()));
    Ok(files.chain([(PAGE.to_owned(), page)]).collect())
}

/// Names of the samples' files that are there.
fn present(folder: &Path) -> io::Result<Vec<String>> {
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: io::Result<Vec<String>> = names.collect();
    Ok(names?.into_iter().filter(|name| name.strip_suffix(".json").is_some()).collect())
}

fn table(events: &[(Sample, String)]) -> String {
    let mut table = "| sample | what it is | its sender hears | after |\n|---|---|---|---|\n".to_owned();
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
