//! The web pages: whether they were built or not, each address returns a page.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::{Answer, Given, given};

async fn open(given: &Given, path: &str, encoding: &str) -> Answer {
    let request = Request::get(path)
        .header("host", "localhost:3000")
        .header("accept", "text/html,*/*;q=0.8")
        .header("accept-encoding", encoding);
    given.send(request.body(Body::empty()).unwrap()).await
}

/// The first script that a page loads.
fn script_of(page: &str) -> Option<String> {
    let (_, from) = page.split_once("src=\"./assets/")?;
    Some(format!("/assets/{}", from.split('"').next()?))
}

#[tokio::test]
async fn every_page_answers_with_a_page() {
    given(async |given| {
        for path in [
            "/",
            "/board",
            "/queue",
            "/projects",
            "/agents",
            "/automation",
            "/automation/activity",
            "/automation/repos/acme/rocket",
            "/automation/workflows/wfl_1",
            "/webhooks",
            "/audit",
            "/graphiql",
        ] {
            let answer = open(given, path, "identity").await;
            let page = answer.text();
            assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8", "{path}");
            if answer.status == StatusCode::SERVICE_UNAVAILABLE {
                assert!(page.contains("make run"), "{path}: {page}");
                continue;
            }
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            let script = script_of(&page).unwrap_or_else(|| panic!("no script in {page}"));
            for coding in ["gzip", "br"] {
                let script = open(given, &script, coding).await;
                assert_eq!(script.status, StatusCode::OK);
                assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
                assert_eq!(script.headers["cache-control"], "public, max-age=31536000, immutable");
                assert_eq!(script.headers["content-encoding"], coding, "built by `make web`");
                assert_eq!(script.headers["vary"], "accept-encoding");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_holds_nothing_that_its_policy_forbids() {
    given(async |given| {
        for path in ["/board", "/graphiql"] {
            let page = open(given, path, "identity").await.text();
            for forbidden in ["<script>", "onclick=", "javascript:", "//cdn", "https://", "http://"]
            {
                assert!(!page.contains(forbidden), "{path} has {forbidden}: {page}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_are_read_and_nothing_else() {
    given(async |given| {
        assert_eq!(given.ask("HEAD", "/livez", None).await.bytes, b"");
        let answer = given.ask("POST", "/board", None).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        for path in ["/assets/none.js", "/robots.txt", "/assets/..%2findex.html", "/board/nothing"]
        {
            let answer = given.ask("GET", path, None).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}");
        }
    })
    .await;
}
