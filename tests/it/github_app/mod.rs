//! Dispatch as a GitHub App: keys, tokens and their renewal, several installations, and what becomes
//! of a repository whose installation is gone.

use std::time::Duration;

use chrono::TimeDelta;
use dispatch::clock::Clock;
use dispatch::config::{Config, Env};
use dispatch::github::{AppCredentials, Client, Error, Settings};
use dispatch::service::budget::{budgets, exchange};
use dispatch::service::repositories::sync::sync_issues;
use dispatch::simulator::NewIssue;
use ring::signature::{KeyPair as _, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::support::github::{GitHub, noon, usual_timeouts};
use crate::support::{Given, given_settings};

const PKCS1: &str = include_str!("pkcs1.pem");
const PKCS8: &str = include_str!("pkcs8.pem");
const OTHER: &str = include_str!("other.pem");
const APP: &str = "1234567";

fn public_key() -> Vec<u8> {
    let Ok(PrivateKeyDer::Pkcs8(key)) = PrivateKeyDer::from_pem_slice(PKCS8.as_bytes()) else {
        panic!("the key is PKCS#8");
    };
    let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    pair.public_key().as_ref().to_vec()
}

fn client(github: &GitHub, private_key: &str, installation_id: Option<u64>) -> Client {
    client_of((APP, private_key), github, installation_id, github.clock.clone())
}

fn client_of(
    (app_id, private_key): (&str, &str),
    github: &GitHub,
    installation_id: Option<u64>,
    clock: Clock,
) -> Client {
    let app = AppCredentials {
        app_id: app_id.to_owned(),
        installation_id,
        private_key: private_key.to_owned(),
    };
    let mut settings = Settings::new(github.address.clone(), None);
    settings.timeouts = usual_timeouts();
    settings.app = Some(app);
    Client::new(settings, clock).unwrap()
}

/// Two owners, each with a repository and an installation.
async fn two_owners() -> GitHub {
    let github = GitHub::start().await;
    github.simulator.register_app(APP, &public_key());
    for (id, owner) in [(7, "acme"), (8, "globex")] {
        github.simulator.install_app(id, owner);
        github.simulator.add_repository(&format!("{owner}/tools"));
    }
    github
}

async fn reads(client: &Client, owner: &str) -> Result<(), Error> {
    let name = format!("{owner}/tools").parse().unwrap();
    client.for_owner(owner).repository(&name).await.map(drop)
}

#[tokio::test]
async fn keys_are_accepted_as_pkcs1_and_as_pkcs8() {
    for key in [PKCS1, PKCS8] {
        let github = two_owners().await;
        reads(&client(&github, key, Some(7)), "acme").await.unwrap();
        assert_eq!(github.simulator.issued_tokens(), 1);
    }
}

#[tokio::test]
async fn a_token_is_shared_and_renewed_early() {
    let github = two_owners().await;
    let client = client(&github, PKCS1, Some(7));
    let all = (0..20).map(|_| reads(&client, "acme"));
    for read in futures_util::future::join_all(all).await {
        read.unwrap();
    }
    assert_eq!(github.simulator.issued_tokens(), 1, "one request for all that wait");
    github.clock.advance(Duration::from_secs(54 * 60));
    reads(&client, "acme").await.unwrap();
    assert_eq!(github.simulator.issued_tokens(), 1);
    github.clock.advance(Duration::from_secs(2 * 60));
    reads(&client, "acme").await.unwrap();
    assert_eq!(github.simulator.issued_tokens(), 2, "five minutes before it expires");
}

#[tokio::test]
async fn a_revoked_token_is_replaced_within_the_request() {
    let github = two_owners().await;
    let client = client(&github, PKCS1, Some(7));
    let name = "acme/tools".parse().unwrap();
    reads(&client, "acme").await.unwrap();
    github.clock.advance(Duration::from_secs(6));
    github.simulator.revoke_tokens();
    reads(&client, "acme").await.unwrap();
    assert_eq!(github.simulator.issued_tokens(), 2);
    github.clock.advance(Duration::from_secs(6));
    github.simulator.revoke_tokens();
    client.for_owner("acme").workflows(&name, None).await.unwrap();
    assert_eq!(github.simulator.issued_tokens(), 3, "over REST too");
}

#[tokio::test]
async fn a_new_token_that_not_all_servers_know_is_used_again() {
    let github = two_owners().await;
    let client = client(&github, PKCS1, Some(7));
    github.simulator.refuse_tokens_first(1);
    reads(&client, "acme").await.unwrap();
    assert_eq!(github.simulator.issued_tokens(), 1);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_mended_by_the_time_of_githubs_responses() {
    for (theirs, ours) in [(20, 0), (0, 5)] {
        let at = |minutes| Clock::held_at(noon() + TimeDelta::minutes(minutes));
        let github = GitHub::with_clock(at(theirs)).await;
        github.simulator.register_app(APP, &public_key());
        github.simulator.install_app(7, "acme");
        github.simulator.add_repository("acme/tools");
        let client = client_of((APP, PKCS1), &github, Some(7), at(ours));
        reads(&client, "acme").await.unwrap();
        assert_eq!(github.simulator.requests_of_app(), 2, "one more, signed by GitHub's clock");
    }
}

#[tokio::test]
async fn a_limit_of_the_app_itself_is_obeyed_by_all_its_requests() {
    let github = two_owners().await;
    let client = client(&github, PKCS1, None);
    github.simulator.limit_app(Some(90));
    for owner in ["acme", "globex"] {
        let limited = reads(&client, owner).await.unwrap_err();
        assert!(matches!(limited, Error::RateLimited { .. }), "{limited:?}");
    }
    assert_eq!(github.simulator.requests_of_app(), 1);
    github.simulator.limit_app(None);
    github.clock.advance(Duration::from_secs(91));
    reads(&client, "acme").await.unwrap();
}

#[tokio::test]
async fn each_owner_has_its_own_installation() {
    let github = two_owners().await;
    let client = client(&github, PKCS1, None);
    reads(&client, "Acme").await.unwrap();
    reads(&client, "globex").await.unwrap();
    reads(&client, "acme").await.unwrap();
    assert_eq!(github.simulator.issued_tokens(), 2, "one for each owner");
    let other = "globex/tools".parse().unwrap();
    let crossed = client.for_owner("acme").repository(&other).await;
    assert!(matches!(crossed, Err(Error::NotFound { .. })), "{crossed:?}");
    let unnamed = client.repository(&other).await.unwrap_err();
    assert!(unnamed.to_string().contains("names no owner"), "{unnamed}");
}

#[tokio::test]
async fn fingerprints_are_read_an_owner_at_a_time() {
    let github = two_owners().await;
    let client = client(&github, PKCS1, None);
    let mut ids = Vec::new();
    for owner in ["acme", "globex"] {
        let name = format!("{owner}/tools").parse().unwrap();
        ids.push(client.for_owner(owner).repository(&name).await.unwrap().node_id);
    }
    github.simulator.forget_requests();
    let asked = [("globex", &*ids[1]), ("acme", &*ids[0])];
    let found = client.fingerprints_of_owners(&asked).await.unwrap();
    assert!(found.iter().all(Option::is_some), "{found:?}");
    assert_eq!(github.simulator.count("RepositoryChanges"), 2);

    github.simulator.suspend_installation(8, true);
    let found = client.fingerprints_of_owners(&asked).await.unwrap();
    assert_eq!([found[0].is_some(), found[1].is_some()], [false, true], "globex costs only itself");
}

#[tokio::test]
async fn an_installation_that_is_gone_is_tried_again_after_a_pause() {
    let github = two_owners().await;
    let client = client(&github, PKCS1, None);
    let missing = reads(&client, "initech").await.unwrap_err();
    assert!(missing.to_string().contains("not installed for initech"), "{missing}");
    assert!(matches!(missing, Error::NoInstallation { is_for_all: false, .. }), "{missing:?}");

    reads(&client, "acme").await.unwrap();
    github.simulator.suspend_installation(7, true);
    let suspended = reads(&client, "acme").await.unwrap_err();
    assert!(suspended.to_string().contains("has been suspended"), "{suspended}");
    github.simulator.suspend_installation(7, false);
    assert_eq!(reads(&client, "acme").await.unwrap_err(), suspended, "not before the pause ends");
    github.clock.advance(Duration::from_secs(31));
    reads(&client, "acme").await.unwrap();

    github.clock.advance(Duration::from_secs(6));
    github.simulator.uninstall_app(7);
    let gone = reads(&client, "acme").await.unwrap_err();
    assert!(gone.to_string().contains("uninstalled for acme"), "{gone}");
    github.simulator.install_app(9, "acme");
    github.clock.advance(Duration::from_secs(31));
    reads(&client, "acme").await.unwrap();
}

#[tokio::test]
async fn a_key_of_another_app_is_a_state_that_says_what_to_check() {
    let github = two_owners().await;
    let client = client(&github, OTHER, Some(7));
    let error = reads(&client, "acme").await.unwrap_err();
    assert!(error.to_string().contains("check GITHUB_APP_ID"), "{error}");
    assert!(matches!(error, Error::NoInstallation { is_for_all: true, .. }), "{error:?}");
}

#[tokio::test]
async fn an_unknown_app_is_not_taken_for_one_that_is_not_installed() {
    let github = two_owners().await;
    for installation in [Some(7), None] {
        let client = client_of(("99", PKCS1), &github, installation, github.clock.clone());
        let error = reads(&client, "acme").await.unwrap_err();
        assert!(error.to_string().contains("no such app: check GITHUB_APP_ID"), "{error}");
    }
}

fn problems(settings: &[(&str, &str)]) -> String {
    let given = settings.iter().copied().chain([("DISPATCH_DATA_DIR", "/nonexistent")]);
    Config::from_env(&Env::from_iter(given.collect::<Vec<_>>())).unwrap_err().to_string()
}

#[test]
fn half_set_configuration_stops_the_start() {
    let alone = problems(&[("GITHUB_APP_ID", APP), ("GITHUB_TOKEN", "token-for-github")]);
    assert!(alone.contains("GITHUB_APP_PRIVATE_KEY is needed"), "{alone}");
    let keyless = problems(&[("GITHUB_APP_PRIVATE_KEY", PKCS1)]);
    assert!(keyless.contains("GITHUB_APP_ID is needed"), "{keyless}");
    let both = problems(&[("GITHUB_APP_INSTALLATION_ID", "7")]);
    assert!(both.contains("GITHUB_APP_ID is needed") && both.contains("PRIVATE_KEY is needed"));
    let bad = problems(&[("GITHUB_APP_ID", APP), ("GITHUB_APP_PRIVATE_KEY", "/nonexistent.pem")]);
    assert!(bad.contains("neither a key in PEM nor a readable file"), "{bad}");
}

#[test]
fn a_key_file_without_an_end_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let huge = folder.path().join("huge");
    std::fs::File::create(&huge).unwrap().set_len(1 << 30).unwrap();
    for path in ["/dev/zero", pipe.to_str().unwrap(), huge.to_str().unwrap(), "/"] {
        let refused = problems(&[("GITHUB_APP_ID", APP), ("GITHUB_APP_PRIVATE_KEY", path)]);
        assert!(refused.contains("GITHUB_APP_PRIVATE_KEY is n"), "{path}: {refused}");
    }
}

#[test]
fn keys_come_with_escaped_line_breaks_or_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, PKCS8).unwrap();
    for key in [PKCS1.replace('\n', "\\n"), file.to_str().unwrap().to_owned()] {
        let settings = [("GITHUB_APP_ID", APP), ("GITHUB_APP_PRIVATE_KEY", &*key)];
        let given = settings.into_iter().chain([("DISPATCH_DATA_DIR", "/nonexistent")]);
        let config = Config::from_env(&Env::from_iter(given.collect::<Vec<_>>())).unwrap();
        let settings = dispatch::service::github_settings(&config.github);
        assert!(Client::new(settings, dispatch::clock::Clock::system()).is_ok());
        assert!(!format!("{config:?}").contains("MII"), "a key is printed");
    }
}

async fn sync_errors(given: &Given) -> Vec<Option<String>> {
    let results = sync_issues(&given.app, None).await.unwrap();
    results.into_iter().map(|result| Some(result.error?.to_string())).collect()
}

#[tokio::test]
async fn a_suspended_installation_shows_at_its_repositories_only() {
    let settings = [("GITHUB_APP_ID", APP), ("GITHUB_APP_PRIVATE_KEY", PKCS1)];
    given_settings(&settings, async |given: &mut Given| {
        given.github.register_app(APP, &public_key());
        for (id, owner) in [(7, "acme"), (8, "globex")] {
            given.github.install_app(id, owner);
            let name = format!("{owner}/tools");
            given.github.add_repository(&name);
            given.github.open_issue(&name, NewIssue::titled("A lamp", &["status/ready"])).unwrap();
            given.track(&name).await;
        }
        given.sync().await;
        given.github.suspend_installation(8, true);
        given.github.open_issue("acme/tools", NewIssue::titled("A bulb", &[])).unwrap();
        let errors = sync_errors(given).await;
        assert_eq!(errors.iter().flatten().count(), 1, "{errors:?}");
        let error = errors.iter().flatten().next().unwrap();
        assert!(error.contains("globex") && error.contains("unsuspend it"), "{error}");
        given.github.suspend_installation(8, false);
        given.advance(31);
        assert!(sync_errors(given).await.iter().all(Option::is_none));
    })
    .await;
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_early_is_used_to_its_end() {
    let github = two_owners().await;
    let client = client(&github, PKCS1, Some(7));
    reads(&client, "acme").await.unwrap();
    // The request for the next one is not signed with this key any more.
    github.simulator.register_app_key(OTHER.as_bytes());
    github.clock.advance(Duration::from_secs(57 * 60));
    reads(&client, "acme").await.unwrap();
    github.clock.advance(Duration::from_secs(4 * 60));
    assert!(reads(&client, "acme").await.is_err(), "it has expired");
}

#[tokio::test]
async fn what_one_installation_cannot_store_costs_no_other_its_count() {
    let settings = [("GITHUB_APP_ID", APP), ("GITHUB_APP_PRIVATE_KEY", PKCS1)];
    given_settings(&settings, async |given: &mut Given| {
        given.github.register_app(APP, &public_key());
        for (id, owner) in [(7, "acme"), (8, "globex")] {
            given.github.install_app(id, owner);
            given.github.add_repository(&format!("{owner}/tools"));
            given.track(&format!("{owner}/tools")).await;
        }
        given.sync().await;
        let spent = || -> Vec<i64> {
            let all = budgets(&given.app).into_iter();
            all.map(|one| one.spent.iter().map(|one| one.requests).sum()).collect()
        };
        let before = spent();
        assert!(before.iter().all(|requests| *requests > 0) && before.len() == 2, "{before:?}");
        given.database.run("ALTER TABLE github_spending RENAME TO away").await;
        assert!(exchange(&given.app).await.is_err());
        given.database.run("ALTER TABLE away RENAME TO github_spending").await;
        assert_eq!(spent(), before, "nothing is forgotten");
        exchange(&given.app).await.unwrap();
        let stored = "SELECT count(DISTINCT principal) FROM github_spending";
        assert_eq!(given.database.number(stored).await, 2);
    })
    .await;
}
