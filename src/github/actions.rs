//! GitHub Actions, packages and alerts, over the REST API.
//!
//! Each item of a list is read on its own: one that cannot be read costs only itself, and is counted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::actions_json as read;
use super::client::Client;
use super::error::Error;
use super::rest::{Fetched, RawList};
use super::text::{encoded, presentable};
use crate::domain::FullName;
use crate::domain::automation::facts::{
    ArtifactFacts, CheckFacts, CommitFacts, DeploymentFacts, JobFacts, PackageFacts,
    PullRequestFacts, ReleaseFacts, RunFacts, WorkflowFacts,
};

/// Items of a page; GitHub's maximum.
const PAGE_SIZE: u32 = 100;

/// How many bytes of the end of a log are read.
const LOG_END: usize = 512 << 10;

/// The largest workflow file that is read, in bytes.
const LARGEST_FILE: usize = 1 << 20;

/// A list, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadList<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many items could not be read.
    pub unreadable: usize,
    /// Whether there are more than were requested.
    pub has_more: bool,
}

/// A workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowFileText {
    /// Git's id of the text.
    pub sha: String,
    /// The text; none when it is too large, or not text.
    pub text: Option<String>,
}

/// What to do with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunRequest {
    /// Run all its jobs again.
    Rerun,
    /// Run its failed jobs again, and those that depend on them.
    RerunFailedJobs,
    /// Cancel it.
    Cancel,
    /// Cancel it even if its jobs run always.
    ForceCancel,
}

impl RunRequest {
    fn path(self) -> &'static str {
        match self {
            Self::Rerun => "rerun",
            Self::RerunFailedJobs => "rerun-failed-jobs",
            Self::Cancel => "cancel",
            Self::ForceCancel => "force-cancel",
        }
    }
}

/// The run that a dispatch started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchedRun {
    /// GitHub's id of the run; none when GitHub did not say, as an older Enterprise does not.
    pub github_id: Option<i64>,
    /// Its page.
    pub html_url: Option<String>,
}

impl Client {
    /// The workflows of a repository, unless unchanged since a response with this `ETag`.
    ///
    /// # Errors
    ///
    /// When GitHub refuses or does not respond. This holds for all functions here.
    pub async fn workflows(
        &self,
        name: &FullName,
        etag: Option<&str>,
    ) -> Result<Fetched<ReadList<WorkflowFacts>>, Error> {
        let path = format!("{}/actions/workflows?per_page={PAGE_SIZE}", repository(name));
        let list = self.rest_list(&path, Some("workflows"), (etag, 10)).await?;
        Ok(each(list, read::workflow))
    }

    /// The newest runs of a repository, at most `pages` pages of a hundred, unless unchanged.
    pub async fn runs(
        &self,
        name: &FullName,
        (etag, pages): (Option<&str>, u32),
    ) -> Result<Fetched<ReadList<RunFacts>>, Error> {
        let path = format!("{}/actions/runs?per_page={PAGE_SIZE}", repository(name));
        let list = self.rest_list(&path, Some("workflow_runs"), (etag, pages)).await?;
        Ok(each(list, read::run))
    }

    /// A run; none when it does not exist.
    pub async fn run(&self, name: &FullName, run: i64) -> Result<Option<RunFacts>, Error> {
        let path = format!("{}/actions/runs/{run}", repository(name));
        match self.rest_object(&path).await {
            Ok(object) => read::run(&object).map(Some).ok_or_else(unreadable),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The jobs of the newest attempt of a run.
    pub async fn jobs(&self, name: &FullName, run: i64) -> Result<ReadList<JobFacts>, Error> {
        let path = format!("{}/actions/runs/{run}/jobs?per_page={PAGE_SIZE}", repository(name));
        let list = self.rest_list(&path, Some("jobs"), (None, 5)).await?;
        Ok(whole(each(list, read::job)))
    }

    /// The artifacts of a run.
    pub async fn artifacts(
        &self,
        name: &FullName,
        run: i64,
    ) -> Result<ReadList<ArtifactFacts>, Error> {
        let path =
            format!("{}/actions/runs/{run}/artifacts?per_page={PAGE_SIZE}", repository(name));
        let list = self.rest_list(&path, Some("artifacts"), (None, 5)).await?;
        Ok(whole(each(list, read::artifact)))
    }

    /// The environments whose protection rules a run waits for.
    pub async fn pending_environments(
        &self,
        name: &FullName,
        run: i64,
    ) -> Result<Vec<String>, Error> {
        let path = format!("{}/actions/runs/{run}/pending_deployments", repository(name));
        let list = self.rest_list(&path, None, (None, 1)).await?;
        let name = |item: &Value| read::text(&item["environment"], "name");
        Ok(whole(each(list, name)).items)
    }

    /// The end of a job's log, at most half a megabyte.
    pub async fn job_log(&self, name: &FullName, job: i64) -> Result<String, Error> {
        let path = format!("{}/actions/jobs/{job}/logs", repository(name));
        self.rest_redirected_text(&path, LOG_END).await
    }

    /// A workflow file of the default branch; none when it does not exist there.
    pub async fn workflow_file(
        &self,
        name: &FullName,
        path: &str,
    ) -> Result<Option<WorkflowFileText>, Error> {
        let path = format!("{}/contents/{}", repository(name), encoded_path(path));
        let object = match self.rest_object(&path).await {
            Ok(object) => object,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let sha = read::text(&object, "sha").ok_or_else(unreadable)?;
        let encoded = object["content"].as_str().unwrap_or_default();
        let encoded: String = encoded.split_ascii_whitespace().collect();
        let is_base64 = object["encoding"] == "base64" && encoded.len() <= LARGEST_FILE * 2;
        let bytes = is_base64.then(|| STANDARD.decode(encoded).ok()).flatten();
        let text = bytes.filter(|bytes| bytes.len() <= LARGEST_FILE);
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(Some(WorkflowFileText { sha, text }))
    }

    /// The paths and blobs of the workflow files of the default branch, unless unchanged. Without such
    /// files, there are none.
    pub async fn workflow_files(
        &self,
        name: &FullName,
        etag: Option<&str>,
    ) -> Result<Fetched<ReadList<(String, String)>>, Error> {
        let path = format!("{}/contents/.github/workflows", repository(name));
        let none = ReadList { items: vec![], unreadable: 0, has_more: false };
        match self.rest_list(&path, None, (etag, 1)).await {
            Ok(list) => Ok(each(list, read::file)),
            Err(Error::NotFound { .. }) => {
                Ok(Fetched::Changed { data: none, etag: None, requests: 1 })
            }
            Err(error) => Err(error),
        }
    }

    /// The newest deployments of a repository, unless unchanged. Their states are not in the list.
    pub async fn deployments(
        &self,
        name: &FullName,
        etag: Option<&str>,
    ) -> Result<Fetched<ReadList<DeploymentFacts>>, Error> {
        let path = format!("{}/deployments?per_page=30", repository(name));
        let list = self.rest_list(&path, None, (etag, 1)).await?;
        Ok(each(list, read::deployment))
    }

    /// The newest status of a deployment in it: its state, its log and its run.
    pub async fn with_status(
        &self,
        name: &FullName,
        deployment: DeploymentFacts,
    ) -> Result<DeploymentFacts, Error> {
        let id = deployment.github_id;
        let path = format!("{}/deployments/{id}/statuses?per_page=1", repository(name));
        let list = self.rest_list(&path, None, (None, 1)).await?;
        Ok(match list {
            Fetched::Changed { data, .. } if !data.items.is_empty() => {
                read::with_status(deployment, &data.items[0], None)
            }
            Fetched::Changed { .. } | Fetched::Unchanged => deployment,
        })
    }

    /// The newest releases, drafts included if the token may write, unless unchanged.
    pub async fn releases(
        &self,
        name: &FullName,
        etag: Option<&str>,
    ) -> Result<Fetched<ReadList<ReleaseFacts>>, Error> {
        let path = format!("{}/releases?per_page={PAGE_SIZE}", repository(name));
        Ok(each(self.rest_list(&path, None, (etag, 2)).await?, read::release))
    }

    /// The open pull requests, the one that changed last first, unless unchanged.
    pub async fn open_pull_requests(
        &self,
        name: &FullName,
        etag: Option<&str>,
    ) -> Result<Fetched<ReadList<PullRequestFacts>>, Error> {
        let path = format!(
            "{}/pulls?state=open&sort=updated&direction=desc&per_page={PAGE_SIZE}",
            repository(name)
        );
        Ok(each(self.rest_list(&path, None, (etag, 10)).await?, read::pull_request))
    }

    /// The newest commit of the default branch, unless unchanged; none in an empty repository.
    pub async fn latest_commit(
        &self,
        name: &FullName,
        etag: Option<&str>,
    ) -> Result<Fetched<ReadList<CommitFacts>>, Error> {
        let path = format!("{}/commits?per_page=1", repository(name));
        match self.rest_list(&path, None, (etag, 1)).await {
            // The list goes on, and only its first item is asked for.
            Ok(list) => Ok(each(list, read::commit)),
            Err(Error::Refused { status: 409, .. }) => {
                let data = ReadList { items: vec![], unreadable: 0, has_more: false };
                Ok(Fetched::Changed { data, etag: None, requests: 1 })
            }
            Err(error) => Err(error),
        }
    }

    /// The checks of a commit, except for those of GitHub Actions, unless unchanged.
    pub async fn checks(
        &self,
        name: &FullName,
        (sha, etag): (&str, Option<&str>),
    ) -> Result<Fetched<ReadList<CheckFacts>>, Error> {
        let path = format!("{}/commits/{sha}/check-runs?per_page={PAGE_SIZE}", repository(name));
        let mut list = self.rest_list(&path, Some("check_runs"), (etag, 3)).await?;
        if let Fetched::Changed { data, .. } = &mut list {
            data.items.retain(|check| !read::is_of_actions(check));
        }
        Ok(each(list, read::check))
    }

    /// How many alerts of secret scanning are open, at most a thousand, unless unchanged.
    pub async fn open_secret_alerts(
        &self,
        name: &FullName,
        etag: Option<&str>,
    ) -> Result<Fetched<i32>, Error> {
        let path = format!(
            "{}/secret-scanning/alerts?state=open&hide_secret=true&per_page={PAGE_SIZE}",
            repository(name)
        );
        Ok(match self.rest_list(&path, None, (etag, 10)).await? {
            Fetched::Unchanged => Fetched::Unchanged,
            Fetched::Changed { data, etag, requests } => {
                let data = i32::try_from(data.items.len()).unwrap_or(i32::MAX);
                Fetched::Changed { data, etag, requests }
            }
        })
    }

    /// The packages of an owner of one type, each with the full name of its repository if it has one.
    ///
    /// An organization and a person have different lists; `is_organization` says which.
    pub async fn packages(
        &self,
        (owner, is_organization): (&str, bool),
        package_type: &str,
        etag: Option<&str>,
    ) -> Result<Fetched<ReadList<(Option<String>, PackageFacts)>>, Error> {
        let kind = if is_organization { "orgs" } else { "users" };
        let path =
            format!("{kind}/{owner}/packages?package_type={package_type}&per_page={PAGE_SIZE}");
        let list = self.rest_list(&path, None, (etag, 5)).await?;
        Ok(each(list, read::package))
    }

    /// The name and the tags of a package's newest version.
    pub async fn newest_version(
        &self,
        (owner, is_organization): (&str, bool),
        package: &PackageFacts,
    ) -> Result<Option<(String, Vec<String>)>, Error> {
        let kind = if is_organization { "orgs" } else { "users" };
        let name = encoded(&package.name);
        let path =
            format!("{kind}/{owner}/packages/{}/{name}/versions?per_page=1", package.package_type);
        let list = self.rest_list(&path, None, (None, 1)).await?;
        Ok(whole(each(list, read::package_version)).items.into_iter().next())
    }

    /// Whether an owner is an organization.
    pub async fn is_organization(&self, owner: &str) -> Result<bool, Error> {
        Ok(self.rest_object(&format!("users/{owner}")).await?["type"] == "Organization")
    }

    /// Requests something of a run, once.
    pub async fn request_run(
        &self,
        name: &FullName,
        run: i64,
        request: RunRequest,
    ) -> Result<(), Error> {
        let path = format!("{}/actions/runs/{run}/{}", repository(name), request.path());
        self.rest_change(Method::POST, &path, None).await.map(drop)
    }

    /// Starts a workflow on a branch or tag, once.
    pub async fn dispatch_workflow(
        &self,
        name: &FullName,
        workflow: i64,
        (git_ref, inputs): (&str, &[(String, String)]),
    ) -> Result<DispatchedRun, Error> {
        let inputs: serde_json::Map<String, Value> =
            inputs.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let path = format!("{}/actions/workflows/{workflow}/dispatches", repository(name));
        let send = async |returns_run: bool| {
            let mut body = json!({ "ref": git_ref, "inputs": inputs });
            if returns_run {
                body["return_run_details"] = true.into();
            }
            self.rest_change(Method::POST, &path, Some(&body)).await
        };
        // GitHub itself always returns the run. Enterprise does so on request, and refuses the request
        // where it does not know it; then nothing was started.
        let (status, body) = match send(self.is_enterprise()).await {
            Err(Error::Refused { status: 422, message, .. })
                if self.is_enterprise() && message.contains("return_run_details") =>
            {
                send(false).await?
            }
            sent => sent?,
        };
        let started: Value = match status {
            StatusCode::OK => serde_json::from_slice(&body).unwrap_or_default(),
            _ => Value::Null,
        };
        Ok(DispatchedRun {
            github_id: started["workflow_run_id"].as_i64(),
            html_url: read::text(&started, "html_url"),
        })
    }
}

/// The path of a repository.
fn repository(name: &FullName) -> String {
    format!("repos/{}/{}", name.owner(), name.name())
}

/// A path with the parts between its slashes escaped.
fn encoded_path(path: &str) -> String {
    path.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

fn unreadable() -> Error {
    Error::Unintelligible { reason: presentable("a member is missing or of another type", "") }
}

/// Reads each item of a list.
fn each<T>(list: Fetched<RawList>, read: impl Fn(&Value) -> Option<T>) -> Fetched<ReadList<T>> {
    match list {
        Fetched::Unchanged => Fetched::Unchanged,
        Fetched::Changed { data, etag, requests } => {
            let RawList { items: raw, has_more } = data;
            let items: Vec<T> = raw.iter().filter_map(read).collect();
            let unreadable = raw.len() - items.len();
            Fetched::Changed { data: ReadList { items, unreadable, has_more }, etag, requests }
        }
    }
}

/// The list of an unconditional request.
fn whole<T>(fetched: Fetched<ReadList<T>>) -> ReadList<T> {
    match fetched {
        Fetched::Changed { data, .. } => data,
        Fetched::Unchanged => ReadList { items: vec![], unreadable: 0, has_more: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_escaped_between_its_slashes() {
        assert_eq!(encoded_path(".github/workflows/a b?.yml"), ".github/workflows/a%20b%3F.yml");
        assert_eq!(encoded("../x"), "..%2Fx");
    }
}
