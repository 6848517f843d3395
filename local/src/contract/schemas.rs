//! The JSON Schemas of all messages and objects, from the attributes and comments of the Rust types.

pub mod set;
mod tidy;

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Value, json};
use switchboard_protocol::VERSION;
use switchboard_protocol::downlink::{DOWNLINKS, Downlink, DownlinkInfo, JoinField};
use switchboard_protocol::envelope::{DEFAULT_TTL_MS, MAX_TTL_MS};
use switchboard_protocol::id::RequestId;
use switchboard_protocol::requests::{self, REQUESTS, RequestInfo};

use super::error::ContractError;
use set::{SCHEMAS, Schemas};
use tidy::{merge, tidy};

/// Name of the schema of the request envelope.
const REQUEST: &str = "Request";
/// Name of the schema of the downlink envelope, which is also the Rust type's name.
const DOWNLINK: &str = "Downlink";

/// A request type.
pub struct RequestSchema {
    /// Row of the table.
    pub info: &'static RequestInfo,
    /// First paragraph of the Rust type's comment.
    pub about: String,
}

/// A downlink type.
pub struct DownlinkSchema {
    /// Row of the table.
    pub info: &'static DownlinkInfo,
    /// First paragraph of the Rust variant's comment.
    pub about: String,
}

/// All message types and schemas.
pub struct Wire {
    /// Requests, in the order of the table.
    pub requests: Vec<RequestSchema>,
    /// Downlinks, in the order of the table.
    pub downlinks: Vec<DownlinkSchema>,
    /// All schemas; those of messages are named `request.<type>` and `downlink.<type>`.
    pub schemas: Schemas,
}

/// Makes the schemas.
///
/// # Errors
/// The schema of a type has an unexpected form.
pub fn wire() -> Result<Wire, ContractError> {
    let mut requests = Reader::new(SchemaSettings::for_deserialize);
    let request_types = requests.requests()?;
    let mut downlinks = Reader::new(SchemaSettings::for_serialize);
    let downlink_types = downlinks.downlinks()?;
    let mut schemas = merge(requests.finish(), downlinks.finish());
    tidy(&mut schemas);
    Ok(Wire { requests: request_types, downlinks: downlink_types, schemas })
}

/// Collects the schemas of one direction.
struct Reader {
    generator: SchemaGenerator,
    /// Schemas of messages.
    schemas: Schemas,
}

impl Reader {
    fn new(direction: fn(SchemaSettings) -> SchemaSettings) -> Self {
        // The dialect of AsyncAPI 3.
        let settings = SchemaSettings::draft07().with(|settings| settings.definitions_path = SCHEMAS.into());
        Self { generator: direction(settings).into_generator(), schemas: Schemas::new() }
    }

    fn requests(&mut self) -> Result<Vec<RequestSchema>, ContractError> {
        let mut types = Vec::new();
        for (info, schema) in REQUESTS.iter().zip(requests::schemas(&mut self.generator)) {
            let mut schema = schema.to_value();
            // A request without fields.
            if schema["type"] == "object" && schema.get("properties").is_none() {
                schema["properties"] = json!({});
            }
            if !schema["properties"].is_object() {
                return Err(ContractError::Schema(info.kind.to_owned()));
            }
            if let Some(object) = schema.as_object_mut() {
                object.retain(|key, _| !matches!(key.as_str(), "$schema" | "title"));
            }
            let about = first_paragraph(&schema);
            schema["properties"]["type"] = json!({"const": info.kind});
            match schema["required"].as_array_mut() {
                Some(required) => required.insert(0, json!("type")),
                None => schema["required"] = json!(["type"]),
            }
            self.add(&format!("request.{}", info.kind), schema, REQUEST);
            types.push(RequestSchema { info, about });
        }
        let envelope = request_envelope(&mut self.generator);
        self.schemas.insert(REQUEST.to_owned(), envelope);
        Ok(types)
    }

    fn downlinks(&mut self) -> Result<Vec<DownlinkSchema>, ContractError> {
        let unexpected = || ContractError::Schema(DOWNLINK.to_owned());
        let mut envelope = Downlink::json_schema(&mut self.generator).to_value();
        let bodies = envelope.as_object_mut().and_then(|envelope| envelope.remove("oneOf"));
        let join = envelope["properties"].as_object_mut().and_then(|fields| fields.remove("join"));
        let join = join.as_ref().and_then(|join| join["anyOf"][0].get("$ref")).ok_or_else(unexpected)?;
        let bodies = bodies.as_ref().and_then(Value::as_array).ok_or_else(unexpected)?;
        let mut types = Vec::new();
        for info in DOWNLINKS {
            let is_type = |body: &&Value| body["properties"]["type"]["const"] == info.kind;
            let body =
                bodies.iter().find(is_type).ok_or_else(|| ContractError::Schema(info.kind.to_owned()))?;
            let about = first_paragraph(body);
            self.add(&format!("downlink.{}", info.kind), with_join(body.clone(), info.join, join), DOWNLINK);
            types.push(DownlinkSchema { info, about });
        }
        self.schemas.insert(DOWNLINK.to_owned(), envelope);
        Ok(types)
    }

    /// Adds the schema of a message, with its envelope.
    fn add(&mut self, name: &str, mut message: Value, envelope: &str) {
        let mut parts = vec![json!({"$ref": format!("#{SCHEMAS}/{envelope}")})];
        if let Some(fields) = message.as_object_mut().and_then(|message| message.remove("$ref")) {
            parts.push(json!({"$ref": fields}));
        }
        message["allOf"] = parts.into();
        self.schemas.insert(name.to_owned(), message);
    }

    /// Returns the schemas of the messages and of the objects in them.
    fn finish(mut self) -> Schemas {
        self.schemas.extend(self.generator.take_definitions(false));
        self.schemas
    }
}

/// Makes the schema of the request envelope. It has no Rust type, as it is read field by field.
fn request_envelope(generator: &mut SchemaGenerator) -> Value {
    json!({
        "description": "Fields of all requests.",
        "type": "object",
        "required": ["v", "type", "id"],
        "properties": {
            "v": {"const": VERSION, "description": "Version of the protocol."},
            "type": {"type": "string", "description": "Type of the request."},
            "id": generator.subschema_for::<RequestId>(),
            "ttl_ms": {
                "type": "integer", "minimum": 1, "maximum": MAX_TTL_MS, "default": DEFAULT_TTL_MS,
                "description": "Milliseconds from the broker's receipt after which the request is void.",
            },
        },
    })
}

/// Adds the field `join` to a body's schema, if the type has it. `reference` is the `$ref` of the object's schema.
fn with_join(mut body: Value, presence: JoinField, reference: &Value) -> Value {
    let field = |about: &str| json!({"allOf": [{"$ref": reference}], "description": about});
    match presence {
        JoinField::Absent => {}
        JoinField::Optional(about) => body["properties"]["join"] = field(about),
        JoinField::Required => {
            body["properties"]["join"] = field("The receiver's join parameters.");
            if let Some(required) = body["required"].as_array_mut() {
                required.insert(1, json!("join"));
            }
        }
    }
    body
}

/// Returns the first paragraph of a schema's description.
fn first_paragraph(schema: &Value) -> String {
    let description = schema["description"].as_str().unwrap_or_default();
    description.split("\n\n").next().unwrap_or_default().replace('\n', " ")
}
