//! The spans of requests to GitHub. Invariant: a span has no name of a repository, label, file or person.

use reqwest::{Request, StatusCode};

use super::error::Error;
use crate::traces::{self, Span, SpanKind, Traces, attribute};

/// The words of GitHub's paths that a span may have.
const WORDS: &[&str] = &[
    "access_tokens",
    "actions",
    "alerts",
    "app",
    "artifacts",
    "cancel",
    "check-runs",
    "comments",
    "commits",
    "contents",
    "deployments",
    "deliveries",
    "dispatches",
    "force-cancel",
    "hooks",
    "installation",
    "installations",
    "issues",
    "jobs",
    "labels",
    "logs",
    "orgs",
    "packages",
    "pending_deployments",
    "pulls",
    "rate_limit",
    "releases",
    "repos",
    "repositories",
    "rerun",
    "rerun-failed-jobs",
    "runs",
    "secret-scanning",
    "statuses",
    "user",
    "users",
    "workflows",
];

/// Starts the span of a request, which is named by its operation, or else by its method and path.
pub(super) fn start(traces: &Traces, request: &Request, operation: Option<&str>) -> Span {
    let span = traces.span(&traces::current(), SpanKind::Client, || match operation {
        Some(operation) => format!("GitHub {operation}").into(),
        None => format!("GitHub {} {}", request.method(), template(request.url().path())).into(),
    });
    if !traces.are_on() {
        return span;
    }
    let url = request.url();
    span.set(attribute::HTTP_METHOD, request.method().to_string());
    span.set(attribute::SERVER_ADDRESS, url.host_str().unwrap_or_default().to_owned());
    if let Some(port) = url.port_or_known_default() {
        span.set(attribute::SERVER_PORT, i64::from(port));
    }
    span.set(attribute::URL_TEMPLATE, template(url.path()));
    if let Some(operation) = operation {
        span.set(attribute::GRAPHQL_OPERATION_NAME, operation.to_owned());
    }
    span
}

/// Records how a request ended: with the status of a response, or without one.
pub(super) fn end(span: &Span, outcome: Result<StatusCode, &Error>) {
    match outcome {
        Ok(status) => {
            span.set(attribute::HTTP_STATUS, i64::from(status.as_u16()));
            if status.is_client_error() || status.is_server_error() {
                span.fail(status.as_str().to_owned());
            }
        }
        Err(error) if error.is_timeout() => span.fail("timeout"),
        Err(_) => span.fail("unreachable"),
    }
}

/// A path with everything left out that is not one of GitHub's words.
fn template(path: &str) -> String {
    let is_word =
        |word: &str| WORDS.contains(&word) || ["", "api", "v3", "graphql"].contains(&word);
    let mut names = 0_usize;
    let words = path.split('/').map(|word| {
        let is_name = names > 0;
        names = match word {
            _ if is_name => names - 1,
            "repos" => 2,
            "labels" | "orgs" | "users" => 1,
            "contents" => usize::MAX,
            _ => 0,
        };
        if !is_name && is_word(word) { word } else { "{}" }
    });
    words.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_loses_everything_that_is_somebodys() {
        for (path, expected) in [
            ("/graphql", "/graphql"),
            ("/api/v3/repos/acme/api-server/actions/runs/7", "/api/v3/repos/{}/{}/actions/runs/{}"),
            ("/repos/acme/secret/labels/agent%2Fsam", "/repos/{}/{}/labels/{}"),
            ("/repos/runs/actions/labels", "/repos/{}/{}/labels"),
            ("/repos/acme/secret/contents/.github/deploy.yml", "/repos/{}/{}/contents/{}/{}"),
        ] {
            assert_eq!(template(path), expected);
        }
    }
}
