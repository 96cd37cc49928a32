//! Files of the shapes that public repositories have, and files that nobody should have.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> WorkflowFile {
    parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn error(text: &str) -> FileError {
    parse(text).expect_err(text)
}

/// The continuous integration of a library: a matrix, a merge queue, filters by path.
const LIBRARY: &str = r#"
name: CI
on:
  push:
    branches: [main, "release/**", '!release/old']
    tags: v[0-9]+.*
    paths-ignore:
      - '**.md'
      - docs/**
  pull_request:
    types: [opened, synchronize, reopened, ready_for_review]
  merge_group:
  schedule:
    - cron: '30 5 * * 1,3'
    - cron: '30 5 * * 2,4'
      timezone: "America/New_York"
concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
  cancel-in-progress: ${{ github.event_name == 'pull_request' }}
env:
  CARGO_TERM_COLOR: always
jobs:
  test:
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-latest, windows-latest]
        include:
          - { os: macos-latest, toolchain: beta }
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/checkout@v4
      - run: |
          cargo test
          echo "on: push" >> out
"#;

/// Deployed by hand, with every kind of input, or from another workflow.
const DEPLOY: &str = r#"
name: Deploy
run-name: Deploy ${{ inputs.tag }} by @${{ github.actor }}
"on":
  workflow_call:
    inputs:
      tag: { type: string, required: true }
    secrets:
      token:
        required: true
  workflow_dispatch:
    inputs:
      tag:
        description: 'The tag to deploy'
        required: true
      log_level:
        type: choice
        default: warning
        options: [info, warning, debug]
      dry-run:
        description: Only print
        type: boolean
        default: false
      replicas:
        type: number
        default: 3
      target:
        type: environment
        required: TRUE
      note:
concurrency: production
jobs:
  deploy:
    uses: acme/workflows/.github/workflows/deploy.yml@main
    with:
      tag: ${{ inputs.tag }}
    secrets: inherit
"#;

/// Runs after another workflow, and on what happens to issues.
const CHAIN: &str = "
on:
  workflow_run:
    workflows: [CI, 'Nightly build']
    types: [completed]
    branches: [main]
  issues: {types: [opened, labeled]}
  issue_comment:
  repository_dispatch:
    types: [test_result]
  pull_request_target:
    branches-ignore: 'dependabot/**'
jobs: {}
";

#[test]
fn a_library_is_read() {
    let file = read(LIBRARY);
    let push = file.push.unwrap();
    assert_eq!(push.branches, ["main", "release/**", "!release/old"]);
    assert_eq!(push.tags, ["v[0-9]+.*"]);
    assert_eq!(push.paths_ignore, ["**.md", "docs/**"]);
    assert_eq!(file.pull_request.unwrap().types.len(), 4);
    assert_eq!(file.others, ["merge_group"]);
    assert_eq!(file.schedules.len(), 2);
    assert_eq!(file.schedules[1].timezone.as_deref(), Some("America/New_York"));
    assert_eq!(file.concurrency.as_deref(), Some("${{ github.workflow }}-${{ github.ref }}"));
    assert_eq!((file.name.as_deref(), file.is_reusable, file.dispatch), (Some("CI"), false, None));
}

#[test]
fn every_kind_of_input_is_read() {
    let file = read(DEPLOY);
    assert!(file.is_reusable);
    assert_eq!(file.concurrency.as_deref(), Some("production"));
    let inputs = file.dispatch.unwrap().inputs;
    let shapes: Vec<_> = inputs
        .iter()
        .map(|input| (input.name.as_str(), input.r#type, input.required, input.default.as_deref()))
        .collect();
    assert_eq!(
        shapes,
        [
            ("tag", InputType::String, true, None),
            ("log_level", InputType::Choice, false, Some("warning")),
            ("dry-run", InputType::Boolean, false, Some("false")),
            ("replicas", InputType::Number, false, Some("3")),
            ("target", InputType::Environment, true, None),
            ("note", InputType::String, false, None),
        ]
    );
    assert_eq!(inputs[0].description.as_deref(), Some("The tag to deploy"));
    assert_eq!(inputs[1].options, ["info", "warning", "debug"]);
}

#[test]
fn a_chain_is_read() {
    let file = read(CHAIN);
    assert_eq!(file.runs_after, ["CI", "Nightly build"]);
    assert_eq!(file.others, ["workflow_run", "issues", "issue_comment", "repository_dispatch"]);
    assert_eq!(file.pull_request_target.unwrap().branches_ignore, ["dependabot/**"]);
    assert_eq!((file.push, file.pull_request), (None, None));
}

#[test]
fn one_event_and_a_list_of_events_are_read() {
    assert_eq!(read("on: push\njobs: {}").push, Some(BranchTrigger::default()));
    let file = read("on: [push, pull_request, workflow_dispatch, fork]");
    assert!(file.push.is_some() && file.pull_request.is_some() && file.dispatch.is_some());
    assert_eq!(file.others, ["fork"]);
    assert_eq!(read("'on':\n- push\n- release").others, ["release"]);
    assert_eq!(
        read("{on: {push: ~, workflow_dispatch: null}}").dispatch,
        Some(DispatchTrigger::default())
    );
}

#[test]
fn anchors_and_merge_keys_are_resolved() {
    let file = read(
        "x-paths: &paths\n  - src/**\n  - Cargo.*\nx-base: &base\n  paths: *paths\n  branches: [main]\n\
         on:\n  push:\n    <<: *base\n    branches: [next]\n  pull_request: *base\n",
    );
    let push = file.push.unwrap();
    assert_eq!(push.paths, ["src/**", "Cargo.*"]);
    assert_eq!(push.branches, ["next"]);
    assert_eq!(file.pull_request.unwrap().branches, ["main"]);
}

#[test]
fn a_malformed_file_says_at_which_line() {
    let mut many = "on:\n  workflow_dispatch:\n    inputs:\n".to_owned();
    many.extend((1..=26).map(|at| format!("      input{at}: {{type: string}}\n")));
    for (text, line, message) in [
        ("name: x\ntrue:\n  push:\n", 2, "written as `true`"),
        ("name: x\njobs: {}\n", 1, "The key `on` is missing"),
        ("- on: push\n", 1, "not a map"),
        ("just text\n", 1, "not a map"),
        ("on:\n  push:\n\t  branches: [main]\n", 3, "tab"),
        ("on:\n  push:\n  push:\n", 3, "The key `push` is there twice."),
        ("on: push\nname: a\non: release\n", 3, "The key `on` is there twice."),
        ("on:\n  push: main\n", 2, "`push` must be a map."),
        ("on:\n  push:\n    branches:\n      - {a: b}\n", 4, "`branches` must be a text."),
        (
            "on:\n  push:\n    branches: [a]\n    branches-ignore: [b]\n",
            4,
            "only one of `branches`",
        ),
        ("on:\n  schedule:\n    cron: '* * * * *'\n", 3, "must be a list"),
        ("on: schedule\n", 1, "must be a list"),
        ("on:\n  schedule:\n    - every: day\n", 3, "has no `cron`"),
        (
            "on:\n  schedule:\n    - cron: '0 0 * * *'\n    - cron: '@daily'\n",
            4,
            "not a cron expression",
        ),
        ("on:\n  schedule:\n    - cron: '0 0 * * *'\n      timezone: Mars\n", 3, "time zone"),
        ("on:\n  workflow_dispatch:\n    inputs: [a]\n", 3, "`inputs` must be a map."),
        (
            "on:\n  workflow_dispatch:\n    inputs:\n      a:\n        type: date\n",
            5,
            "`date` is not a type",
        ),
        (
            "on:\n  workflow_dispatch:\n    inputs:\n      a:\n        type: choice\n",
            4,
            "has no `options`",
        ),
        (
            "on:\n  workflow_dispatch:\n    inputs:\n      a:\n        required: yes\n",
            5,
            "true or false",
        ),
        ("on:\n  [push]: x\n", 2, "must be a text"),
        (many.as_str(), 29, "has 26 inputs; GitHub accepts at most 25."),
        ("on: push\njobs:\n  a: [\n", 4, "not valid YAML"),
    ] {
        let error = error(text);
        assert!(error.message.contains(message), "{text}: {error}");
        assert_eq!(error.line, line, "{text}: {error}");
    }
}

#[test]
fn a_bomb_of_aliases_or_merge_keys_is_refused_quickly() {
    let started = std::time::Instant::now();
    let long = format!("x: &x '{}'\non:\n  push:\n    branches:\n", "y".repeat(10_000));
    let text = format!("{long}{}", "      - *x\n".repeat(50_000));
    assert!(error(&text).message.contains("characters"));
    let mut text = format!(
        "m0: &m0 {{{}}}\n",
        (0..1000).map(|at| format!("k{at}: 1")).collect::<Vec<_>>().join(", ")
    );
    for level in 1..30 {
        text += &format!(
            "m{level}: &m{level} {{<<: [{}]}}\n",
            vec![format!("*m{}", level - 1); 9].join(", ")
        );
    }
    text += "on:\n  push: *m29\n";
    assert!(error(&text).message.contains("Aliases and merge keys"));
    let mut text = format!(
        "big: &big {{cron: '0 0 * * *', {}}}\non:\n  schedule:\n",
        (0..40_000).map(|at| format!("k{at}: 1")).collect::<Vec<_>>().join(", ")
    );
    text += &"    - *big\n".repeat(10_000);
    assert!(error(&text).message.contains("Aliases and merge keys"));
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn what_cannot_be_stored_is_left_out() {
    let file = read("on: push\nname: \"a\\0b\\x07c\"\n");
    assert_eq!(file.name.as_deref(), Some("abc"));
}

#[test]
fn the_stored_form_is_read_back_and_grows() {
    for text in [LIBRARY, DEPLOY, CHAIN] {
        let file = read(text);
        let stored = serde_json::to_string(&file).unwrap();
        assert_eq!(serde_json::from_str::<WorkflowFile>(&stored).unwrap(), file);
    }
    assert_eq!(serde_json::from_str::<WorkflowFile>("{}").unwrap(), WorkflowFile::default());
}

/// A file with some pieces replaced, repeated or cut out.
fn altered() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\t", ":", "- ", "*a", "&a ", "<<: ", "[", "]", "{", "}", "\"", "'", "|", ">", "#", "\n",
        "  ", "!!", "%", "---\n", "?", "\0", "é", "on:", "true:", "~",
    ]);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, pieces), 1..6);
    (prop::sample::select(vec![LIBRARY, DEPLOY, CHAIN]), edits).prop_map(|(text, edits)| {
        let mut letters: Vec<char> = text.chars().collect();
        for (at, cut, piece) in edits {
            let from = at.index(letters.len());
            let to = (from + cut).min(letters.len());
            letters.splice(from..to, piece.chars());
        }
        letters.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn nothing_panics(text in altered()) {
        if let Err(error) = parse(&text) {
            let lines = u32::try_from(text.lines().count()).unwrap();
            prop_assert!(error.line >= 1 && error.line <= lines + 1, "{error}");
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn no_schedule_panics(cron in "[0-9*/,\\-A-Z@ ]{0,24}") {
        if let Ok(schedule) = Schedule::new(&cron, None) {
            let _ = schedule.next_after(chrono::DateTime::UNIX_EPOCH);
            prop_assert!(schedule.words().ends_with(" (UTC)"));
        }
    }
}
