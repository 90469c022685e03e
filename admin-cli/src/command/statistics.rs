//! `concordat statistics`: figures of a month, a half year or a year.

use concordat_protocol::admin::{Reply, Request, StatisticsAsk};
use concordat_protocol::statistics::Period;

use crate::args::Statistics;
use crate::client::unexpected;
use crate::command::{Context, files};
use crate::failure::Failure;
use crate::names;
use crate::report::{self, Report, Shown};

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
    let listed = args.count.as_ref();
    let listed = listed
        .map(|kind| names::parse("--count", kind))
        .transpose()?;
    let ask = StatisticsAsk {
        period: args.period.clone(),
        listed,
    };
    let view = match context.ask(&Request::Statistics(ask))? {
        Reply::Statistics(view) => view,
        other => return Err(unexpected(&other)),
    };
    if let Some(path) = &args.csv {
        let table = match args.coverage {
            true => report::coverage_csv(&view),
            false => report::statistics_csv(&view),
        };
        files::create(path, table.as_bytes())?;
    }
    let shown = match (listed, args.coverage) {
        (Some(_), _) => Shown::Listed,
        (None, true) => Shown::Coverage,
        (None, false) => Shown::Figures,
    };
    Ok(report::statistics(
        &view,
        shown,
        args.csv.as_deref(),
        context.words,
    ))
}
