//! The web transport: serves the built board as static files.
//!
//! A release embeds the files; a debug build reads them from `web/dist`, so that pages can be
//! changed without building the server. Files under `assets/` have a hash of their content in their
//! name and are immutable; the others are revalidated with each request (304). Routing of pages is
//! done in the browser: each path gets the same `index.html`.
//!
//! The build compresses each file once, with brotli and with gzip; a response uses the smallest
//! representation that the request accepts. Pages use relative addresses only, so they also work
//! below a path that a proxy strips.

use std::borrow::Cow;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path};
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use rust_embed::RustEmbed;

use crate::middleware::{Problem, Protected, Public, Reader, relative_root};

/// Paths that the page in the browser routes.
const PAGES: [&str; 11] = [
    "/",
    "/board",
    "/queue",
    "/projects",
    "/agents",
    "/automation",
    "/automation/activity",
    "/automation/repos/{owner}/{repo}",
    "/automation/workflows/{id}",
    "/webhooks",
    "/audit",
];

/// Files beside the page with a fixed name.
const FILES: [&str; 2] = ["/favicon.svg", "/theme.js"];

/// The page that is served when the pages were not built.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<title>Dispatch</title>\n\
    <h1>The pages are not built</h1>\n\
    <p>Dispatch runs, without its pages. <code>make run</code> builds them with the server; \
    <code>make web</code> builds them alone, after which the server has to be rebuilt.</p>\n\
    <p>GraphQL answers at <code>/graphql</code>, and <a href=\"api/openapi.json\">the REST \
    addresses</a> are described.</p>\n</html>\n";

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Built;

/// A file of the built pages.
struct File {
    bytes: Bytes,
    hash: [u8; 32],
    kind: String,
}

/// The source of files: embedded or on disk.
#[derive(Clone, Copy)]
struct StaticFiles {
    file: fn(&str) -> Option<File>,
}

/// Routes of all pages and files, and the fallback for any other path.
pub fn routes() -> Router {
    StaticFiles { file: built }.routes()
}

fn built(name: &str) -> Option<File> {
    // A release looks names up in a table; a folder would resolve `..`.
    if name.split('/').any(|part| part == "..") {
        return None;
    }
    let file = Built::get(name)?;
    let bytes = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Some(File {
        bytes,
        hash: file.metadata.sha256_hash(),
        kind: file.metadata.mimetype().to_owned(),
    })
}

impl StaticFiles {
    fn routes(self) -> Router {
        let mut router = Router::new()
            .route("/assets/{*file}", get(asset))
            .route("/graphiql", get(playground))
            .fallback(nothing);
        for path in PAGES {
            router = router.route(path, get(page));
        }
        for path in FILES {
            router = router.route(path, get(file));
        }
        router.with_state(Protected::new(self))
    }

    /// The response with a file, or 304, in the best accepted encoding.
    fn answer(self, name: &str, headers: &HeaderMap, caching: &'static str) -> Option<Response> {
        let plain = (self.file)(name)?;
        let content_type = content_type(&plain.kind);
        let (coding, file) = Coding::preferred(headers)
            .into_iter()
            .find_map(|coding| Some((coding, (self.file)(&format!("{name}.{}", coding.suffix()))?)))
            .map_or((None, plain), |(coding, file)| (Some(coding), file));
        let etag = etag(&file);
        let is_known = headers.get_all(IF_NONE_MATCH).iter().any(|tags| names(tags, &etag));
        let shared = [
            (CACHE_CONTROL, caching.to_owned()),
            (ETAG, etag),
            (VARY, ACCEPT_ENCODING.as_str().to_owned()),
        ];
        if is_known {
            return Some((StatusCode::NOT_MODIFIED, shared).into_response());
        }
        let encoding = coding.map(|coding| [(CONTENT_ENCODING, coding.name())]);
        Some((shared, encoding, [(CONTENT_TYPE, content_type)], file.bytes).into_response())
    }

    fn page(self, name: &str, headers: &HeaderMap) -> Response {
        let page = self.answer(name, headers, REVALIDATED);
        page.unwrap_or_else(not_built)
    }

    /// The page for an address with folders. Its text differs by address, so it is sent as it is.
    fn deep_page(self, path: &str) -> Response {
        let Some(page) = (self.file)("index.html") else { return not_built() };
        let page = String::from_utf8_lossy(&page.bytes);
        ([(CACHE_CONTROL, REVALIDATED)], Html(below(&page, path))).into_response()
    }
}

/// The encodings in which the build stores each file, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// Its name in HTTP headers.
    const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The suffix of file names in this encoding.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }

    /// The encodings that a request accepts at least as much as an unencoded file, best first.
    fn preferred(headers: &HeaderMap) -> Vec<Self> {
        let accepted: Vec<(String, f32)> = headers
            .get_all(ACCEPT_ENCODING)
            .iter()
            .filter_map(|list| list.to_str().ok())
            .flat_map(|list| list.split(','))
            .map(weighted)
            .collect();
        let weight = |name: &str| {
            let named = accepted.iter().find(|(accepted, _)| accepted == name);
            named.or_else(|| accepted.iter().find(|(accepted, _)| accepted == "*"))
        };
        // If `identity` is not mentioned, it is acceptable, but less than any listed encoding.
        let plain = weight("identity").map_or(0.0, |(_, weight)| *weight);
        let mut preferred: Vec<_> = Self::ALL
            .into_iter()
            .filter_map(|coding| Some((coding, weight(coding.name())?.1)))
            .filter(|(_, weight)| *weight > 0.0 && *weight >= plain)
            .collect();
        preferred.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        preferred.into_iter().map(|(coding, _)| coding).collect()
    }
}

/// An encoding and its weight, as in `gzip;q=0.5`.
fn weighted(accepted: &str) -> (String, f32) {
    let (name, parameters) = accepted.split_once(';').unwrap_or((accepted, ""));
    let weight = parameters.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.strip_prefix('='));
    let weight = weight.map_or(Ok(1.0), |weight| weight.trim().parse()).unwrap_or(0.0);
    (name.trim().to_ascii_lowercase(), weight)
}

const REVALIDATED: &str = "no-cache";

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

async fn page(
    Reader { state: files, .. }: Reader<StaticFiles>,
    OriginalUri(asked): OriginalUri,
    headers: HeaderMap,
) -> Response {
    without_slash(&asked).unwrap_or_else(|| match relative_root(asked.path()).as_str() {
        "" => files.page("index.html", &headers),
        _ => files.deep_page(asked.path()),
    })
}

async fn playground(
    Reader { state: files, .. }: Reader<StaticFiles>,
    OriginalUri(asked): OriginalUri,
    headers: HeaderMap,
) -> Response {
    without_slash(&asked).unwrap_or_else(|| files.page("graphiql.html", &headers))
}

/// Redirects a page's address with trailing slashes to the one without, because the page uses
/// relative addresses. None if there are no trailing slashes.
fn without_slash(asked: &Uri) -> Option<Response> {
    let name = asked.path().trim_matches('/');
    if asked.path().len() <= name.len() + 1 {
        return None;
    }
    let query = asked.query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{}{name}{query}", relative_root(asked.path()));
    Some(Redirect::permanent(&target).into_response())
}

async fn asset(
    Public(files): Public<StaticFiles>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| missing())?;
    files.answer(&format!("assets/{name}"), &headers, IMMUTABLE).ok_or_else(missing)
}

async fn file(
    Public(files): Public<StaticFiles>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = uri.path().trim_start_matches('/');
    files.answer(name, &headers, REVALIDATED).ok_or_else(missing)
}

/// The fallback: browsers get the page for unknown addresses, programs a problem document.
async fn nothing(
    Reader { state: files, .. }: Reader<StaticFiles>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let is_api = uri.path() == "/api" || uri.path().starts_with("/api/");
    let is_person = method == Method::GET && !is_api && wants_page(&headers);
    match (files.file)("index.html") {
        Some(page) if is_person => {
            let page = String::from_utf8_lossy(&page.bytes);
            (StatusCode::NOT_FOUND, Html(below(&page, uri.path()))).into_response()
        }
        _ => missing().into_response(),
    }
}

/// The page for an address that is deeper than those of pages, with its relative addresses adapted.
fn below(page: &str, path: &str) -> String {
    let root = relative_root(path);
    if root.is_empty() {
        return page.to_owned();
    }
    page.replacen("<head>", &format!("<head><base href=\"{root}\" />"), 1)
}

fn not_built() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response()
}

fn missing() -> Problem {
    Problem::not_found("There is nothing at this address")
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

/// The entity tag, different for each representation. Weak, because a proxy may compress a file
/// itself.
fn etag(file: &File) -> String {
    let digits: String = file.hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{digits}\"")
}

/// Whether a list of entity tags has this one.
fn names(tags: &HeaderValue, etag: &str) -> bool {
    let tags = tags.to_str().unwrap_or_default();
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == etag)
}

fn content_type(kind: &str) -> String {
    let is_text = kind.starts_with("text/") || kind == "image/svg+xml";
    if is_text { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::domain::Actor;

    fn sample(name: &str) -> Option<File> {
        let (text, kind) = match name {
            "index.html" => ("<head><title>Board</title>", "text/html"),
            "graphiql.html" => ("<title>GraphiQL</title>", "text/html"),
            "theme.js" => ("theme()", "text/javascript"),
            "assets/index-1a2b.js" => ("run()", "text/javascript"),
            "assets/index-1a2b.js.br" => ("as brotli", "application/octet-stream"),
            "assets/index-1a2b.js.gz" => ("gzipped", "application/gzip"),
            _ => return None,
        };
        let hash = [u8::try_from(text.len()).unwrap(); 32];
        Some(File { bytes: text.into(), hash, kind: kind.to_owned() })
    }

    async fn ask(
        files: StaticFiles,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (u16, HeaderMap, String) {
        let mut request = Request::get(path).extension(Actor::System);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = files.routes().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    const SAMPLE_FILES: StaticFiles = StaticFiles { file: sample };

    #[tokio::test]
    async fn every_page_is_the_same_file_and_revalidated() {
        for path in PAGES {
            let (status, headers, body) = ask(SAMPLE_FILES, path, &[]).await;
            let root = relative_root(path);
            let base = match root.as_str() {
                "" => String::new(),
                root => format!("<base href=\"{root}\" />"),
            };
            let expected = format!("<head>{base}<title>Board</title>");
            assert_eq!((status, body), (200, expected), "{path}");
            assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(headers[CACHE_CONTROL], "no-cache");
        }
        assert_eq!(ask(SAMPLE_FILES, "/graphiql", &[]).await.2, "<title>GraphiQL</title>");
    }

    #[tokio::test]
    async fn a_file_that_is_known_is_not_sent_again() {
        let (_, headers, _) = ask(SAMPLE_FILES, "/theme.js", &[]).await;
        let etag = headers[ETAG].to_str().unwrap();
        for tags in [etag, "*", &format!("\"other\", {etag}")] {
            let (status, headers, body) =
                ask(SAMPLE_FILES, "/theme.js", &[("if-none-match", tags)]).await;
            assert_eq!((status, body.as_str()), (304, ""), "{tags}");
            assert_eq!(headers[ETAG], etag);
        }
        assert_eq!(ask(SAMPLE_FILES, "/theme.js", &[("if-none-match", "\"other\"")]).await.0, 200);
    }

    #[tokio::test]
    async fn what_is_named_by_its_content_never_changes() {
        let (status, headers, body) = ask(SAMPLE_FILES, "/assets/index-1a2b.js", &[]).await;
        assert_eq!((status, body.as_str()), (200, "run()"));
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
        for path in ["/assets/other.js", "/assets/../index.html", "/assets/%2e%2e/index.html"] {
            assert_eq!(ask(SAMPLE_FILES, path, &[]).await.0, 404, "{path}");
        }
    }

    #[tokio::test]
    async fn a_file_is_served_as_the_build_compressed_it() {
        let path = "/assets/index-1a2b.js";
        let mut etags = std::collections::BTreeSet::new();
        for (accepted, coding, text) in [
            ("br", Some("br"), "as brotli"),
            ("gzip, deflate, br, zstd", Some("br"), "as brotli"),
            ("GZIP", Some("gzip"), "gzipped"),
            ("gzip, deflate", Some("gzip"), "gzipped"),
            ("gzip;q=1.0, br;q=0.5", Some("gzip"), "gzipped"),
            ("br;q=0, gzip", Some("gzip"), "gzipped"),
            ("br ; q=0 , *", Some("gzip"), "gzipped"),
            ("*", Some("br"), "as brotli"),
            ("gzip;q=0.5, *;q=0", Some("gzip"), "gzipped"),
            ("", None, "run()"),
            ("identity", None, "run()"),
            ("identity, gzip;q=0.5", None, "run()"),
            ("deflate, zstd", None, "run()"),
            ("*;q=0", None, "run()"),
            ("gzip;q=a lot", None, "run()"),
        ] {
            let (status, headers, body) =
                ask(SAMPLE_FILES, path, &[("accept-encoding", accepted)]).await;
            assert_eq!((status, body.as_str()), (200, text), "{accepted:?}");
            assert_eq!(headers.get(CONTENT_ENCODING).map(|name| name.to_str().unwrap()), coding);
            assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
            assert_eq!(headers[VARY], "accept-encoding");

            let etag = headers[ETAG].to_str().unwrap().to_owned();
            let again = [("accept-encoding", accepted), ("if-none-match", etag.as_str())];
            let (status, headers, _) = ask(SAMPLE_FILES, path, &again).await;
            assert_eq!(
                (status, &headers[VARY]),
                (304, &HeaderValue::from_static("accept-encoding"))
            );
            etags.insert(etag);
        }
        assert_eq!(etags.len(), 3, "one for each representation: {etags:?}");
    }

    #[tokio::test]
    async fn pages_at_any_depth_find_their_files() {
        let person = [("accept", "text/html,*/*")];
        for (path, base) in [
            ("/nonsense", None),
            ("/board/", Some("../")),
            ("/a/b/c", Some("../../")),
            ("//a", Some("../")),
        ] {
            let (status, _, body) = ask(SAMPLE_FILES, path, &person).await;
            let expected =
                base.map_or("<head>".to_owned(), |base| format!("<head><base href=\"{base}\" />"));
            assert_eq!((status, body), (404, expected + "<title>Board</title>"), "{path}");
        }
    }

    #[tokio::test]
    async fn where_there_is_nothing_people_get_a_page_and_programs_do_not() {
        let person = [("accept", "text/html,*/*")];
        let (status, _, body) = ask(SAMPLE_FILES, "/nonsense", &person).await;
        assert_eq!((status, body.as_str()), (404, "<head><title>Board</title>"));
        for (path, headers) in
            [("/nonsense", &[][..]), ("/api/nonsense", &person), ("/api", &person)]
        {
            assert_eq!(
                ask(SAMPLE_FILES, path, headers).await.2,
                "",
                "{path}: the middleware writes it out"
            );
        }
    }

    #[tokio::test]
    async fn who_is_not_known_gets_no_page() {
        for path in [&PAGES[..], &["/graphiql", "/nonsense"]].concat() {
            let request = Request::get(path).body(Body::empty()).unwrap();
            assert_eq!(
                SAMPLE_FILES.routes().oneshot(request).await.unwrap().status(),
                401,
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn pages_that_were_not_built_say_how_to_build_them() {
        let files = StaticFiles { file: |_| None };
        for path in ["/", "/board", "/graphiql"] {
            let (status, _, body) = ask(files, path, &[]).await;
            assert_eq!(status, 503);
            assert!(body.contains("make run"), "{body}");
        }
        assert_eq!(ask(files, "/theme.js", &[]).await.0, 404);
    }
}
