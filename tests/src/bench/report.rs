//! What a measurement says, and how it is printed.

use std::io::Write as _;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use super::Failure;

/// How to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A line a figure, for people.
    Human,
    /// A JSON object a line.
    Json,
}

/// A limit of the machine that a figure is read beside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
}

/// A figure with its runs.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) runs: Vec<f64>,
    pub(crate) limit: Option<Limit>,
    pub(crate) more: Map<String, Value>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, runs: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            unit,
            runs,
            limit: None,
            more: Map::new(),
        }
    }

    pub(crate) fn beside(mut self, limit: Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.more.insert(key.to_owned(), value.into());
        self
    }

    /// Prints it; the median of the runs is its value.
    pub(crate) fn print(mut self, output: Output) -> Result<f64, Failure> {
        self.runs.sort_by(f64::total_cmp);
        let value = median(&self.runs);
        let ratio = self.limit.map(|limit| value / limit.value);
        let line = match output {
            Output::Json => {
                let mut line = Map::new();
                line.insert("figure".to_owned(), json!(self.name));
                line.insert("value".to_owned(), json!(round(value)));
                line.insert("unit".to_owned(), json!(self.unit));
                let runs: Vec<f64> = self.runs.iter().copied().map(round).collect();
                line.insert("runs".to_owned(), json!(runs));
                if let Some(limit) = self.limit {
                    line.insert("limit".to_owned(), json!(limit.name));
                    line.insert("limit_value".to_owned(), json!(round(limit.value)));
                    line.insert("ratio".to_owned(), json!(ratio.map(round)));
                }
                line.extend(self.more);
                Value::Object(line).to_string()
            }
            Output::Human => {
                let (low, high) = (self.runs.first(), self.runs.last());
                let (low, high) = (
                    low.copied().unwrap_or(value),
                    high.copied().unwrap_or(value),
                );
                let spread = format!("{} to {}", round(low), round(high));
                let beside = match (self.limit, ratio) {
                    (Some(limit), Some(ratio)) => format!(", {:.2} x {}", ratio, limit.name),
                    _ => String::new(),
                };
                let (name, unit) = (&self.name, self.unit);
                format!("{name}: {} {unit} ({spread}){beside}", round(value))
            }
        };
        writeln!(std::io::stdout(), "{line}")?;
        Ok(value)
    }
}

/// Says that a figure was not measured, and why.
pub(crate) fn absent(output: Output, name: &str, why: &str) -> Result<(), Failure> {
    match output {
        Output::Json => writeln!(
            std::io::stdout(),
            "{}",
            json!({"figure": name, "absent": why})
        )?,
        Output::Human => writeln!(std::io::stdout(), "{name}: absent: {why}")?,
    }
    Ok(())
}

/// Says what is being done, where it does not disturb the figures.
pub(crate) fn progress(what: &str) {
    let _ = writeln!(std::io::stderr(), "bench: {what}");
}

/// The middle of sorted runs.
pub(crate) fn median(sorted: &[f64]) -> f64 {
    quantile(sorted, 0.5)
}

/// The value below which a share of the sorted values lies.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let below = |place: &usize| (*place + 1) as f64 <= sorted.len() as f64 * share;
    let place = (0..sorted.len()).take_while(below).count();
    let place = place.min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or_default()
}

/// Four digits are more than the machine's noise allows.
fn round(value: f64) -> f64 {
    match value.abs() {
        size if size >= 1_000.0 => value.round(),
        size if size >= 10.0 => (value * 100.0).round() / 100.0,
        _ => (value * 10_000.0).round() / 10_000.0,
    }
}
