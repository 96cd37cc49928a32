//! GraphQL documents that exceed a limit are rejected before any part is executed.

use dispatch::domain::Actor;
use dispatch::domain::actor::TokenKind;
use dispatch::graphql::{self, Server};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{Given, given};

async fn refusal(given: &Given, query: &str) -> String {
    let answer = given.try_graphql(query, json!({})).await;
    assert!(answer.get("data").is_none(), "something was run: {answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
    answer["errors"][0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_query_may_not_nest_deep() {
    given(async |given| {
        let deep = format!(
            "{{ auditLog {{ nodes {{ issue {{ {} id {} }} }} }} }}",
            "auditLog { nodes { issue { ".repeat(5),
            "} } } ".repeat(5)
        );
        assert_eq!(refusal(given, &deep).await, "The document has more than 15 levels of fields");
        // Brackets alone must not exhaust the parser.
        for bracket in ["{a", "{a(b:[", "[", "(", "query("] {
            assert!(!refusal(given, &bracket.repeat(20_000)).await.is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn a_query_may_not_cost_much() {
    given(async |given| {
        let board = |fields: &str| {
            format!(
                "{{ board {{ columns {{ issues(first: 1000) {{ nodes {{ {fields} }} }} }} }} }}"
            )
        };
        let card = "id number title url state status priority labels agents owners assignees
            commentsCount createdAt updatedAt blockedReason repository { id fullName owner name }";
        given.graphql(&board(card), json!({})).await;
        let trails = "auditLog { nodes { id } } agentRuns { nodes { id } }";
        assert_eq!(refusal(given, &board(trails)).await, "Query is too complex.");
        let nested = "{ issues(first: 100) { nodes { auditLog(first: 100) { nodes { issue {
            auditLog(first: 100) { nodes { id } } } } } } } }";
        assert_eq!(refusal(given, nested).await, "Query is too complex.");
        let by_variable = json!({
            "query": "query($n: Int) { issues(first: $n) { nodes { auditLog(first: $n) { nodes {
                issue { auditLog(first: $n) { nodes { id } } } } } } } }",
            "variables": {"n": 100},
        });
        let answer = given.ask("POST", "/graphql", Some(by_variable)).await.json();
        assert_eq!(answer["errors"][0]["message"], "Query is too complex.");
    })
    .await;
}

/// A part of a TypeScript module: from a text to the line that closes it with so many spaces.
fn part<'a>(module: &'a str, from: &str, indent: usize) -> &'a str {
    let start = module.find(from).unwrap();
    let end = format!("\n{}}}\n", " ".repeat(indent));
    let length = module[start..].find(&end).unwrap() + end.len();
    &module[start..start + length]
}

#[tokio::test]
async fn the_largest_query_of_the_web_is_within_the_limits() {
    given(async |given| {
        let documents = include_str!("../../web/src/features/board/api/documents.ts");
        let backoff = include_str!("../../web/src/lib/backoff.ts");
        let fragments = part(documents, "fragment CardFields", 4).to_owned()
            + part(backoff, "fragment BackoffFields", 2);
        for query in ["query Board(", "query ColumnPage("] {
            let query = part(documents, query, 4).to_owned() + &fragments;
            given.graphql(&query, json!({ "first": 1000 })).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_query_may_not_repeat_itself() {
    given(async |given| {
        let aliases: String = (0..101).map(|n| format!("a{n}: id ")).collect();
        let many = format!("{{ issues {{ nodes {{ {aliases} }} }} }}");
        assert_eq!(refusal(given, &many).await, "The document has more than 100 aliases");
        let roots: String = (0..21).map(|n| format!("a{n}: repositories {{ id }} ")).collect();
        let wide = refusal(given, &format!("{{ {roots} }}")).await;
        assert_eq!(wide, "The document has more than 20 fields at the root of an operation");
        let mut bomb = "query { ...f0 }".to_owned();
        for level in 0..30 {
            bomb += &format!(" fragment f{level} on Query {{ ...f{0} ...f{0} }}", level + 1);
        }
        bomb += " fragment f30 on Query { __typename }";
        assert!(!refusal(given, &bomb).await.is_empty());
        // The same with nothing at its end, and a chain that would exhaust the stack.
        let hollow = bomb.replace(" fragment f30 on Query { __typename }", "");
        assert!(refusal(given, &hollow).await.ends_with("2000 fields"));
        let chain: String = (0..4_000)
            .map(|level| format!("fragment f{level} on Query{{...f{}}}", level + 1))
            .collect();
        let chain = refusal(given, &format!("{{...f0}}{chain}")).await;
        assert_eq!(chain, "The document has more than 32 levels of fragments");
        // A string that only looks as though it began a block hides no brackets.
        let deep = "{a:".repeat(5_000);
        let hidden = format!(r#"{{ issues(filter: {{labels: ["""x"], search: {deep}}}) }}"#);
        assert!(refusal(given, &hidden).await.contains("64 deep"));
        let errors = given.try_graphql(&format!("{{ {} }}", "x ".repeat(2_000)), json!({})).await;
        assert!(errors["errors"].as_array().unwrap().len() <= 50);
        let circle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
        assert_eq!(refusal(given, circle).await, "The fragment `a` spreads itself");
    })
    .await;
}

#[tokio::test]
async fn tools_may_ask_for_the_whole_schema() {
    given(async |given| {
        let answer = given.graphql(INTROSPECTION, json!({})).await;
        assert!(answer["__schema"]["types"].as_array().unwrap().len() > 30);
    })
    .await;
}

async fn ask_as(given: &Given, actor: Actor, query: &str) -> Value {
    let router = graphql::routes(Server::new(given.app.clone())).layer(axum::Extension(actor));
    let request = axum::http::Request::post("/graphql")
        .header("content-type", "application/json")
        .body(json!({ "query": query }).to_string())
        .unwrap();
    let body = router.oneshot(request).await.unwrap().into_body();
    let bytes = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a_root_field_is_open_to_its_tier_only() {
    given(async |given| {
        let code = async |actor: &Actor, query: &str| {
            let answer = ask_as(given, actor.clone(), query).await;
            answer["errors"][0]["extensions"]["code"].as_str().map(str::to_owned)
        };
        let person = Actor::Person { name: "user".to_owned() };
        let agent = Actor::Agent { name: "alpha".to_owned(), token: TokenKind::Agent };
        let record = "mutation { recordAgentRun(input: {agentName: \"a\", runType: \"b\",
            status: \"c\", startedAt: \"2026-05-20T12:00:00Z\"}) { agentRun { id } } }";
        let behind_spreads = "mutation { ...M ... { ...M } } fragment M on Mutation {
            x: recordAgentRun(input: {agentName: \"a\", runType: \"b\", status: \"c\",
            startedAt: \"2026-05-20T12:00:00Z\"}) { agentRun { id } } }";
        for query in ["{ board { asOf } }", "{ __typename }", "{ __schema { types { name } } }"] {
            assert_eq!(code(&Actor::Anonymous, query).await.as_deref(), Some("UNAUTHENTICATED"));
            assert_eq!(code(&person, query).await, None);
        }
        for query in [record, behind_spreads] {
            assert_eq!(code(&Actor::Anonymous, query).await.as_deref(), Some("UNAUTHENTICATED"));
            assert_eq!(code(&person, query).await.as_deref(), Some("UNAUTHENTICATED"));
            assert_eq!(code(&agent, query).await, None);
        }
    })
    .await;
}

/// What GraphiQL and code generators ask first.
const INTROSPECTION: &str = "
    query IntrospectionQuery {
      __schema {
        description
        queryType { name kind }
        mutationType { name kind }
        subscriptionType { name kind }
        types { ...FullType }
        directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
      }
    }
    fragment FullType on __Type {
      kind name description specifiedByURL isOneOf
      fields(includeDeprecated: true) {
        name description
        args(includeDeprecated: true) { ...InputValue }
        type { ...TypeRef }
        isDeprecated deprecationReason
      }
      inputFields(includeDeprecated: true) { ...InputValue }
      interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { ...TypeRef }
    }
    fragment InputValue on __InputValue {
      name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
    }
    fragment TypeRef on __Type {
      kind name
      ofType { kind name ofType { kind name ofType { kind name ofType { kind name
      ofType { kind name ofType { kind name ofType { kind name ofType { kind name
      ofType { kind name } } } } } } } } }
    }
";
