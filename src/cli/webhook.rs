//! The command that sets up a webhook on GitHub.

use ::dispatch::clock::Clock;
use ::dispatch::config::Config;
use ::dispatch::domain::webhooks::SUBSCRIBED;
use ::dispatch::github::{self, NewHook};
use ::dispatch::service::github_settings;
use anyhow::Context as _;
use clap::Subcommand;
use url::Url;

/// The path of the route that receives webhooks.
const PATH: &str = "/api/webhooks/github";

/// The commands about webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Create the webhook of a repository, or print what to enter on GitHub
    Setup {
        /// The repository
        #[arg(value_name = "OWNER/REPO")]
        repository: String,
    },
}

/// Creates the webhook with the server's settings. Returns what to print.
pub(crate) async fn setup(config: Config, repository: &str) -> anyhow::Result<String> {
    let name = config.github.repository(repository)?;
    let public = config.server.public_url.as_ref();
    let address =
        public.map(|url| Url::parse(&format!("{}{PATH}", url.as_str().trim_end_matches('/'))));
    let address = address.transpose().context("DISPATCH_URL cannot be extended")?;
    let (Some(address), Some(secret)) = (&address, &config.webhooks.secret) else {
        let missing = match address {
            None => {
                "DISPATCH_URL is not set: it must be the address under which GitHub reaches Dispatch"
            }
            Some(_) => "WEBHOOK_SECRET is not set: without it every delivery is rejected",
        };
        anyhow::bail!("{missing}");
    };
    let page = format!("https://{}/{name}/settings/hooks/new", config.github.host());
    let by_hand = |reason: &str| {
        format!(
            "{reason}\nEnter this at {page}:\n\n  Payload URL   {address}\n  Content type  application/json\n  \
             Secret        the value of WEBHOOK_SECRET\n  Events        {}\n",
            SUBSCRIBED.join(", ")
        )
    };
    if !config.is_configured() {
        return Ok(by_hand(
            "Neither GITHUB_TOKEN nor a GitHub App is set, so the webhook was not created.",
        ));
    }
    let settings = github_settings(&config.github);
    let client = github::Client::new(settings, Clock::system())?;
    Ok(match client.create_hook(&name, address, secret.expose(), SUBSCRIBED).await? {
        NewHook::Created => {
            format!("Created the webhook of {name}: GitHub sends events to {address}.")
        }
        NewHook::Existing => format!("{name} has a webhook for {address} already."),
        NewHook::Denied(reason) => {
            by_hand(&format!("The token may not create webhooks of {name} (GitHub: {reason})."))
        }
    })
}
