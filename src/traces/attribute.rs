//! The names of the attributes of spans, by OpenTelemetry's semantic conventions where these have one.

/// The method of a request; `_OTHER` for an unusual one.
pub const HTTP_METHOD: &str = "http.request.method";
/// The route of a request, as a template.
pub const HTTP_ROUTE: &str = "http.route";
/// The status of a response.
pub const HTTP_STATUS: &str = "http.response.status_code";
/// The host that a request was sent to.
pub const SERVER_ADDRESS: &str = "server.address";
/// The port that a request was sent to.
pub const SERVER_PORT: &str = "server.port";
/// The path of a request that was sent, without names and ids.
pub const URL_TEMPLATE: &str = "url.template";
/// The kind of a failure: a status, or a word of ours.
pub const ERROR_TYPE: &str = "error.type";
/// The name that the client gave an operation.
pub const GRAPHQL_OPERATION_NAME: &str = "graphql.operation.name";
/// `query`, `mutation` or `subscription`.
pub const GRAPHQL_OPERATION_TYPE: &str = "graphql.operation.type";
/// The method of a message of the Model Context Protocol.
pub const MCP_METHOD: &str = "mcp.method.name";
/// The name of a tool.
pub const TOOL_NAME: &str = "gen_ai.tool.name";
/// The id of a request in the log.
pub const REQUEST_ID: &str = "dispatch.request_id";
/// How many callers shared a request to GitHub.
pub const GROUP_SIZE: &str = "dispatch.group.size";
