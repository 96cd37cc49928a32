//! People who sign in on the page with a token.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use dispatch::config::{Config, Secret};
use dispatch::service::App;
use dispatch::service::sessions::LENGTH;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::github::GitHub;
use crate::support::process::{Process, http_client};
use crate::support::stream::Socket;
use crate::support::{AGENT_TOKEN, Answer, Database, Given, given, given_settings};

const MAINTAINER_TOKEN: &str = "the-maintainers-token-of-the-tests";
const WORKER_TOKEN: &str = "the-token-of-worker-alpha";

const OPEN: [(&str, &str); 2] = [
    ("DISPATCH_MAINTAINER_TOKEN", MAINTAINER_TOKEN),
    ("DISPATCH_WORKER_TOKENS", "alpha:the-token-of-worker-alpha"),
];

const READ_ONLY: [(&str, &str); 1] = [("DISPATCH_AUTH_MODE", "read-only")];

const BASIC: [(&str, &str); 3] = [
    ("DISPATCH_AUTH_MODE", "basic"),
    ("DISPATCH_AUTH_USERNAME", "sam"),
    ("DISPATCH_AUTH_PASSWORD", "a long password"),
];

const DISABLED: [(&str, &str); 1] = [("DISPATCH_AUTH_MODE", "disabled")];

const VIEWER: &str = "{ viewer { kind name canChangeBoard canMaintain canSignIn signedInUntil } }";

/// A browser at one source, with its cookie.
struct Browser {
    router: axum::Router,
    source: &'static str,
    cookie: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Browser {
    fn at(app: &App) -> Self {
        let router = dispatch::router(app.clone());
        Self { router, source: "127.0.0.1", cookie: None, headers: vec![] }
    }

    async fn ask(&mut self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let peer = SocketAddr::new(self.source.parse().unwrap(), 50_000);
        let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(peer));
        request = request.header("host", "localhost:3000");
        request = request.header("content-type", "application/json");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        if let Some(cookie) = parts.headers.get("set-cookie") {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            self.cookie = Some(pair.to_owned());
        }
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    async fn graphql(&mut self, query: &str) -> Value {
        self.ask("POST", "/graphql", Some(json!({ "query": query }))).await.json()
    }

    async fn viewer(&mut self) -> Value {
        self.graphql(VIEWER).await["data"]["viewer"].clone()
    }

    async fn sign_in(&mut self, name: &str, token: &str) -> Answer {
        self.ask("POST", "/api/session", Some(json!({ "name": name, "token": token }))).await
    }

    async fn sign_out(&mut self) -> Answer {
        self.ask("DELETE", "/api/session", None).await
    }
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.viewer().await["kind"] == "OPERATOR"
}

async fn sessions(given: &Given) -> i64 {
    given.database.number("SELECT count(*) FROM sessions").await
}

/// The actors and actions of the newest audit entries.
async fn audited(given: &Given, first: usize) -> Vec<Value> {
    let query =
        format!("{{ auditLog(first: {first}) {{ nodes {{ actor actorKind action success }} }} }}");
    let log = given.graphql(&query, json!({})).await;
    log["auditLog"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn sign_in_with_a_token_gives_a_maintainer_session() {
    given_settings(&OPEN, async |given| {
        let mut browser = Browser::at(&given.app);
        let user = json!({ "kind": "PERSON", "name": "user", "canChangeBoard": true,
            "canMaintain": false, "canSignIn": true, "signedInUntil": null });
        assert_eq!(browser.viewer().await, user);
        for (name, token) in [("Sam", MAINTAINER_TOKEN), (" Sam ", AGENT_TOKEN)] {
            let answer = browser.sign_in(name, token).await;
            let until = "2026-05-27T12:00:00.000Z";
            assert_eq!(answer.status, 201);
            assert_eq!(answer.json(), json!({ "name": "Sam", "expiresAt": until }));
            let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
            assert!(cookie.contains("; HttpOnly; SameSite=Strict; Path=/;"), "{cookie}");
            let sam = json!({ "kind": "OPERATOR", "name": "Sam", "canChangeBoard": true,
                "canMaintain": true, "canSignIn": false, "signedInUntil": until });
            assert_eq!(browser.viewer().await, sam);
            let repair = "mutation { repairWork(input: {issueId: \"iss_000001\", \
                          ailment: LEASE_WITHOUT_LABEL}) { __typename } }";
            let answer = browser.graphql(repair).await;
            assert_ne!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
            let entry = |action| {
                json!({ "actor": "Sam", "actorKind": "OPERATOR",
                "action": action, "success": true })
            };
            assert_eq!(audited(given, 1).await, [entry("sign_in")]);

            let shown = browser.cookie.clone();
            let answer = browser.sign_out().await;
            assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "success": true })));
            assert!(answer.headers["set-cookie"].to_str().unwrap().contains("; Max-Age=0"));
            assert_eq!(audited(given, 1).await, [entry("sign_out")]);
            assert_eq!(browser.viewer().await, user);
            browser.cookie = shown;
            assert_eq!(browser.viewer().await, user, "the session is over, wherever it is kept");
            assert_eq!(sessions(given).await, 0);
        }
        assert_eq!(browser.sign_out().await.status, 200, "who is signed out may be so again");
        assert_eq!(audited(given, 9).await.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn in_read_only_mode_a_signed_in_person_may_write() {
    given_settings(&READ_ONLY, async |given| {
        given.with_issues(&[("a", &["status/ready"])]).await;
        let mut browser = Browser::at(&given.app);
        let visitor = browser.viewer().await;
        assert_eq!(visitor["name"], "visitor");
        assert_eq!(visitor["canChangeBoard"], false);
        assert_eq!(visitor["canSignIn"], true);
        let id = given.issue(1).await.id;
        let change = format!(
            "mutation {{ moveIssue(input: {{issueId: \"{id}\", to: IN_REVIEW}}) {{ cursor }} }}"
        );
        let refused = browser.graphql(&change).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(browser.sign_in("Sam", AGENT_TOKEN).await.status, 201);
        let moved = browser.graphql(&change).await;
        assert!(moved.get("errors").is_none(), "{moved}");
        assert_eq!(audited(given, 1).await[0]["actor"], "Sam");
    })
    .await;
}

#[tokio::test]
async fn wrong_tokens_are_refused_and_tried_a_few_times_only() {
    given_settings(&OPEN, async |given| {
        let mut browser = Browser::at(&given.app);
        for (token, status, error) in [
            ("guess", 401, "The token is wrong"),
            (WORKER_TOKEN, 403, "A worker's token signs nobody in; it takes DISPATCH_AGENT_TOKEN or DISPATCH_MAINTAINER_TOKEN"),
        ] {
            let answer = browser.sign_in("Sam", token).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (status, &json!(error)));
            assert!(!answer.headers.contains_key("set-cookie"));
        }
        for _ in 1..5 {
            assert_eq!(browser.sign_in("Sam", "guess").await.status, 401);
        }
        let answer = browser.sign_in("Sam", MAINTAINER_TOKEN).await;
        assert_eq!(answer.status, 429, "the right token, too late");
        assert_eq!(answer.headers["retry-after"], "60");
        let mut elsewhere = Browser { source: "10.1.1.1", ..Browser::at(&given.app) };
        elsewhere.router = browser.router.clone();
        assert_eq!(elsewhere.sign_in("Kim", MAINTAINER_TOKEN).await.status, 201);
        given.advance(60);
        assert_eq!(browser.sign_in("Sam", MAINTAINER_TOKEN).await.status, 201);
        assert_eq!(sessions(given).await, 2);
    })
    .await;
}

#[tokio::test]
async fn an_unambiguous_name_is_looked_up() {
    given(async |given| {
        let mut browser = Browser::at(&given.app);
        let long = "x".repeat(101);
        for name in
            ["user", "GitHub", "Operator ", "sys\u{200b}tem", "\u{202e}maS", "  ", &long, "a\tb"]
        {
            let answer = browser.sign_in(name, AGENT_TOKEN).await;
            let answer = (answer.status.as_u16(), answer.json());
            assert_eq!((answer.0, &answer.1["field"]), (400, &json!("name")), "{answer:?}");
        }
        for body in [
            json!({}),
            json!([]),
            json!({ "name": "Sam" }),
            json!({ "token": AGENT_TOKEN }),
            json!({ "name": ["Sam"], "token": AGENT_TOKEN }),
            json!({ "name": "Sam", "token": { "a": 1 } }),
            json!({ "name": "Sam", "token": "\u{0}" }),
            json!({ "name": "Sam", "token": "x".repeat(250_000) }),
        ] {
            let answer = browser.ask("POST", "/api/session", Some(body.clone())).await;
            assert_eq!(answer.status, 400, "{body}");
        }
        assert_eq!(sessions(given).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_with_its_time() {
    given(async |given| {
        let mut browser = Browser::at(&given.app);
        browser.sign_in("Sam", AGENT_TOKEN).await;
        let seconds = u64::try_from(LENGTH.num_seconds()).unwrap();
        given.advance(seconds - 1);
        assert!(is_signed_in(&mut browser).await);
        given.advance(1);
        assert!(!is_signed_in(&mut browser).await);
        browser.sign_in("Sam", AGENT_TOKEN).await;
        assert_eq!(sessions(given).await, 1, "what is over was forgotten");
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_with_its_token_and_counts_on_every_replica() {
    given_settings(&OPEN, async |given| {
        let mut browser = Browser::at(&given.app);
        browser.sign_in("Sam", MAINTAINER_TOKEN).await;
        let replica = given.replica().await;
        let mut there = Browser { cookie: browser.cookie.clone(), ..Browser::at(&replica) };
        assert!(is_signed_in(&mut there).await);
        let changed = |change: fn(&mut Config)| {
            let mut app = given.app.clone();
            let mut config = Config::clone(&app.config);
            change(&mut config);
            app.config = Arc::new(config);
            Browser { cookie: browser.cookie.clone(), ..Browser::at(&app) }
        };
        let mut without_agents = changed(|config| config.auth.agent_token = None);
        assert!(is_signed_in(&mut without_agents).await, "that is another token");
        let replace = |config: &mut Config| {
            config.auth.maintainer_token = Some(Secret::new("another-token-of-the-tests"));
        };
        assert!(!is_signed_in(&mut changed(replace)).await);
        let swap = |config: &mut Config| {
            config.auth.agent_token = config.auth.maintainer_token.take();
        };
        assert!(is_signed_in(&mut changed(swap)).await, "the same token under another name");
        let demote = |config: &mut Config| {
            config.auth.worker_token.clone_from(&config.auth.maintainer_token);
        };
        assert!(!is_signed_in(&mut changed(demote)).await, "a token that opens less now");
        there.sign_out().await;
        assert!(!is_signed_in(&mut browser).await);
    })
    .await;
}

#[tokio::test]
async fn in_other_modes_sign_in_and_sessions_are_rejected() {
    for (mode, word) in [(&BASIC[..], "basic"), (&DISABLED[..], "disabled")] {
        given_settings(mode, async |given| {
            let mut open = given.app.clone();
            let mut config = Config::clone(&open.config);
            config.auth.mode = dispatch::config::AuthMode::Open;
            open.config = Arc::new(config);
            let mut elsewhere = Browser::at(&open);
            elsewhere.sign_in("Kim", AGENT_TOKEN).await;
            assert!(is_signed_in(&mut elsewhere).await);

            let mut browser = Browser { cookie: elsewhere.cookie, ..Browser::at(&given.app) };
            let answer = browser.sign_in("Sam", AGENT_TOKEN).await.json();
            assert_eq!(answer["code"], "CONFLICT", "{word}");
            assert!(answer["error"].as_str().unwrap().contains(word), "{answer}");
            let expected = if word == "basic" { 401 } else { 200 };
            let body = json!({ "query": "{ viewer { name canSignIn canMaintain } }" });
            let answer = browser.ask("POST", "/graphql", Some(body.clone())).await;
            assert_eq!(answer.status, expected, "{word}");
            if word == "basic" {
                browser.headers =
                    vec![("authorization", "Basic c2FtOmEgbG9uZyBwYXNzd29yZA==".to_owned())];
            }
            let name = if word == "basic" { "sam" } else { "operator" };
            let viewer = browser.ask("POST", "/graphql", Some(body)).await.json();
            let expected = json!({ "name": name, "canSignIn": false, "canMaintain": true });
            assert_eq!(viewer["data"]["viewer"], expected);
        })
        .await;
    }
}

#[tokio::test]
async fn without_a_token_sign_in_is_rejected() {
    given_settings(&[("DISPATCH_AGENT_TOKEN", "")], async |given| {
        let mut browser = Browser::at(&given.app);
        assert_eq!(browser.viewer().await["canSignIn"], false);
        assert_eq!(browser.sign_in("Sam", "any").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn the_authorization_header_precedes_the_cookie() {
    given_settings(&OPEN, async |given| {
        let mut browser = Browser::at(&given.app);
        browser.sign_in("Sam", AGENT_TOKEN).await;
        browser.headers = vec![("authorization", format!("Bearer {WORKER_TOKEN}"))];
        let viewer = browser.viewer().await;
        assert_eq!((&viewer["kind"], &viewer["canMaintain"]), (&json!("WORKER"), &json!(false)));
        browser.headers = vec![("authorization", "Bearer wrong".to_owned())];
        let body = Some(json!({ "query": VIEWER }));
        assert_eq!(browser.ask("POST", "/graphql", body).await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn cross_site_requests_do_not_sign_in_or_out() {
    given(async |given| {
        let mut browser = Browser::at(&given.app);
        browser.sign_in("Sam", AGENT_TOKEN).await;
        for (header, value) in [
            ("origin", "https://evil.example"),
            ("origin", "http://localhost:3001"),
            ("sec-fetch-site", "cross-site"),
        ] {
            browser.headers = vec![(header, value.to_owned())];
            assert_eq!(browser.sign_in("Kim", AGENT_TOKEN).await.status, 403, "{value}");
            assert_eq!(browser.sign_out().await.status, 403, "{value}");
            let change = "mutation { syncIssues { syncedCount } }";
            let answer = browser.ask("POST", "/graphql", Some(json!({ "query": change }))).await;
            assert_eq!(answer.status, 403, "{value}");
        }
        browser.headers = vec![];
        assert!(is_signed_in(&mut browser).await);
    })
    .await;
}

#[tokio::test]
async fn a_key_does_not_make_one_sign_in_another() {
    given(async |given| {
        let key = || vec![("idempotency-key", "the-same".to_owned())];
        let mut sam = Browser { headers: key(), ..Browser::at(&given.app) };
        let mut kim = Browser { headers: key(), ..Browser::at(&given.app) };
        assert_eq!(sam.sign_in("Sam", AGENT_TOKEN).await.status, 201);
        assert_eq!(kim.sign_in("Kim", AGENT_TOKEN).await.status, 201);
        assert_eq!(sam.viewer().await["name"], "Sam");
        assert_eq!(kim.viewer().await["name"], "Kim");
    })
    .await;
}

#[tokio::test]
async fn there_are_never_more_than_a_thousand_sessions() {
    given(async |given| {
        let mut first = Browser::at(&given.app);
        first.sign_in("Sam", AGENT_TOKEN).await;
        given
            .database
            .run(
                "INSERT INTO sessions SELECT 'd' || n, 'x', created_at + n * interval '1 ms', \
                 expires_at FROM sessions, generate_series(1, 999) AS n",
            )
            .await;
        assert!(is_signed_in(&mut first).await);
        given.advance(5);
        let mut last = Browser::at(&given.app);
        last.sign_in("Kim", AGENT_TOKEN).await;
        assert_eq!(sessions(given).await, 1000);
        assert!(is_signed_in(&mut last).await);
        assert!(!is_signed_in(&mut first).await, "the oldest made room");
    })
    .await;
}

#[tokio::test]
async fn no_usable_secret_is_stored() {
    given(async |given| {
        let mut browser = Browser::at(&given.app);
        browser.sign_in("Sam", AGENT_TOKEN).await;
        let cookie = browser.cookie.unwrap();
        let (_, id) = cookie.split_once('=').unwrap();
        for secret in [id, AGENT_TOKEN] {
            let found =
                format!("SELECT count(*) FROM sessions WHERE sessions::text LIKE '%{secret}%'");
            assert_eq!(given.database.number(&found).await, 0);
        }
    })
    .await;
}

#[tokio::test]
async fn a_socket_is_closed_when_its_session_is_over() {
    given(async |given| {
        let mut browser = Browser::at(&given.app);
        browser.sign_in("Sam", AGENT_TOKEN).await;
        let address = given.serve().await;
        let cookie = browser.cookie.clone().unwrap();
        let mut socket = Socket::with_cookie(&address, &cookie).await;
        socket.subscribe("1", VIEWER, json!({})).await;
        assert_eq!(socket.next("1").await["viewer"]["name"], "Sam");
        browser.sign_out().await;
        let payload = json!({ "query": "mutation { syncIssues { syncedCount } }" });
        socket.say(json!({ "type": "subscribe", "id": "2", "payload": payload })).await;
        assert_eq!(socket.closed().await.0, 4401);
    })
    .await;
}

#[tokio::test]
async fn pages_are_served_without_session_queries() {
    given(async |given| {
        let mut browser = Browser::at(&given.app);
        browser.sign_in("Sam", AGENT_TOKEN).await;
        given.database.run("ALTER TABLE sessions RENAME TO gone").await;
        for path in ["/", "/board", "/livez", "/theme.js"] {
            assert_eq!(browser.ask("GET", path, None).await.status, 200, "{path}");
        }
        assert_eq!(browser.ask("GET", "/api/audit", None).await.status, 500);
        given.expect_error("a request failed");
    })
    .await;
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before() {
    given(async |given| {
        let mut browser = Browser::at(&given.app);
        browser.sign_in("Sam", AGENT_TOKEN).await;
        let before = browser.cookie.clone();
        browser.sign_in("Kim", AGENT_TOKEN).await;
        assert_eq!(browser.viewer().await["name"], "Kim");
        browser.cookie = before;
        assert!(!is_signed_in(&mut browser).await);
        assert_eq!(sessions(given).await, 1);
    })
    .await;
}

#[tokio::test]
async fn sign_out_ends_the_session_despite_other_credentials() {
    given(async |given| {
        let wrong = "dispatch_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; ".repeat(8);
        for beside in ["pref=\u{e9}; ", "a=\"; ", &wrong] {
            let mut browser = Browser::at(&given.app);
            browser.sign_in("Sam", AGENT_TOKEN).await;
            browser.cookie = browser.cookie.map(|cookie| format!("{beside}{cookie}"));
            assert!(is_signed_in(&mut browser).await, "{beside}");
            let shown = browser.cookie.clone();
            browser.sign_out().await;
            browser.cookie = shown;
            assert!(!is_signed_in(&mut browser).await, "{beside}");
        }
        // Signing out works even in a mode without sessions.
        let mut browser = Browser::at(&given.app);
        browser.sign_in("Sam", AGENT_TOKEN).await;
        let mut disabled = given.app.clone();
        let mut config = Config::clone(&disabled.config);
        config.auth.mode = dispatch::config::AuthMode::Disabled;
        disabled.config = Arc::new(config);
        let mut there = Browser { cookie: browser.cookie.clone(), ..Browser::at(&disabled) };
        there.sign_out().await;
        assert!(!is_signed_in(&mut browser).await);
    })
    .await;
}

#[tokio::test]
async fn a_pasted_token_is_trimmed() {
    given_settings(&OPEN, async |given| {
        for pasted in [
            format!(" {AGENT_TOKEN}\n"),
            format!("\"{AGENT_TOKEN}\""),
            format!("Bearer {AGENT_TOKEN}"),
            format!("DISPATCH_MAINTAINER_TOKEN='{MAINTAINER_TOKEN}'"),
            format!("\u{feff}{AGENT_TOKEN}\u{200b}"),
        ] {
            let answer = Browser::at(&given.app).sign_in("Sam", &pasted).await;
            assert_eq!(answer.status, 201, "{pasted:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn neither_token_nor_cookie_is_ever_logged() {
    let (database, github) = (Database::new().await, GitHub::start().await);
    let settings = [("RUST_LOG", "trace")];
    let server = Process::serve_with(database.url(), github.address.as_str(), &settings).await;
    let (http, address) = (http_client(), format!("http://{}", server.host()));
    let guess = "a-wrong-token-of-sixteen";
    let ask = async |token: &str| {
        let body = json!({ "name": "Sam", "token": token }).to_string();
        let request = http.post(format!("{}/api/session", address)).body(body);
        request.send().await.unwrap()
    };
    assert_eq!(ask(guess).await.status(), 401);
    let answer = ask(AGENT_TOKEN).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (pair, _) = cookie.split_once(';').unwrap();
    let (_, id) = pair.split_once('=').unwrap();
    for path in ["/api/audit", "/graphql?query={viewer{name}}"] {
        let request = http.get(format!("{}{path}", address)).header("cookie", pair);
        assert!(request.send().await.unwrap().text().await.unwrap().contains("Sam"), "{path}");
    }
    let request = http.delete(format!("{}/api/session", address));
    assert_eq!(request.header("cookie", pair).send().await.unwrap().status(), 200);
    let logged = server.stop().await;
    assert!(logged.contains("/api/session"), "requests are logged at this level");
    for secret in [guess, AGENT_TOKEN, id] {
        assert!(!logged.contains(secret), "{secret} is in the log");
    }
}
