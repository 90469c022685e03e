//! The figures in the order in which their fixtures come to be, from an empty directory to none.

use std::path::Path;

use concordat_node::node::Layout;
use serde_json::json;

use super::append::{Append, Appended};
use super::catchup::{AtRest, Caught, Indexed, Receive, Serve};
use super::child::Child;
use super::held::{Asked, Bundled, Reopened};
use super::limits::Limits;
use super::network::{Home, Part, Site};
use super::report::{Figure, Output, absent, progress, quantile};
use super::task::Task;
use super::{Arguments, Failure, RUNS, effect, limits, must_check, propagate};

/// Figures that are due later, and why they are not here.
const ABSENT: [(&str, &str); 2] = [
    ("reconnect", "needs 1,000 enrolled logs"),
    ("hub.fanout", "needs 100 subscribers"),
];

/// Runs what was asked for.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let directory = tempfile::Builder::new()
        .prefix("concordat-bench-")
        .tempdir()?;
    let limits = limits::measure(arguments.output, directory.path())?;
    let outcome = Suite {
        arguments,
        limits,
        receivers: 0,
        site: None,
    }
    .run(directory.path());
    if arguments.keep {
        progress(&format!("kept {}", directory.keep().display()));
    }
    outcome
}

struct Suite<'a> {
    arguments: &'a Arguments,
    limits: Limits,
    /// Receivers' directories used so far.
    receivers: usize,
    site: Option<Site>,
}

/// What one catch-up gave.
struct Run {
    caught: Caught,
    indexed: Indexed,
}

impl Suite<'_> {
    fn run(mut self, directory: &Path) -> Result<(), Failure> {
        if self.wants(&["effect"]) {
            Figure::new("effect.rate", "evaluations/s", effect::rates()?).print(self.output())?;
        }
        let small = [
            "append",
            "catchup.rate",
            "catchup.indexed",
            "catchup.leaves",
            "live",
        ];
        let large = [
            "append.1e6",
            "catchup.1e6",
            "query.subject",
            "disk",
            "memory",
            "reopen",
            "bundle",
        ];
        if self.wants(&small) || self.wants(&large) {
            let site = Site::create(directory)?;
            progress("entering the registry");
            let receivers = 4 * RUNS;
            let task = Task::SetUp {
                site: site.clone(),
                receivers,
            };
            Child::once::<String>(&task)?;
            self.site = Some(site);
        }
        if self.wants(&["append.latency"]) {
            self.append_latency()?;
        }
        if self.wants(&["live"]) {
            self.live()?;
        }
        if self.wants(&["append.rate", "catchup.rate", "catchup.indexed"]) {
            self.small()?;
        }
        if self.wants(&["catchup.leaves"]) {
            self.leaves()?;
        }
        if self.wants(&["memory.peer"]) {
            self.peers()?;
        }
        if self.wants(&large) {
            self.large()?;
        }
        if self.wants(&["propagate.latency"]) {
            progress("an objection on its way to 13 nodes");
            propagate::measure(self.output(), self.arguments.rounds)?;
        }
        if self.wants(&["query.must_check"]) {
            progress("look-ups with receipts while importing");
            must_check::measure(self.output(), self.arguments.seconds)?;
        }
        for (name, why) in ABSENT {
            if self.arguments.wants(name) {
                absent(self.output(), name, why)?;
            }
        }
        Ok(())
    }

    const fn output(&self) -> Output {
        self.arguments.output
    }

    fn wants(&self, figures: &[&str]) -> bool {
        let names = &self.arguments.names;
        let begun = |figure: &str| names.iter().any(|name| name.starts_with(figure));
        figures
            .iter()
            .any(|figure| self.arguments.wants(figure) || begun(figure))
    }

    fn site(&self) -> Result<&Site, Failure> {
        Ok(self.site.as_ref().ok_or("there is no fixture")?)
    }

    fn append_latency(&self) -> Result<(), Failure> {
        progress("appending one at a time");
        let home = self.site()?.home(Part::LiveIssuer)?;
        let task = Task::Latency {
            home,
            runs: RUNS,
            each: 200,
        };
        let times: Vec<Vec<f64>> = Child::once(&task)?;
        Figure::new("append.latency", "us", each(&times, 0.5))
            .beside(self.limits.fdatasync)
            .with("p99", json!(each(&times, 0.99)))
            .print(self.output())?;
        Ok(())
    }

    fn live(&mut self) -> Result<(), Failure> {
        progress("live");
        let receiver = self.next_receiver()?;
        let (mut issuer, _receiver) = self.pair(Part::LiveIssuer, &receiver, 1, false)?;
        let times: Vec<Vec<f64>> = issuer.order("live")?;
        issuer.stop()?;
        let quantiles = |share| each(&times, share);
        Figure::new("live.latency.p50", "ms", quantiles(0.5)).print(self.output())?;
        Figure::new("live.latency.p99", "ms", quantiles(0.99)).print(self.output())?;
        Ok(())
    }

    fn append(&self, part: Part, count: u64) -> Result<Appended, Failure> {
        progress(&format!("appending {count} statements"));
        let runs = RUNS as u64;
        let task = Append {
            home: self.site()?.home(part)?,
            sealed: part == Part::SealedIssuer,
            runs,
            each: count / runs,
        };
        Child::once(&Task::Append(task))
    }

    fn small(&mut self) -> Result<(), Failure> {
        let count = self.arguments.small;
        let appended = self.append(Part::SmallIssuer, count)?;
        Figure::new("append.rate", "statements/s", appended.rates)
            .beside(self.limits.sign)
            .print(self.output())?;
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            let receiver = self.next_receiver()?;
            runs.push(self.catch_up(Part::SmallIssuer, &receiver, count, false)?.0);
            std::fs::remove_dir_all(&receiver.directory)?;
        }
        self.print_catch_up("", &runs, count)
    }

    fn print_catch_up(&self, suffix: &str, runs: &[Run], count: u64) -> Result<(), Failure> {
        let durable = runs
            .iter()
            .map(|run| count as f64 / (run.caught.end - run.caught.begin));
        let found = runs.iter().map(|run| {
            let end = run.indexed.at.max(run.caught.end);
            count as f64 / (end - run.caught.begin)
        });
        let (durable, found) = (durable.collect(), found.collect());
        Figure::new(format!("catchup{suffix}.rate"), "statements/s", durable)
            .beside(self.limits.verify)
            .print(self.output())?;
        Figure::new(format!("catchup{suffix}.indexed"), "statements/s", found)
            .beside(self.limits.verify)
            .print(self.output())?;
        Ok(())
    }

    fn leaves(&mut self) -> Result<(), Failure> {
        let count = self.arguments.small;
        self.append(Part::SealedIssuer, count)?;
        let mut rates = Vec::new();
        for _ in 0..RUNS {
            let receiver = self.next_receiver()?;
            let (run, _) = self.catch_up(Part::SealedIssuer, &receiver, count, true)?;
            rates.push(count as f64 / (run.caught.end - run.caught.begin));
            std::fs::remove_dir_all(&receiver.directory)?;
        }
        Figure::new("catchup.leaves", "leaves/s", rates).print(self.output())?;
        Ok(())
    }

    fn peers(&self) -> Result<(), Failure> {
        progress("idle peers");
        let site = self.site()?.clone();
        let home = site.home(Part::Hub)?;
        let mut hub = Child::start(&Task::Host { home })?;
        let mut before: f64 = hub.hear()?;
        let mut peers = Child::start(&Task::Idle { site })?;
        let share = super::network::IDLE_PEERS / (RUNS + 1);
        let mut each = Vec::new();
        for _ in 0..=RUNS {
            let connected: usize = peers.order(&share.to_string())?;
            let with: f64 = hub.order(&connected.to_string())?;
            each.push((with - before) / share as f64);
            before = with;
        }
        // The first share pays for what all of them use.
        each.remove(0);
        hub.stop()?;
        peers.kill()?;
        Figure::new("memory.peer", "KiB", each).print(self.output())?;
        Ok(())
    }

    fn large(&mut self) -> Result<(), Failure> {
        let count = self.arguments.size;
        let appended = self.append(Part::LargeIssuer, count)?;
        let bytes = appended.statement_bytes as f64;
        Figure::new("append.1e6.rate", "statements/s", appended.rates)
            .beside(self.limits.sign)
            .with("memory_peak_mib", appended.memory_kib / 1_024.0)
            .print(self.output())?;
        let disk = vec![appended.disk_bytes as f64 / bytes];
        Figure::new("disk.ratio.issuer", "x", disk).print(self.output())?;
        let runs_wanted = match self.wants(&["catchup.1e6", "memory", "disk"]) {
            true => RUNS,
            false => 1,
        };
        let (mut runs, mut rest, mut last) = (Vec::new(), Vec::new(), None);
        for number in 1..=runs_wanted {
            let receiver = self.next_receiver()?;
            let (run, mut child) = self.catch_up(Part::LargeIssuer, &receiver, count, false)?;
            let at_rest: AtRest = child.order("rest")?;
            runs.push(run);
            rest.push(at_rest);
            match number == runs_wanted {
                true => last = Some((receiver, child)),
                false => {
                    child.kill()?;
                    std::fs::remove_dir_all(&receiver.directory)?;
                }
            }
        }
        self.print_catch_up(".1e6", &runs, count)?;
        let mib = |kib: f64| kib / 1_024.0;
        let peak = runs.iter().map(|run| mib(run.indexed.memory_peak_kib));
        Figure::new("memory.peak", "MiB", peak.collect()).print(self.output())?;
        let idle = rest.iter().map(|rest| mib(rest.memory_kib)).collect();
        Figure::new("memory.idle", "MiB", idle).print(self.output())?;
        let disk = rest.iter().map(|rest| rest.disk_bytes as f64 / bytes);
        Figure::new("disk.ratio", "x", disk.collect())
            .with("statement_bytes", bytes / count as f64)
            .print(self.output())?;
        let (receiver, child) = last.ok_or("nothing was received")?;
        self.held(&receiver, child, count)
    }

    fn held(&self, receiver: &Home, mut child: Child, count: u64) -> Result<(), Failure> {
        if self.wants(&["query.subject"]) {
            progress("asking about organisations");
            let asked: Asked = child.order("query")?;
            for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
                let first = each(std::slice::from_ref(&asked.first), share);
                Figure::new(
                    format!("query.subject.{name}"),
                    "us",
                    each(&asked.later, share),
                )
                .with("first_asked", json!(first))
                .print(self.output())?;
            }
        }
        if self.wants(&["bundle"]) {
            progress("bundles");
            let bundled: Bundled = child.order("bundle")?;
            Figure::new("bundle.bytes", "B", each(&bundled.bytes, 0.5)).print(self.output())?;
            Figure::new("bundle.make", "ms", each(&bundled.made_ms, 0.5)).print(self.output())?;
            Figure::new("bundle.verify", "ms", each(&bundled.verified_ms, 0.5))
                .print(self.output())?;
        }
        if self.wants(&["reopen"]) {
            return self.reopen(receiver, child, count);
        }
        child.kill()
    }

    fn reopen(&self, home: &Home, child: Child, statements: u64) -> Result<(), Failure> {
        child.stop()?;
        for name in ["clean", "killed", "rebuilt"] {
            progress(&format!("opening again: {name}"));
            let (mut runs, mut started) = (Vec::new(), Vec::new());
            for _ in 0..RUNS {
                if name == "rebuilt" {
                    std::fs::remove_dir_all(Layout::new(&home.directory).store())?;
                }
                let home = home.clone();
                let mut child = Child::start(&Task::Reopen { home, statements })?;
                let reopened: Reopened = child.hear()?;
                runs.push(reopened.seconds);
                started.push(reopened.started);
                match name {
                    "clean" => child.stop()?,
                    _ => child.kill()?,
                }
            }
            Figure::new(format!("reopen.{name}"), "s", runs)
                .with("until_started", json!(started))
                .print(self.output())?;
        }
        Ok(())
    }

    fn next_receiver(&mut self) -> Result<Home, Failure> {
        self.receivers += 1;
        self.site()?.receiver(self.receivers - 1)
    }

    /// Starts an issuer and then a receiver, each in its process.
    fn pair(
        &self,
        part: Part,
        receiver: &Home,
        statements: u64,
        leaves_only: bool,
    ) -> Result<(Child, Child), Failure> {
        let site = self.site()?;
        let origin = site.origin(part)?.to_string();
        let mut issuer = Child::start(&Task::Serve(Serve {
            home: site.home(part)?,
            origin: origin.clone(),
            receiver: receiver.code()?.as_str().to_owned(),
            statements,
        }))?;
        let _: String = issuer.hear()?;
        let receive = Receive {
            home: receiver.clone(),
            origin,
            statements,
            leaves_only,
        };
        Ok((issuer, Child::start(&Task::Receive(receive))?))
    }

    fn catch_up(
        &self,
        part: Part,
        receiver: &Home,
        statements: u64,
        leaves_only: bool,
    ) -> Result<(Run, Child), Failure> {
        progress(&format!("catching up {statements}"));
        let (mut issuer, mut child) = self.pair(part, receiver, statements, leaves_only)?;
        issuer.tell("catch up")?;
        let _: String = child.hear()?;
        let indexed = child.order("catch up")?;
        let caught = issuer.hear()?;
        issuer.stop()?;
        Ok((Run { caught, indexed }, child))
    }
}

/// A quantile of each run.
fn each(runs: &[Vec<f64>], share: f64) -> Vec<f64> {
    let of_run = |run: &Vec<f64>| {
        let mut sorted = run.clone();
        sorted.sort_by(f64::total_cmp);
        quantile(&sorted, share)
    };
    runs.iter().map(of_run).collect()
}
