//! Reading where traces are sent. The variables are OpenTelemetry's; without an endpoint, none of the
//! others is read.

use std::str::FromStr as _;

use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderName, HeaderValue};

use super::reader::SettingsReader;
use super::{settings, web_address};
use crate::traces::{Sampler, Settings};

/// Where traces are sent; none for nowhere.
pub(super) fn read(reader: &mut SettingsReader<'_>) -> Option<Settings> {
    let endpoint = reader.parsed(&settings::OTEL_EXPORTER_OTLP_ENDPOINT, web_address)?;
    let headers = reader.parsed(&settings::OTEL_EXPORTER_OTLP_HEADERS, headers);
    let service_name = reader.text(&settings::OTEL_SERVICE_NAME).map(str::to_owned);
    reader.parsed(&settings::OTEL_EXPORTER_OTLP_PROTOCOL, |text| match text {
        "http/protobuf" => Ok(()),
        _ => Err("Dispatch does not speak: it knows http/protobuf".to_owned()),
    });
    let ratio = reader.parsed(&settings::OTEL_TRACES_SAMPLER_ARG, ratio).unwrap_or(1.0);
    let sampler = reader.parsed(&settings::OTEL_TRACES_SAMPLER, |text| sampler(text, ratio));
    let usual = || Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
    Some(Settings {
        endpoint,
        headers: headers.unwrap_or_default(),
        service_name,
        sampler: sampler.unwrap_or_else(usual),
    })
}

/// Headers as `name=value` separated by commas, the values percent-encoded where needed.
fn headers(text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let malformed = || "has an entry that is not `name=value`".to_owned();
    let header = |entry: &str| {
        let (name, value) = entry.split_once('=').ok_or_else(malformed)?;
        let name = HeaderName::from_str(name.trim()).map_err(|_| malformed())?;
        let value = percent_decode_str(value.trim()).collect::<Vec<u8>>();
        let mut value = HeaderValue::from_bytes(&value)
            .map_err(|_| "has a value that no header can carry".to_owned())?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(header).collect()
}

fn ratio(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "is not a number from 0 to 1".to_owned())
}

fn sampler(name: &str, ratio: f64) -> Result<Sampler, String> {
    let root = match name.strip_prefix("parentbased_").unwrap_or(name) {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => Sampler::TraceIdRatioBased(ratio),
        _ => {
            return Err(
                "is none of always_on, always_off and traceidratio, nor one of these after \
                 parentbased_"
                    .to_owned(),
            );
        }
    };
    Ok(match name.starts_with("parentbased_") {
        true => Sampler::ParentBased(Box::new(root)),
        false => root,
    })
}
