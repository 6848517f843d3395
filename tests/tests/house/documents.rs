//! Links of the documents.

use crate::tree;
use std::fs;

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut wrong = Vec::new();
    let mut followed = 0;
    for document in tree::files().into_iter().filter(|path| tree::extension(path) == "md") {
        let own = tree::root().join(&document);
        let text = tree::read(&document);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            if path.contains("://") {
                continue;
            }
            followed += 1;
            let target = if path.is_empty() {
                own.clone()
            } else {
                own.parent().expect("a file is in a folder").join(path)
            };
            if !target.exists() {
                wrong.push(format!("{document}: {link} does not exist"));
            } else if !anchor.is_empty() && target.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&target).expect("text");
                if !anchors(&text).any(|known| known == anchor) {
                    wrong.push(format!("{document}: {link} names an unknown heading"));
                }
            }
        }
    }
    assert!(followed > 80, "only {followed} links were found");
    assert!(wrong.is_empty(), "Correct these links:\n{}", wrong.join("\n"));
}

/// The anchors that GitHub gives to the headings of a document.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}
