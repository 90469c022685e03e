//! A page for people: headings, labelled values and tables that keep their columns with Chinese.

use comfy_table::{ContentArrangement, Table, presets};
use concordat_certs::wording;

/// Text for people, built from top to bottom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.0.push_str(text.as_ref());
        self.0.push('\n');
    }

    pub(crate) fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }

    /// Labels on the left, values on the right.
    pub(crate) fn pairs(&mut self, pairs: &[(String, String)]) {
        let mut table = Self::table_of(presets::NOTHING);
        for (label, value) in pairs {
            table.add_row([wording::plain(label), wording::plain(value)]);
        }
        self.push_table(&table);
    }

    /// A table with a line under its header.
    pub(crate) fn table(&mut self, header: &[String], rows: Vec<Vec<String>>) {
        let mut table = Self::table_of("     --            ");
        table.set_header(header);
        for row in rows {
            // Before columns are laid out: what shows is wider than what it stands for.
            table.add_row(row.iter().map(|cell| wording::plain(cell)));
        }
        self.push_table(&table);
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn table_of(preset: &str) -> Table {
        let mut table = Table::new();
        table.load_preset(preset);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if let Some(width) = table.width() {
            table.set_width(legible(width));
        }
        table
    }

    fn push_table(&mut self, table: &Table) {
        for line in table.lines() {
            self.line(line.trim_end());
        }
    }
}

/// Columns of a terminal that tables are laid out for: one that does not know its width says 0, and in
/// very few columns words break into single characters.
const fn legible(columns: u16) -> u16 {
    match columns {
        0..COLUMNS_MIN => 80,
        _ => columns,
    }
}

/// Fewer columns than this are not laid out for.
const COLUMNS_MIN: u16 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    /// A serial console has no width: tables came out with one character on a line.
    #[test]
    fn terminal_without_width_gets_tables_of_eighty_columns() {
        assert_eq!([0, 1, 20, 39].map(legible), [80; 4]);
        assert_eq!([40, 80, 250].map(legible), [40, 80, 250]);
    }

    #[test]
    fn table_counts_a_chinese_character_as_two_columns() {
        let mut page = Page::default();
        let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        page.table(&row("名称", "n"), vec![row("ab", "1"), row("某市", "2")]);
        let lines: Vec<_> = page.as_str().lines().collect();
        assert!(lines[2].starts_with(" ab     1"), "{lines:?}");
        assert!(lines[3].starts_with(" 某市   2"), "{lines:?}");
    }
}
