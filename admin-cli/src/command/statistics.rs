//! `concordat statistics`: figures of a month, a half year or a year.

use concordat_protocol::admin::{Reply, Request, StatisticsAsk};
use concordat_protocol::statistics::Period;

use crate::args::Statistics;
use crate::client::unexpected;
use crate::command::{Context, files};
use crate::failure::Failure;
use crate::report::{self, Report};

pub(super) fn run(args: &Statistics, context: &Context<'_>) -> Result<Report, Failure> {
    if Period::parse(&args.period).is_none() {
        return Err(Failure::value(
            "PERIOD",
            &args.period,
            "2026-11, 2026-H2, 2026",
        ));
    }
    if let Some(path) = &args.csv {
        files::folder_of(path)?;
    }
    let ask = StatisticsAsk {
        period: args.period.clone(),
    };
    let view = match context.ask(&Request::Statistics(ask))? {
        Reply::Statistics(view) => view,
        other => return Err(unexpected(&other)),
    };
    if let Some(path) = &args.csv {
        files::create(path, report::statistics_csv(&view).as_bytes())?;
    }
    Ok(report::statistics(
        &view,
        args.csv.as_deref(),
        context.words,
    ))
}
