//! Parsing of the configured lanes. `domain::lanes` checks whether they are valid together.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::reader::SettingsReader;
use super::settings;
use crate::domain::{Lane, Lanes};

/// The setting's value. Members that are not named here are left for other versions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LanesFile {
    lanes: Vec<Lane>,
    #[serde(default)]
    lane_aliases: BTreeMap<String, String>,
}

pub(super) fn read(reader: &mut SettingsReader<'_>) -> Lanes {
    reader
        .parsed(&settings::DISPATCH_LANE_CONFIG_JSON, parse)
        .or_else(|| reader.parsed(&settings::DISPATCH_LANE_CONFIG, parse))
        .unwrap_or_default()
}

fn parse(text: &str) -> Result<Lanes, String> {
    let LanesFile { lanes, lane_aliases } =
        serde_json::from_str(text).map_err(|problem| format!("cannot be read: {problem}"))?;
    Lanes::new(lanes, lane_aliases)
}
