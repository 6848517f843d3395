//! The JSON Schemas of all messages and objects, as the types' own attributes and comments give them.

mod tidy;

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use switchboard_protocol::VERSION;
use switchboard_protocol::downlink::{Downlink, JoinField, join_field};
use switchboard_protocol::envelope::{DEFAULT_TTL_MS, MAX_TTL_MS};
use switchboard_protocol::id::RequestId;
use switchboard_protocol::requests::{
    AnswerRequest, AttendRequest, CreateRequest, DestroyRequest, InviteRequest, ModerateRequest, Requests,
    SyncRequest,
};

use super::ContractError;
use tidy::{merge, tidy};

/// Where schemas are in the document.
pub const SCHEMAS: &str = "/components/schemas";
/// Schema of what all requests have in common.
const REQUEST: &str = "Request";
/// Schema of what all downlinks have in common, and the Rust type's name.
const DOWNLINK: &str = "Downlink";

/// Schemas by name.
pub type Schemas = BTreeMap<String, Value>;

/// The requests of one function, that is of one topic.
pub struct Function {
    /// The last level of the topic.
    pub name: &'static str,
    /// Whether it is under the bulk parent.
    pub bulk: bool,
    /// Its types.
    pub kinds: Vec<Kind>,
}

/// A type of message.
pub struct Kind {
    /// The type on the wire.
    pub name: String,
    /// What it is.
    pub about: String,
}

/// What can be read off the types.
pub struct Wire {
    /// Requests by function.
    pub functions: Vec<Function>,
    /// What terminals get.
    pub downlinks: Vec<Kind>,
    /// All schemas; those of messages are named `request.<type>` and `downlink.<type>`.
    pub schemas: Schemas,
}

/// Reads the types.
///
/// # Errors
/// A type has another form than this module can take apart.
pub fn wire() -> Result<Wire, ContractError> {
    let mut requests =
        Reader { generator: generator(SchemaSettings::for_deserialize), schemas: Schemas::new() };
    let functions = vec![
        requests.function::<CreateRequest>()?,
        requests.function::<InviteRequest>()?,
        requests.function::<AnswerRequest>()?,
        requests.function::<AttendRequest>()?,
        requests.function::<ModerateRequest>()?,
        requests.function::<DestroyRequest>()?,
        requests.function::<SyncRequest>()?,
    ];
    requests.schemas.insert(REQUEST.to_owned(), request(&mut requests.generator));
    let mut downlinks =
        Reader { generator: generator(SchemaSettings::for_serialize), schemas: Schemas::new() };
    let kinds = downlinks.downlinks()?;
    let mut schemas = merge(requests.finish(), downlinks.finish());
    tidy(&mut schemas);
    Ok(Wire { functions, downlinks: kinds, schemas })
}

fn generator(contract: fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    // The dialect of AsyncAPI 3.
    let settings = SchemaSettings::draft07().with(|settings| settings.definitions_path = SCHEMAS.into());
    contract(settings).into_generator()
}

/// Takes the schemas of enums apart into those of their messages.
struct Reader {
    generator: SchemaGenerator,
    /// Those of messages.
    schemas: Schemas,
}

impl Reader {
    fn function<R: Requests + JsonSchema>(&mut self) -> Result<Function, ContractError> {
        let mut kinds = Vec::new();
        for variant in list(R::json_schema(&mut self.generator).get("oneOf")) {
            let kind = kind(variant)?;
            let fields = text(variant, "$ref").rsplit('/').next().unwrap_or_default();
            let fields = self.generator.definitions_mut().remove(fields);
            let mut message = fields.ok_or_else(|| unreadable(&kind.name))?;
            message["properties"]["type"] = json!({"const": kind.name});
            match message["required"].as_array_mut() {
                Some(required) => required.insert(0, json!("type")),
                None => message["required"] = json!(["type"]),
            }
            self.add("request", &kind, message, REQUEST);
            kinds.push(kind);
        }
        Ok(Function { name: R::FUNCTION, bulk: R::BULK, kinds })
    }

    fn downlinks(&mut self) -> Result<Vec<Kind>, ContractError> {
        let mut envelope = Downlink::json_schema(&mut self.generator).to_value();
        let bodies = envelope.as_object_mut().and_then(|envelope| envelope.remove("oneOf"));
        let mut kinds = Vec::new();
        let join = envelope["properties"].as_object_mut().and_then(|fields| fields.remove("join"));
        let join = join.ok_or_else(|| unreadable(DOWNLINK))?;
        for body in list(bodies.as_ref()) {
            let (kind, mut body) = (kind(body)?, body.clone());
            add_join(&mut body, join_field(&kind.name), &join);
            self.add("downlink", &kind, body, DOWNLINK);
            kinds.push(kind);
        }
        self.schemas.insert(DOWNLINK.to_owned(), envelope);
        Ok(kinds)
    }

    /// Adds the schema of a message, with its envelope.
    fn add(&mut self, direction: &str, kind: &Kind, mut message: Value, envelope: &str) {
        let mut parts = vec![json!({"$ref": format!("#{SCHEMAS}/{envelope}")})];
        if let Some(fields) = message.as_object_mut().and_then(|message| message.remove("$ref")) {
            parts.push(json!({"$ref": fields}));
        }
        message["allOf"] = parts.into();
        self.schemas.insert(format!("{direction}.{}", kind.name), message);
    }

    /// The messages, and the objects that they speak of.
    fn finish(mut self) -> Schemas {
        self.schemas.extend(self.generator.take_definitions(false));
        self.schemas
    }
}

/// What all requests have in common: there is no type for it, since it is read field by field.
fn request(generator: &mut SchemaGenerator) -> Value {
    json!({
        "description": "What all requests have in common.",
        "type": "object",
        "required": ["v", "type", "id"],
        "properties": {
            "v": {"const": VERSION, "description": "The protocol's version."},
            "type": {"type": "string", "description": "What is asked for."},
            "id": generator.subschema_for::<RequestId>(),
            "ttl_ms": {
                "type": "integer", "minimum": 1, "maximum": MAX_TTL_MS, "default": DEFAULT_TTL_MS,
                "description": "Milliseconds from the broker's receipt after which it means nothing any more.",
            },
        },
    })
}

/// Adds the field `join` to a body's schema, where the type carries it.
fn add_join(body: &mut Value, presence: JoinField, join: &Value) {
    let join = json!({"$ref": list(join.get("anyOf")).first().map_or("", |of| text(of, "$ref"))});
    match presence {
        JoinField::Absent => {}
        JoinField::Optional(about) => {
            body["properties"]["join"] = json!({"allOf": [join], "description": about})
        }
        JoinField::Required => {
            body["properties"]["join"] =
                json!({"allOf": [join], "description": "The receiver's join parameters."});
            if let Some(required) = body["required"].as_array_mut() {
                required.insert(1, json!("join"));
            }
        }
    }
}

/// The message that a variant of an enum is.
fn kind(variant: &Value) -> Result<Kind, ContractError> {
    let name = text(&variant["properties"]["type"], "const");
    if name.is_empty() {
        return Err(unreadable(&variant.to_string()));
    }
    Ok(Kind { name: name.to_owned(), about: text(variant, "description").to_owned() })
}

fn unreadable(what: &str) -> ContractError {
    ContractError::Incomplete(format!(
        "the schema of `{what}` has another form than local/src/contract reads"
    ))
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
