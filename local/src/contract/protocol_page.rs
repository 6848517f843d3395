//! The rows of requests and notices in `docs/protocol.md`.
//!
//! Authors write sentences into the rows, and `make generate` keeps these sentences. It adds a row for each request
//! without a row, the fields that a row does not name, and the answers; it replaces the refusals.

use serde_json::Value;
use switchboard_protocol::downlink::DOWNLINKS;
use switchboard_protocol::requests::{REQUESTS, RequestInfo};

use super::error::ContractError;
use super::schemas::set::Schemas;

/// Cell of a row without fields, answers or refusals.
const NOTHING: &str = "–";

/// Returns the page with the missing rows, fields and answers added, and with the present refusals.
///
/// # Errors
/// A request has no row, and no row of its function exists after which a new row could be inserted.
pub fn completed(page: &str, schemas: &Schemas) -> Result<String, ContractError> {
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    for request in REQUESTS {
        let fields = fields(schemas, &format!("request.{}", request.kind));
        if let Some(line) = lines.iter_mut().find(|line| is_row_of(line, request)) {
            *line = completed_row(line, request, &fields);
            continue;
        }
        let topic = topic(request);
        let last = lines.iter().rposition(|line| cells(line).first().is_some_and(|cell| *cell == topic));
        let last = last.ok_or(ContractError::NoRow(request.kind))?;
        let row = format!("| {topic} | `{}` | {NOTHING} | {NOTHING} | {NOTHING} |", request.kind);
        lines.insert(last + 1, completed_row(&row, request, &fields));
    }
    for notice in DOWNLINKS.iter().filter(|downlink| downlink.notice) {
        let kind = format!("`{}`", notice.kind);
        let fields = fields(schemas, &format!("downlink.{}", notice.kind));
        for line in &mut lines {
            if let [first, named, to] = cells(line)[..]
                && first == kind
            {
                *line = format!("| {first} | {} | {to} |", with_fields(named, &fields));
            }
        }
    }
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

fn topic(request: &RequestInfo) -> String {
    let function = request.function;
    if function.is_bulk() { format!("`bulk-up/{function}`") } else { format!("`{function}`") }
}

/// Returns the cells of a table's row; an empty list for any other line.
fn cells(line: &str) -> Vec<&str> {
    let row = line.strip_prefix("| `").and_then(|_| line.strip_suffix(" |")).map(|row| &row[2..]);
    row.map(|row| row.split(" | ").collect()).unwrap_or_default()
}

/// Returns `true` if the line has the topic and type of `request`. A row may have several types.
fn is_row_of(line: &str, request: &RequestInfo) -> bool {
    let kind = format!("`{}`", request.kind);
    matches!(cells(line)[..], [found, kinds, _, _, _]
        if found == topic(request) && kinds.split(", ").any(|found| found == kind))
}

fn completed_row(line: &str, request: &RequestInfo, fields: &[(String, String)]) -> String {
    let cells = cells(line);
    let [topic, kinds, named, answers, _] = cells[..] else { return line.to_owned() };
    let mut answers = answers.to_owned();
    for answer in request.answered_by {
        // The author may list the answer's fields after its name.
        if !answers.contains(&format!("`{answer}`")) && !answers.contains(&format!("`{answer}{{")) {
            answers = joined(&answers, " or ", &format!("`{answer}`"));
        }
    }
    if request.answered_by.is_empty() && answers == NOTHING {
        "none".clone_into(&mut answers);
    }
    let codes = request.refusals.iter().map(|code| {
        let code = serde_json::to_value(code).unwrap_or_default();
        format!("`{}`", code.as_str().unwrap_or_default())
    });
    let codes = codes.fold(NOTHING.to_owned(), |all, code| joined(&all, ", ", &code));
    format!("| {topic} | {kinds} | {} | {answers} | {codes} |", with_fields(named, fields))
}

/// Adds each field that the cell does not name.
fn with_fields(cell: &str, fields: &[(String, String)]) -> String {
    let missing = fields.iter().filter(|(name, _)| !cell.contains(&format!("`{name}`")));
    missing.fold(cell.to_owned(), |cell, (_, text)| joined(&cell, ", ", text))
}

fn joined(all: &str, separator: &str, next: &str) -> String {
    if all == NOTHING { next.to_owned() } else { format!("{all}{separator}{next}") }
}

/// Returns the fields of a message besides those of the envelope: name, and text for the cell.
fn fields(schemas: &Schemas, message: &str) -> Vec<(String, String)> {
    let Some(schema) = schemas.get(message) else { return Vec::new() };
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let own = schema["properties"].as_object().into_iter().flatten();
    own.filter(|(name, _)| !matches!(name.as_str(), "type" | "meeting_id" | "join"))
        .map(|(name, field)| {
            let optional = if required.contains(&name.as_str()) { "" } else { "?" };
            (name.clone(), format!("`{name}`{optional}{}", limits(field, schemas)))
        })
        .collect()
}

/// Returns the values and limits of a field, as a cell shows them.
fn limits(field: &Value, schemas: &Schemas) -> String {
    let reference = field["$ref"].as_str().or_else(|| field["allOf"][0]["$ref"].as_str());
    let named = reference.and_then(|path| path.rsplit('/').next()).and_then(|name| schemas.get(name));
    let schema = named.unwrap_or(field);
    let listed = schema["enum"].as_array().map(|list| list.iter().collect::<Vec<_>>());
    let described = schema["oneOf"].as_array().map(|list| list.iter().map(|value| &value["const"]).collect());
    let values: Vec<_> = listed.or(described).unwrap_or_default();
    let values: Option<Vec<_>> =
        values.into_iter().map(|value| value.as_str().map(|value| format!("`{value}`"))).collect();
    if let Some(values) = values.filter(|values| !values.is_empty()) {
        return format!(": {}", values.join(" or "));
    }
    let number = |name: &str| field[name].as_u64();
    match (number("minimum"), number("maximum"), number("minItems"), number("maxItems"), number("maxLength"))
    {
        (Some(least), Some(most), ..) | (_, _, Some(least), Some(most), _) => format!(" ({least}–{most})"),
        (.., Some(most)) => format!(" (≤ {most} characters)"),
        _ if field["type"] == "boolean" => ": bool".to_owned(),
        _ => String::new(),
    }
}
