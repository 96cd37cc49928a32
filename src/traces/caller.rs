//! Reading the caller's span from the headers of a request (W3C Trace Context).

use axum::http::{HeaderMap, HeaderName};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// How long `tracestate` may be, in bytes; the specification asks for no more.
const LONGEST_STATE: usize = 512;

/// A context with the span that a request names as its caller's; an empty one if it names none, or not
/// as the specification demands.
pub fn caller_context(headers: &HeaderMap) -> Context {
    let mut given = headers.get_all(TRACEPARENT).iter();
    let (Some(parent), None) = (given.next(), given.next()) else { return Context::new() };
    let Some(parent) = parent.to_str().ok().filter(|parent| is_well_formed(parent)) else {
        return Context::new();
    };
    let state = headers.get_all(TRACESTATE).iter().map(|part| part.to_str().unwrap_or_default());
    let state = state.collect::<Vec<_>>().join(",");
    let state = (state.len() <= LONGEST_STATE).then_some(state);
    let carrier = Carrier { parent, state: state.as_deref() };
    TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier)
}

/// What the propagator reads.
struct Carrier<'h> {
    parent: &'h str,
    state: Option<&'h str>,
}

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.parent),
            "tracestate" => self.state,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// Whether a `traceparent` has the fields, the lengths and the digits of its version. The propagator
/// accepts more, such as short ids. That no id is zero is checked by the propagator.
fn is_well_formed(parent: &str) -> bool {
    let mut fields = parent.split('-');
    let mut is_hex = |length: usize| {
        fields.next().filter(|field| {
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            field.len() == length && field.bytes().all(is_digit)
        })
    };
    let version = is_hex(2);
    let is_whole = is_hex(32).is_some() && is_hex(16).is_some() && is_hex(2).is_some();
    match version {
        Some("00") => is_whole && fields.next().is_none(),
        // Later versions may add fields.
        Some("ff") | None => false,
        Some(_) => is_whole,
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceContextExt as _;

    use super::*;
    use crate::traces::trace_id;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value.parse().expect("a header"));
        }
        headers
    }

    #[test]
    fn a_span_is_read_as_the_specification_demands() {
        for (parent, is_sampled) in [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03", true),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later", true),
        ] {
            let context = caller_context(&headers(&[(TRACEPARENT, parent)]));
            assert_eq!(trace_id(&context).as_deref(), Some(TRACE), "{parent}");
            assert_eq!(context.span().span_context().is_sampled(), is_sampled, "{parent}");
            assert!(context.span().span_context().is_remote());
        }
    }

    #[test]
    fn what_is_malformed_is_ignored() {
        for parent in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47361-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "CC-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-xyz92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            let context = caller_context(&headers(&[(TRACEPARENT, parent)]));
            assert_eq!(trace_id(&context), None, "{parent}");
        }
        assert_eq!(trace_id(&caller_context(&HeaderMap::new())), None);
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let twice = headers(&[(TRACEPARENT, parent), (TRACEPARENT, parent)]);
        assert_eq!(trace_id(&caller_context(&twice)), None);
    }

    #[test]
    fn the_state_of_other_vendors_is_kept_up_to_a_length() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let state = |lines: &[&str]| {
            let lines = lines.iter().map(|line| (TRACESTATE, *line));
            let all: Vec<_> = [(TRACEPARENT, parent)].into_iter().chain(lines).collect();
            let context = caller_context(&headers(&all));
            context.span().span_context().trace_state().header()
        };
        assert_eq!(state(&["a=1", "b=2"]), "a=1,b=2");
        assert_eq!(state(&["no state"]), "");
        assert_eq!(state(&[&format!("a={}", "x".repeat(600))]), "");
    }
}
