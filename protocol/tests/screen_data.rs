//! How often the screen refuses what is no personal number, measured over the real decisions in
//! `node/data` and over numbers as files of the field hold them.
//!
//! ```sh
//! cargo test -p concordat-protocol --test screen_data -- --nocapture
//! ```
//!
//! prints the rates that `spec/identifiers.md` states. `SCREEN_TEXTS` may name further text files by
//! their full paths, divided by `:`; they are counted line by line and shown, not judged.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "the texts are read from the disk, and the rates are printed"
)]

use std::fs;
use std::path::{Path, PathBuf};

use concordat_protocol::screen::find_personal;

#[derive(Default)]
struct Rate {
    texts: usize,
    findings: Vec<String>,
}

impl Rate {
    fn take(&mut self, text: &str) {
        self.texts += 1;
        if find_personal(text).is_some() {
            self.findings.push(text.to_owned());
        }
    }

    fn print(&self, name: &str) {
        println!("{name}: {} of {}", self.findings.len(), self.texts);
    }
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

// spec: ID-34
#[test]
fn real_decisions_hold_no_finding() {
    let table = fs::read_to_string(in_repository("node/data/jp_mhlw_labour_decisions.tsv"));
    let table = table.unwrap();
    let (mut cells, mut rows, mut columns) = (Rate::default(), Rate::default(), Rate::default());
    let lines: Vec<&str> = table.lines().collect();
    for line in &lines {
        line.split('\t').for_each(|cell| cells.take(cell));
        rows.take(line);
        // Fields that nobody puts together: dates and numbers side by side are the hardest text.
        rows.take(&line.replace('\t', "、"));
    }
    // One text of a column of a hundred rows: dates in a row, prefectures, articles of law.
    for chunk in lines.chunks(100) {
        for column in 0..13 {
            let cells: Vec<&str> = chunk
                .iter()
                .filter_map(|line| line.split('\t').nth(column))
                .collect();
            columns.take(&cells.join("，"));
        }
    }
    cells.print("cells of real decisions");
    rows.print("rows of real decisions");
    columns.print("columns of 100 real decisions");
    assert!(cells.texts > 40_000);
    assert_eq!(cells.findings, Vec::<String>::new());
    assert_eq!(rows.findings, Vec::<String>::new());
    assert_eq!(columns.findings, Vec::<String>::new());
}

#[test]
fn other_texts_are_counted() {
    let names = std::env::var("SCREEN_TEXTS").unwrap_or_default();
    for name in names.split(':').filter(|name| !name.is_empty()) {
        let mut lines = Rate::default();
        for line in String::from_utf8_lossy(&fs::read(name).unwrap()).lines() {
            lines.take(line);
        }
        lines.print(name);
        for finding in &lines.findings {
            println!("  {finding}");
        }
    }
}

/// Numbers in a fixed order, so that the rates repeat.
struct Series(u64);

impl Series {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from_digit(u32::try_from(self.below(10)).unwrap(), 10).unwrap())
            .collect()
    }

    fn day(&mut self, format: usize) -> String {
        let (year, month, day) = (
            2015 + self.below(15),
            1 + self.below(12),
            1 + self.below(28),
        );
        match format {
            0 => format!("{year}.{month:02}.{day:02}"),
            1 => format!("{year}-{month:02}-{day:02}"),
            2 => format!("{year}/{month}/{day}"),
            _ => format!("{year}年{month}月{day}日"),
        }
    }

    fn money(&mut self) -> String {
        let (millions, thousands) = (self.below(1000), self.below(1000));
        format!(
            "{millions},{thousands:03},{:03}.{:02}",
            self.below(1000),
            self.below(100)
        )
    }
}

fn rate(name: &str, mut text: impl FnMut(&mut Series) -> String) -> usize {
    let (mut series, mut rate) = (Series(1), Rate::default());
    for _ in 0..20_000 {
        let text = text(&mut series);
        rate.take(&text);
    }
    rate.print(name);
    if let Some(first) = rate.findings.first() {
        println!("  such as {first}");
    }
    rate.findings.len()
}

// spec: ID-34
#[test]
fn numbers_of_the_field_are_seldom_a_finding() {
    let days = |series: &mut Series| {
        let format = usize::try_from(series.below(4)).unwrap();
        let between = ["-", "至", "、", " ", ", ", "，"][usize::try_from(series.below(6)).unwrap()];
        let days: Vec<String> = (0..4).map(|_| series.day(format)).collect();
        days.join(between)
    };
    let sums = |series: &mut Series| {
        let sums: Vec<String> = (0..4).map(|_| series.money()).collect();
        sums.join("、")
    };
    let document = |series: &mut Series| {
        let (year, number) = (1995 + series.below(35), series.below(100_000));
        format!("鹤市监罚〔{year}〕{number}号、({year})豫0311行审{number}号、{year}-{number:05}-1")
    };
    let never = [
        ("four days", rate("four days in a row", days)),
        ("sums", rate("four sums in a row", sums)),
        ("documents", rate("three document numbers", document)),
        (
            "bank cards",
            rate("bank card of 16 digits", |s| format!("622{}", s.digits(13)))
                + rate("bank card of 19 digits", |s| format!("622{}", s.digits(16)))
                + rate("bank card in groups", |s| {
                    let groups: Vec<String> = (0..4).map(|_| s.digits(4)).collect();
                    format!("6222 {} {}", groups.join(" "), s.digits(3))
                }),
        ),
        (
            "landlines",
            rate("telephone of an office", |s| {
                format!("0454-{}", s.digits(7))
            }),
        ),
        (
            "coordinates",
            rate("coordinates", |s| {
                format!(
                    "东经13{}.{},北纬4{}.{}",
                    s.below(6),
                    s.digits(8),
                    s.below(10),
                    s.digits(8)
                )
            }),
        ),
        (
            "invoices",
            rate("code and number of an invoice", |s| {
                let province = 13 + s.below(3);
                format!("0{province}00{}00111-{}", 12 + s.below(20), s.digits(8))
            }),
        ),
        (
            "codes before days",
            rate("subject code before two days", |s| {
                let (code, between) = (s.digits(8), s.below(4));
                let between = [" ", "，", "-", "."][usize::try_from(between).unwrap()];
                format!("91230500MA{code}{between}{}-{}", s.day(1), s.day(1))
            }),
        ),
    ];
    assert_eq!(
        never.map(|(name, count)| (name, count.min(9) > 8)),
        never.map(|(n, _)| (n, false))
    );
    // What has the form of a personal number by chance; the rates are stated in the spec.
    rate("account of 18 digits", |s| format!("23{}", s.digits(16)));
    rate("business registration number", |s| {
        format!("230402{}", s.digits(9))
    });
    rate("list of three numbers, 3-4-4", |s| {
        format!(
            "1{}、{}、{}",
            30 + s.below(70),
            1000 + s.below(9000),
            1000 + s.below(9000)
        )
    });
}
