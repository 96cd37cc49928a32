//! Conditional requests of GitHub's REST API.
//!
//! A list is requested with the `ETag` of its last response: if it is unchanged, the response has no body
//! and does not count against the rate limit. Pages follow the `Link` header. Invariants: the token is
//! sent to GitHub's own address only; a change is sent once.

use reqwest::header::{ETAG, HeaderMap, IF_NONE_MATCH, LINK, LOCATION};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::client::{Client, Repeat};
use super::error::Error;
use super::text::mended;

/// The longest text that a redirect is followed for, in bytes. What comes after it is not read.
const LONGEST_TEXT: usize = 32 << 20;

/// The result of a conditional request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched<T> {
    /// Nothing changed since the response with the given `ETag`.
    Unchanged,
    /// The current data.
    Changed {
        /// The data.
        data: T,
        /// The `ETag` for the next request; none when GitHub sent none, or not all pages were read.
        etag: Option<String>,
        /// How many requests were sent.
        requests: u32,
    },
}

/// Items of a list, not decoded yet, and whether there are more than were read.
#[derive(Debug, Default)]
pub(super) struct RawList {
    pub(super) items: Vec<Value>,
    pub(super) has_more: bool,
}

impl Client {
    /// A list of the REST API, at most `pages` pages of it, unless it is unchanged since a response with
    /// this `ETag`. `member` names the list in a response; without it, the response is the list.
    ///
    /// The `ETag` is that of the first page: GitHub's lists of runs, workflows and alerts begin with the
    /// newest item, but a change of an older page does not change it.
    pub(super) async fn rest_list(
        &self,
        path: &str,
        member: Option<&str>,
        (etag, pages): (Option<&str>, u32),
    ) -> Result<Fetched<RawList>, Error> {
        let mut list = RawList::default();
        let (mut next, mut requests, mut first_etag) = (Some(path.to_owned()), 0, None);
        while let Some(path) = next.take() {
            if requests == pages {
                list.has_more = true;
                break;
            }
            let etag = etag.filter(|_| requests == 0);
            requests += 1;
            let (status, headers, body) = self.rest_get(&path, etag).await?;
            if status == StatusCode::NOT_MODIFIED {
                return Ok(Fetched::Unchanged);
            }
            directly(status)?;
            if requests == 1 {
                first_etag = text_of(&headers, ETAG.as_str());
            }
            next = next_page(&headers, self.rest_address())?;
            list.items.append(&mut items(&body, member)?);
        }
        Ok(Fetched::Changed { data: list, etag: first_etag, requests })
    }

    /// One object of the REST API.
    pub(super) async fn rest_object(&self, path: &str) -> Result<Value, Error> {
        let (status, _, body) = self.rest_get(path, None).await?;
        directly(status)?;
        json(&body)
    }

    /// The status, the headers and the body of a response; 304 if nothing changed.
    pub(super) async fn rest_get(
        &self,
        path: &str,
        etag: Option<&str>,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), Error> {
        let request = || {
            let request = self.rest_request(Method::GET, path);
            match etag {
                Some(etag) => request.header(IF_NONE_MATCH, etag),
                None => request,
            }
        };
        self.ask_rest(request, Repeat::Freely).await.map_err(by_status)
    }

    /// Requests a change, once.
    ///
    /// # Errors
    ///
    /// As GitHub refused it. If it [is ambiguous](Error::is_ambiguous), GitHub may have done it.
    pub(super) async fn rest_change(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Vec<u8>), Error> {
        let request = || {
            let request = self.rest_request(method.clone(), path);
            match body {
                Some(body) => request.body(body.to_string()),
                None => request,
            }
        };
        let answer = self.ask_rest(request, Repeat::IfNeverSent).await.map_err(by_status)?;
        directly(answer.0)?;
        Ok((answer.0, answer.2))
    }

    /// The end of a text to which GitHub redirects, at most `most` bytes. The token is not sent there.
    pub(super) async fn rest_redirected_text(
        &self,
        path: &str,
        most: usize,
    ) -> Result<String, Error> {
        let (status, headers, body) = self.rest_get(path, None).await?;
        if status.is_success() {
            let start = body.len().saturating_sub(most);
            return Ok(String::from_utf8_lossy(&body[start..]).into_owned());
        }
        let address: Url = text_of(&headers, LOCATION.as_str())
            .and_then(|address| address.parse().ok())
            .filter(|address: &Url| matches!(address.scheme(), "https" | "http"))
            .ok_or_else(|| unintelligible("a redirect without an address"))?;
        if address.as_str().starts_with(&format!("{}/repositories/", self.rest_address())) {
            // It leads to the repository of another name, and not to a storage.
            directly(status)?;
        }
        let unreachable = |error: reqwest::Error| Error::Unreachable {
            reason: format!("GitHub's storage could not be reached: {}", error.without_url()),
            timed_out: false,
            ambiguous: false,
        };
        let mut response = self.foreign_request(address).send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(Error::NotFound { message: "GitHub no longer has this log".into() });
        }
        let (mut end, mut read) = (Vec::new(), 0);
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            read += chunk.len();
            end.extend_from_slice(&chunk);
            if end.len() > 2 * most {
                end.drain(..end.len() - most);
            }
            if read > LONGEST_TEXT {
                break;
            }
        }
        let start = end.len().saturating_sub(most);
        Ok(String::from_utf8_lossy(&end[start..]).into_owned())
    }
}

/// GitHub does not distinguish what does not exist from what the token may not see. What it has deleted
/// is not found either.
fn by_status(error: Error) -> Error {
    match error {
        Error::Refused { status: 404 | 410, message, .. } => Error::NotFound { message },
        other => other,
    }
}

/// Refuses a redirect. GitHub redirects from the former name of a repository, which the next sync learns.
fn directly(status: StatusCode) -> Result<(), Error> {
    if status.is_success() {
        return Ok(());
    }
    let message =
        "GitHub has this at another address; the repository may have been renamed".to_owned();
    Err(Error::Refused { status: status.as_u16(), message, is_forbidden: false })
}

fn unintelligible(reason: &str) -> Error {
    Error::Unintelligible { reason: reason.to_owned() }
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Reads JSON; invalid characters are replaced.
pub(super) fn json(body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(body)
        .or_else(|error| match mended(body) {
            Some(body) => serde_json::from_slice(&body),
            None => Err(error),
        })
        .map_err(|error| Error::Unintelligible { reason: error.to_string() })
}

fn items(body: &[u8], member: Option<&str>) -> Result<Vec<Value>, Error> {
    let mut answer = json(body)?;
    let list = match member {
        Some(member) => answer.get_mut(member).map(Value::take),
        None => Some(answer),
    };
    match list {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(unintelligible("it has no list")),
    }
}

/// The path of the next page, below the address of the REST API.
fn next_page(headers: &HeaderMap, rest: &str) -> Result<Option<String>, Error> {
    let Some(links) = text_of(headers, LINK.as_str()) else { return Ok(None) };
    let next = links.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        parameters.split(';').any(|one| one.trim() == "rel=\"next\"").then(|| address.to_owned())
    });
    let Some(next) = next else { return Ok(None) };
    let path = next.strip_prefix(rest).and_then(|path| path.strip_prefix('/'));
    path.map(|path| Some(path.to_owned()))
        .ok_or_else(|| unintelligible("its next page is at another address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(link: &str) -> Result<Option<String>, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, link.parse().unwrap());
        next_page(&headers, "https://api.github.com")
    }

    #[test]
    fn the_next_page_is_at_githubs_address() {
        let link = "<https://api.github.com/r?page=1>; rel=\"prev\", \
                    <https://api.github.com/r?page=3>; rel=\"next\"";
        assert_eq!(linked(link), Ok(Some("r?page=3".to_owned())));
        assert_eq!(linked("<https://api.github.com/r?page=1>; rel=\"last\""), Ok(None));
        assert_eq!(next_page(&HeaderMap::new(), "https://api.github.com"), Ok(None));
        for other in ["https://evil.example/r", "https://api.github.com.evil.example/r"] {
            assert!(linked(&format!("<{other}>; rel=\"next\"")).is_err(), "{other}");
        }
    }

    #[test]
    fn a_list_is_found_by_its_name() {
        assert_eq!(items(br#"{"runs":[1]}"#, Some("runs")).unwrap().len(), 1);
        assert_eq!(items(b"[1,2]", None).unwrap().len(), 2);
        assert!(items(br#"{"message":"no"}"#, Some("runs")).is_err());
        assert!(items(b"<html>", None).is_err());
    }
}
