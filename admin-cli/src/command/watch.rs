//! `concordat watch`: the state of a node as it changes. A terminal is redrawn; elsewhere every event
//! is a line, and with JSON every state and event an object of its own.

use concordat_certs::wording;
use concordat_protocol::admin::{Event, Reply, Request, StatusView, WatchAsk};
use serde_json::json;

use crate::args::{Output, Watch};
use crate::client::unexpected;
use crate::command::Context;
use crate::failure::Failure;
use crate::report::{self, Report};
use crate::terminal::Reader;
use crate::{clock, terminal};

/// Home, then clear to the end of the screen.
const REDRAW: &str = "\u{1b}[H\u{1b}[J";
/// Events kept below the state.
const EVENTS_SHOWN: usize = 12;

pub(super) fn run(args: &Watch, context: &Context<'_>) -> Result<Report, Failure> {
    let ask = Request::Watch(WatchAsk {
        interval_ms: args.interval,
    });
    context.with_node(async |client| {
        let mut view = View::new(context);
        client.send(&ask).await?;
        let mut states = 0;
        while args.count.is_none_or(|count| states < count) {
            let reply = tokio::select! {
                reply = client.next() => reply?,
                () = terminal::reader_gone() => break,
            };
            let reader = match reply {
                Reply::Status(status) => {
                    states += 1;
                    view.status(&status)?
                }
                Reply::Event(event) => view.event(event)?,
                Reply::Error(error) => return Err(error.into()),
                other => return Err(unexpected(&other)),
            };
            // spec: ADM-101
            if reader == Reader::Gone {
                break;
            }
        }
        Ok(Report::silent())
    })
}

struct View<'a> {
    context: &'a Context<'a>,
    json: bool,
    redraw: bool,
    events: Vec<Event>,
}

impl<'a> View<'a> {
    fn new(context: &'a Context<'a>) -> Self {
        let json = context.arguments.global.output == Output::Json;
        Self {
            context,
            json,
            redraw: !json && terminal::is_terminal(),
            events: Vec::new(),
        }
    }

    fn status(&mut self, status: &StatusView) -> Result<Reader, Failure> {
        let words = self.context.words;
        let report = report::status(status, words);
        if self.json {
            terminal::print(&terminal::json_line(&json!({"status": report.json})))
        } else if self.redraw {
            let events: String = self
                .events
                .iter()
                .map(|event| report::event_line(event, words) + "\n")
                .collect();
            let shown = format!("{}\n{events}", report.page.as_str());
            terminal::print_raw(&format!("{REDRAW}{}", wording::plain(&shown)))
        } else {
            let at = clock::civil(status.at);
            let (count, open) = (
                status.statements.to_string(),
                status.open_objections.to_string(),
            );
            let blanks = [("at", at.as_str()), ("statements", &count), ("open", &open)];
            terminal::print(&(words.fill("watch_line", &blanks) + "\n"))
        }
    }

    fn event(&mut self, event: Event) -> Result<Reader, Failure> {
        if self.json {
            terminal::print(&terminal::json_line(&report::event_json(&event)))
        } else if self.redraw {
            self.events.push(event);
            let surplus = self.events.len().saturating_sub(EVENTS_SHOWN);
            self.events.drain(..surplus);
            Ok(Reader::There)
        } else {
            terminal::print(&(report::event_line(&event, self.context.words) + "\n"))
        }
    }
}
