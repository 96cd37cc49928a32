//! Migrations run up over data, down, and up again; and src/store/schema.rs is their result.
//!
//! `UPDATE_GENERATED=1 cargo test --test it schema_rs` rewrites src/store/schema.rs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use diesel::migration::MigrationSource;
use diesel_async::{AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::MigrationHarness;
use dispatch::store::{self, MIGRATIONS};
use tokio::task::JoinSet;

use crate::support::{Database, given, is_rewriting};

/// Rows that each migration must preserve, inserted as soon as their tables exist.
const SAMPLES: &[(&str, &str)] = &[
    (
        "repositories",
        "INSERT INTO repositories (full_name, enabled, source, default_branch, created_at, \
         updated_at) VALUES ('Acme/Tools', true, 'user', 'main', now(), now())",
    ),
    (
        "issues",
        "INSERT INTO issues (repository_id, node_id, number, title, url, state, status, labels, \
         assignees, comments_count, created_at, updated_at, read_at, lane, on_board) \
         SELECT id, 'I_1', 1, 'Title', 'https://example.org', 'open', 'ready', \
         '{status/ready}', '{}', 0, now(), now(), now(), 'default', true FROM repositories",
    ),
    (
        "audit_log",
        "INSERT INTO audit_log (actor, action, repository_full_name, issue_id, before_labels, \
         after_labels, requested_at) \
         SELECT 'user', 'move_issue', 'Acme/Tools', id, '{}', '{}', now() FROM issues",
    ),
    (
        "event_log",
        "INSERT INTO event_log (topic, kind, at, actor) VALUES ('board', 'resync', now(), 'user')",
    ),
    (
        "agent_runs",
        "INSERT INTO agent_runs (agent_name, run_type, status, started_at, touched_issue_urls, \
         created_at) VALUES ('alpha', 'heartbeat', 'success', now(), '{}', now())",
    ),
    ("job_locks", "INSERT INTO job_locks VALUES ('issue-sync', gen_random_uuid(), now(), now())"),
    (
        "saved_views",
        "INSERT INTO saved_views (name, query, created_by, created_at) \
         VALUES ('Mine', 'owner=sam', 'user', now())",
    ),
    (
        "comments",
        "INSERT INTO audit_log (actor, action, repository_full_name, issue_id, before_labels, \
         after_labels, comment, requested_at) \
         SELECT 'user', 'comment_issue', 'Acme/Tools', id, '{}', '{}', 'Said', now() FROM issues",
    ),
    ("board_counts_lock", "UPDATE issues SET status = 'blocked', labels = '{status/blocked}'"),
    (
        "leases",
        "INSERT INTO leases (issue_id, repository_id, fencing_token, agent, lane, state, \
         checkpoint, term_seconds, acquired_at, renewed_at, expires_at) \
         SELECT id, repository_id, nextval('fencing_tokens'), 'alpha', lane, 'held', \
         'issue_claimed', 1800, now(), now(), now() FROM issues; \
         UPDATE leases SET fencing_token = nextval('fencing_tokens')",
    ),
    (
        "decisions",
        "INSERT INTO decisions (kind, agent, first_at, last_at, times, idle_reason, detail) \
         VALUES ('claim_next', 'alpha', now(), now(), 1, 'No work available', \
         '{\"candidates\": [], \"withheld\": [], \"counts\": {}}')",
    ),
    ("blockers", "INSERT INTO blockers SELECT id, 'text', 'acme/tools', 2 FROM issues"),
    (
        "agent_reports",
        "INSERT INTO agent_reports SELECT 'alpha', 'key', '00', id, now() FROM agent_runs",
    ),
    ("job_locks.steps", "UPDATE job_locks SET steps = 3, steps_done = 1, items = 100"),
    (
        "agent_work",
        "INSERT INTO agent_work (agent_name, issue_id, state, checkpoint, lease_expires_at, \
         last_heartbeat_at, created_at, updated_at) \
         SELECT 'alpha', id, 'CLAIMED', 'CLAIMED', now(), now(), now(), now() FROM issues; \
         INSERT INTO agent_work_steps (work_id, at, action, state, checkpoint) \
         SELECT id, now(), 'start', state, checkpoint FROM agent_work",
    ),
    (
        "judgements",
        "INSERT INTO lane_judgements (issue_id, lane, confidence, judged_at) \
         SELECT id, 'default', 'high', now() FROM issues; \
         INSERT INTO decompositions SELECT id, now(), 'alpha', NULL, '{}' FROM issues",
    ),
    (
        "request_keys",
        "INSERT INTO request_keys VALUES \
         ('alpha', 'POST /api/sync', 'key', '00', gen_random_uuid(), now(), 200, '{}')",
    ),
    ("queued", "UPDATE issues SET status = 'ready', labels = '{status/ready}'"),
    ("queued.has_lease", "UPDATE leases SET state = 'free', ended_at = now(), ending = 'finished'"),
    (
        "done_window",
        "UPDATE issues SET on_board = false, state = 'open', status = 'backlog', \
         labels = '{Status/Ready,Priority/P1,agent/Alpha}'",
    ),
    (
        "unreadable_issues",
        "INSERT INTO unreadable_issues (repository_id, node_id, number, state, reason, first_at, \
         last_at) SELECT id, 'I_2', 2, 'open', 'Something is off', now(), now() FROM repositories",
    ),
    ("repositories.former_names", "UPDATE repositories SET former_names = '{acme/old}'"),
    (
        "label_keys",
        "DO $$ BEGIN ASSERT (SELECT label_keys = '{status/ready,priority/p1,agent/alpha}' \
         AND status = 'ready' AND priority = 'p1' FROM issues), 'labels in another case'; \
         ASSERT (SELECT agent = 'alpha' FROM queued), 'an agent in another case'; END $$",
    ),
    (
        "repository_labels",
        "UPDATE repositories SET read_only = 'archived'; \
         INSERT INTO repository_labels SELECT id, 'LA_1', 'bug' FROM repositories",
    ),
    (
        "agent_names",
        "DO $$ BEGIN ASSERT name_agent('ALPHA', '{}') = 'alpha', 'a known name'; \
         ASSERT name_agent('beta', '{Beta}') = 'Beta', 'a configured name'; END $$",
    ),
    (
        "owned_keys",
        "INSERT INTO agent_runs (agent_name, run_type, status, started_at, touched_issue_urls, \
         created_at, idempotency_key) VALUES \
         ('alpha', 'x', 'x', now(), '{}', now(), '[\"DISPATCH_AGENT_TOKEN\",\"alpha\",\"k\"]'), \
         ('beta', 'x', 'x', now(), '{}', now(), '[\"DISPATCH_AGENT_TOKEN\",\"beta\",\"k\"]')",
    ),
    (
        "actor_kinds",
        "DO $$ BEGIN ASSERT (SELECT bool_and(actor_kind = 'person') FROM audit_log \
         WHERE actor = 'user'), 'people'; END $$",
    ),
    ("sessions", "INSERT INTO sessions VALUES ('00', 'Sam', now(), now() + interval '1 day')"),
    ("issues.author_association", "UPDATE issues SET author_association = 'member'"),
    (
        "backoffs",
        "UPDATE issues SET status = 'ready', labels = '{owner/sam}'; \
         INSERT INTO backoffs (issue_id, cause, reason, first_at, last_at, retry_at) \
         SELECT id, 'refused', 'GitHub refused to change it', now(), now(), now() FROM issues; \
         DO $$ BEGIN ASSERT (SELECT not_before = now() AND with_person FROM queued), 'queued'; \
         END $$",
    ),
    (
        "foreign_references",
        "INSERT INTO foreign_references VALUES ('acme/tools', 2, true, now()); \
         DO $$ BEGIN ASSERT (SELECT count(*) = 1 FROM blocked), 'blocked by what is not cached'; \
         END $$",
    ),
    (
        "decisions.withheld",
        "INSERT INTO decisions (kind, agent, first_at, last_at, times, idle_reason, detail) \
         VALUES ('claim_issue', 'alpha', now(), now(), 1, 'It is held', \
         '{\"candidates\": [], \"withheld\": [], \"counts\": {}}')",
    ),
    (
        "dependency_counts",
        "INSERT INTO foreign_references VALUES ('acme/tools', 3, true, now()); \
         INSERT INTO blockers SELECT id, 'github', 'acme/tools', 3 FROM issues; \
         DO $$ BEGIN ASSERT (SELECT open_blockers = 2 FROM blocked), 'both count'; \
         ASSERT (SELECT count(*) = 1 FROM dependency_changes), 'to be announced'; END $$",
    ),
    ("conversations", "INSERT INTO conversations (issue_id) SELECT id FROM issues"),
    (
        "lease_messages",
        "INSERT INTO lease_messages (issue_id, fencing_token, author, author_kind, body, sent_at) \
         SELECT issue_id, fencing_token, 'ana', 'person', 'Look at #2', now() FROM leases",
    ),
    (
        "pauses",
        "INSERT INTO pauses (scope, subject, subject_key, stops_holders, created_by, created_at) \
         VALUES ('lane', 'default', 'default', false, 'ana', now())",
    ),
    (
        "label_schemes",
        "UPDATE repositories SET label_scheme = '{\"labels\": {\"status/ready\": \"To do\"}}'",
    ),
    (
        "first_queued",
        "DELETE FROM blocked; \
         UPDATE queued SET unblocks = 2, not_before = '-infinity', has_lease = false; \
         DO $$ BEGIN ASSERT (SELECT count(*) = 1 FROM first_queued( \
         'alpha', NULL, '{}', (SELECT array_agg(id) FROM repositories), '{}', now(), \
         now()::date - DATE '1970-01-01', 7, 2, 10, '{false,true}', true)), 'served'; END $$",
    ),
    (
        "request_keys_caller",
        "INSERT INTO request_keys (caller, request, key, body_hash, run_id, begun_at) \
         VALUES ('person', 'POST /', 'k', '00', gen_random_uuid(), now())",
    ),
    (
        "name_agent",
        "UPDATE issues SET labels = '{agent/Gamma}', status = 'ready'; \
         DO $$ BEGIN ASSERT name_agent('GAMMA', '{}') = 'Gamma', 'as the label says'; END $$",
    ),
    ("fingerprints", "UPDATE repositories SET fingerprint = '00'"),
    (
        "webhook_deliveries",
        "INSERT INTO webhook_deliveries (delivery_id, event, action, repository, issue_number, \
         subject, payload, state, received_at, next_attempt_at) VALUES \
         ('d-1', 'issues', 'opened', 'Acme/Tools', 1, 'acme/tools#1', '{}', 'pending', now(), now())",
    ),
    (
        "github_budgets",
        "INSERT INTO github_budgets VALUES ('user:sam', 'graphql', 5000, 10, now(), now(), now()); \
         INSERT INTO github_spending VALUES \
         ('user:sam', now(), 'graphql', 'sweep', 1, 1, 0)",
    ),
    (
        "automation",
        "INSERT INTO automation_repositories (repository_id) SELECT id FROM repositories; \
         INSERT INTO workflows (repository_id, github_id, name, path, state, html_url, created_at, \
         updated_at) SELECT id, 9007199254740993, 'CI', '.github/workflows/ci.yml', 'active', \
         'https://example.org', now(), now() FROM repositories; \
         INSERT INTO workflow_runs (repository_id, workflow_id, github_id, run_number, run_attempt, \
         name, title, event, status, head_sha, html_url, created_at, started_at, updated_at) \
         SELECT repository_id, id, 9007199254740993, 1, 1, 'CI', 'Title', 'push', 'queued', '00', \
         'https://example.org', now(), now(), now() FROM workflows; \
         INSERT INTO activity (repository_id, kind, key, title, run_id, created_at) \
         SELECT repository_id, 'workflow_run_started', 'run:1', 'Title', id, now() \
         FROM workflow_runs; \
         INSERT INTO event_log (topic, kind, at, actor, actor_kind) \
         VALUES ('automation', 'automation_changed', now(), 'github', 'github')",
    ),
    ("automation_lists", "UPDATE workflow_runs SET status = 'completed', conclusion = 'failure'"),
    ("webhooks_seen", "UPDATE repositories SET webhooks_seen_at = now()"),
    ("issue_details", "UPDATE issues SET details = '{\"type\": {\"name\": \"Bug\"}}'"),
    (
        "pull_request_details",
        "INSERT INTO pull_requests (repository_id, node_id, number, title, html_url, state, is_draft, \
         branch, base_branch, head_sha, created_at, updated_at, details_due_at) \
         SELECT id, 'PR_1', 7, 'Title', 'https://example.org', 'open', false, 'fix', 'main', '00', \
         now(), now(), now() FROM repositories",
    ),
    ("workflow_statistics", "UPDATE workflow_statistics SET succeeded = 7"),
    ("automation_webhooks_seen", "UPDATE automation_repositories SET webhooks_seen_at = now()"),
    ("audit_trace_id", "UPDATE audit_log SET trace_id = '4bf92f3577b34da6a3ce929d0e0e4736'"),
];

#[tokio::test(flavor = "multi_thread")]
async fn migrations_go_up_over_data_and_down_again() {
    let database = Database::empty().await;
    let mut harness = AsyncMigrationHarness::new(database.connect().await);
    let all = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS).unwrap();
    assert_eq!(all.len(), SAMPLES.len(), "every migration has a sample");
    for (table, sample) in SAMPLES {
        let ran = harness.run_next_migration(MIGRATIONS).unwrap().to_string();
        assert!(!ran.is_empty(), "{table}");
        database.run(sample).await;
    }
    harness.revert_all_migrations(MIGRATIONS).unwrap();
    let left = "SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace \
                WHERE nspname = 'public' AND relname NOT LIKE '%diesel%'";
    assert_eq!(database.number(left).await, 0, "going down leaves nothing behind");
    let functions = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
                     AND proname NOT LIKE 'diesel%'";
    assert_eq!(database.number(functions).await, 0);
    harness.run_pending_migrations(MIGRATIONS).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_can_start_concurrently() {
    let database = Database::empty().await;
    let mut replicas = JoinSet::new();
    for _ in 0..2 {
        replicas.spawn(store::run_migrations(database.connect().await));
    }
    let ran: usize = replicas.join_all().await.into_iter().map(Result::unwrap).sum();
    assert_eq!(ran, SAMPLES.len(), "each migration ran once");
}

#[test]
fn no_two_migrations_have_the_same_version() {
    // Of two, only one would ever be applied.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let mut versions: Vec<String> =
        names.filter_map(|name| Some(name.split_once('_')?.0.to_owned())).collect();
    versions.sort();
    let all = versions.len();
    versions.dedup();
    assert_eq!(versions.len(), all);
}

#[tokio::test]
async fn schema_rs_is_what_the_migrations_make() {
    let database = Database::new().await;
    let printed = print_schema(&database).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/schema.rs");
    if is_rewriting() {
        fs::write(&path, &printed).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), printed, "UPDATE_GENERATED=1 rewrites it");
}

#[tokio::test]
async fn the_kept_counts_are_the_counts() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &[]), ("Three", &[])]).await;
        given.github.add_repository("acme/other");
        given.track("acme/other").await;
        for change in [
            "UPDATE issues SET status = 'done' WHERE number = 1",
            "UPDATE issues SET status = 'ready'",
            "UPDATE issues SET on_board = false WHERE number = 2",
            "UPDATE issues SET on_board = true, status = 'blocked' WHERE number = 2",
            "UPDATE issues SET repository_id = (SELECT max(id) FROM repositories) WHERE number = 3",
            "DELETE FROM issues WHERE number = 1",
        ] {
            given.database.run(change).await;
            let wrong = "SELECT count(*) FROM (\
                 SELECT repository_id, status, count(*) FROM issues WHERE on_board \
                 GROUP BY repository_id, status) AS counted \
                 FULL JOIN (SELECT * FROM board_counts WHERE issues > 0) AS kept \
                 USING (repository_id, status) WHERE counted.count IS DISTINCT FROM kept.issues";
            assert_eq!(given.database.number(wrong).await, 0, "after {change}");
        }
    })
    .await;
}

#[derive(diesel::QueryableByName)]
struct ColumnInfo {
    #[diesel(sql_type = diesel::sql_types::Text)]
    table: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    table_comment: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    key: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    column: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_required: bool,
    #[diesel(sql_type = diesel::sql_types::Text)]
    comment: String,
}

const COLUMNS: &str = "\
    SELECT c.relname AS table, coalesce(obj_description(c.oid), '') AS table_comment, \
        (SELECT string_agg(k.attname, ', ' ORDER BY o) FROM pg_index i \
            CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS n(attnum, o) \
            JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = n.attnum \
            WHERE i.indrelid = c.oid AND i.indisprimary) AS key, \
        a.attname AS column, t.typname AS kind, a.attnotnull AS is_required, \
        coalesce(col_description(c.oid, a.attnum), '') AS comment \
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid \
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace \
        AND c.relname NOT LIKE '\\_\\_%' AND a.attnum > 0 AND NOT a.attisdropped \
        AND t.typname <> 'tsvector' \
    ORDER BY c.relname, a.attnum";

#[derive(diesel::QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = diesel::sql_types::Text)]
    from: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    column: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    to: String,
}

const REFERENCES: &str = "\
    SELECT conrelid::regclass::text AS from, a.attname AS column, confrelid::regclass::text AS to \
    FROM pg_constraint JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1] \
    WHERE contype = 'f' ORDER BY 1, 2";

fn diesel_type(kind: &str) -> &'static str {
    match kind {
        "int8" => "BigInt",
        "int4" => "Integer",
        "text" => "Text",
        "bool" => "Bool",
        "bytea" => "Binary",
        "timestamptz" => "Timestamptz",
        "_text" => "Array<Text>",
        "jsonb" => "Jsonb",
        "uuid" => "Uuid",
        other => panic!("no diesel type is known for {other}"),
    }
}

/// What `diesel print-schema` would print, without its need for libpq. Columns that only SQL reads
/// (`tsvector`) are left out.
async fn print_schema(database: &Database) -> String {
    let mut connection = database.connect().await;
    connection.batch_execute("SET search_path = public").await.unwrap();
    let columns: Vec<ColumnInfo> = diesel::sql_query(COLUMNS).load(&mut connection).await.unwrap();
    let references: Vec<ForeignKey> =
        diesel::sql_query(REFERENCES).load(&mut connection).await.unwrap();
    let mut out = "// @generated from the migrated database; see tests/it/migrations.rs for how.\n"
        .to_owned();
    let tables: Vec<&[ColumnInfo]> = columns.chunk_by(|a, b| a.table == b.table).collect();
    for columns in &tables {
        let table = &columns[0];
        out.push_str("\ndiesel::table! {\n");
        if !table.table_comment.is_empty() {
            writeln!(out, "    /// {}", table.table_comment).unwrap();
        }
        writeln!(out, "    {} ({}) {{", table.table, table.key).unwrap();
        for column in *columns {
            if !column.comment.is_empty() {
                writeln!(out, "        /// {}", column.comment).unwrap();
            }
            let kind = diesel_type(&column.kind);
            let kind = match column.is_required {
                true => kind.to_owned(),
                false => format!("Nullable<{kind}>"),
            };
            writeln!(out, "        {} -> {kind},", column.column).unwrap();
        }
        out.push_str("    }\n}\n");
    }
    out.push('\n');
    for ForeignKey { from, column, to } in references {
        writeln!(out, "diesel::joinable!({from} -> {to} ({column}));").unwrap();
    }
    out.push_str("\ndiesel::allow_tables_to_appear_in_same_query!(\n");
    for columns in &tables {
        writeln!(out, "    {},", columns[0].table).unwrap();
    }
    out.push_str(");\n");
    out
}
