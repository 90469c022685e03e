//! Rows of a CSV or TSV file as bytes: where each begins, how long it may be, what is wrong with it.
//!
//! Quotes are those of RFC 4180: a cell that begins with `"` ends with `"`, and `""` stands for one.
//! At most one row is held in memory. Out of scope: encodings, and what cells mean.

use std::io::{self, BufRead};

/// Bytes of one row, its line end not counted.
// spec: IMP-3
pub const ROW_BYTES_MAX: usize = 256 << 10;
/// Columns of one file.
// spec: IMP-3
pub const COLUMNS_MAX: usize = 256;

/// One row as it stands in the file.
#[derive(Debug)]
pub(super) struct RawRow {
    /// 1-based physical line that it begins on.
    pub(super) line: u64,
    /// Physical line that it ends on.
    pub(super) last_line: u64,
    /// Offset of its first byte in the file.
    pub(super) offset: u64,
    /// The bytes without line end; cut at [`ROW_BYTES_MAX`] when `fault` says so.
    pub(super) bytes: Vec<u8>,
    /// Where each cell begins in `bytes`; at most [`COLUMNS_MAX`].
    pub(super) starts: Vec<usize>,
    /// Cells, whether or not `starts` holds them.
    pub(super) cells: usize,
    /// What is wrong with its shape.
    pub(super) fault: Option<Fault>,
}

impl RawRow {
    /// Offset in the file of the byte that is `within` bytes into a cell's content: quotes around
    /// it, and the second of two within it, are bytes of the file too.
    pub(super) fn offset_of(&self, cell: usize, within: usize, quoted: bool) -> u64 {
        let start = self.starts.get(cell).copied().unwrap_or(0);
        let cell = self.bytes.get(start..).unwrap_or_default();
        let in_row = match cell.strip_prefix(b"\"") {
            Some(content) if quoted => {
                let mut in_cell = 0;
                for _ in 0..within {
                    let is_pair = content.get(in_cell) == Some(&b'"');
                    in_cell += 1 + usize::from(is_pair);
                }
                start + 1 + in_cell
            }
            Some(_) | None => start + within,
        };
        self.offset + in_row as u64
    }
}

/// What is wrong with the shape of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Text after the quote that ends a cell.
    TextAfterQuote { cell: usize, offset: u64 },
    /// A quote that nothing ends: everything after it belongs to this row.
    UnterminatedQuote { cell: usize },
    /// Longer than [`ROW_BYTES_MAX`].
    TooLong,
}

/// Cuts bytes into rows.
#[derive(Debug)]
pub(super) struct RowReader<R> {
    input: R,
    delimiter: u8,
    quoted: bool,
    offset: u64,
    line: u64,
}

impl<R: BufRead> RowReader<R> {
    /// Rows whose cells `delimiter` divides; `quoted` when quotes have a meaning; `offset` bytes of
    /// the file lie before `input`.
    pub(super) fn new(input: R, delimiter: u8, quoted: bool, offset: u64) -> Self {
        Self {
            input,
            delimiter,
            quoted,
            offset,
            line: 1,
        }
    }

    /// Bytes read so far.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The next row, empty lines included; `None` at the end of the file.
    pub(super) fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        let mut scan = Scan::new(self.line, self.offset);
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                let is_end = self.offset == scan.row.offset;
                let last_line = self.line - u64::from(scan.row.bytes.last() == Some(&b'\n'));
                return Ok((!is_end).then(|| scan.finish(last_line)));
            }
            let mut taken = 0;
            let mut ended = false;
            for &byte in chunk {
                taken += 1;
                ended = scan.take(byte, self.delimiter, self.quoted);
                if byte == b'\n' {
                    self.line += 1;
                }
                if ended {
                    break;
                }
            }
            self.input.consume(taken);
            self.offset += taken as u64;
            if ended {
                return Ok(Some(scan.finish(self.line - 1)));
            }
        }
    }
}

/// Where in a cell the scan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// After a quote within a quoted cell: its end, or the first half of `""`.
    QuoteSeen,
    /// After a quote and a carriage return: only the line end may follow.
    ReturnSeen,
}

struct Scan {
    row: RawRow,
    state: State,
    length: u64,
}

impl Scan {
    fn new(line: u64, offset: u64) -> Self {
        Self {
            row: RawRow {
                line,
                last_line: line,
                offset,
                bytes: Vec::new(),
                starts: vec![0],
                cells: 1,
                fault: None,
            },
            state: State::CellStart,
            length: 0,
        }
    }

    /// Takes one byte; whether it ends the row.
    fn take(&mut self, byte: u8, delimiter: u8, quoted: bool) -> bool {
        self.length += 1;
        let next = match (self.state, byte) {
            (State::Quoted, b'"') => State::QuoteSeen,
            (State::Quoted, _) => State::Quoted,
            (_, b'\n') => return true,
            (State::CellStart, b'"') if quoted => State::Quoted,
            (State::QuoteSeen, b'"') => State::Quoted,
            (State::QuoteSeen, b'\r') => State::ReturnSeen,
            (State::CellStart | State::Plain | State::QuoteSeen, byte) if byte == delimiter => {
                self.start_cell();
                State::CellStart
            }
            (State::CellStart | State::Plain, _) => State::Plain,
            (State::QuoteSeen | State::ReturnSeen, _) => {
                let cell = self.row.cells - 1;
                let offset = self.row.offset + self.length - 1;
                self.row
                    .fault
                    .get_or_insert(Fault::TextAfterQuote { cell, offset });
                State::Plain
            }
        };
        self.state = next;
        // One byte more for the carriage return of the line end.
        if self.row.bytes.len() <= ROW_BYTES_MAX {
            self.row.bytes.push(byte);
        } else {
            self.row.fault = Some(Fault::TooLong);
        }
        false
    }

    fn start_cell(&mut self) {
        self.row.cells += 1;
        if self.row.starts.len() < COLUMNS_MAX {
            self.row
                .starts
                .push(usize::try_from(self.length).unwrap_or(usize::MAX));
        }
    }

    fn finish(mut self, last_line: u64) -> RawRow {
        let row = &mut self.row;
        row.last_line = last_line.max(row.line);
        if self.state == State::Quoted {
            let cell = row.cells - 1;
            row.fault = Some(Fault::UnterminatedQuote { cell });
        } else if row.bytes.last() == Some(&b'\r') {
            row.bytes.pop();
        }
        if row.bytes.len() > ROW_BYTES_MAX && row.fault.is_none() {
            row.fault = Some(Fault::TooLong);
        }
        self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Vec<RawRow> {
        let mut reader = RowReader::new(text, b',', true, 0);
        std::iter::from_fn(|| reader.next_row().unwrap()).collect()
    }

    fn bytes(text: &[u8]) -> Vec<Vec<u8>> {
        rows(text).into_iter().map(|row| row.bytes).collect()
    }

    #[test]
    fn rows_end_with_either_line_end_or_the_file() {
        assert_eq!(bytes(b"a,b\r\nc\n\nd"), [&b"a,b"[..], b"c", b"", b"d"]);
        assert_eq!(bytes(b""), Vec::<Vec<u8>>::new());
        assert_eq!(bytes(b"\"a\"\r\n"), [b"\"a\""]);
    }

    #[test]
    fn quoted_line_ends_belong_to_the_row_and_are_counted() {
        // spec: IMP-2
        let rows = rows(b"a,\"b\nc\",d\ne\n");
        assert_eq!((rows[0].line, rows[0].last_line, rows[0].cells), (1, 2, 3));
        assert_eq!(rows[0].starts, [0, 2, 8]);
        assert_eq!((rows[1].line, rows[1].offset), (3, 10));
    }

    #[test]
    fn unterminated_quote_takes_the_rest_of_the_file() {
        // spec: IMP-2
        let rows = rows(b"a\nb,\"c\nd\ne\n");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].fault, Some(Fault::UnterminatedQuote { cell: 1 }));
        assert_eq!((rows[1].line, rows[1].last_line), (2, 4));
    }

    #[test]
    fn text_after_a_closing_quote_is_a_fault_of_its_row_only() {
        let rows = rows(b"\"a\"b,c\nd\n");
        assert_eq!(
            rows[0].fault,
            Some(Fault::TextAfterQuote { cell: 0, offset: 3 })
        );
        assert_eq!(rows[1].fault, None);
    }

    #[test]
    fn offsets_in_a_cell_are_those_of_the_file() {
        let rows = rows(b"head\na,\"b\"\"cd\",e\n");
        let offsets = [0, 1, 2, 3].map(|within| rows[1].offset_of(1, within, true));
        assert_eq!(offsets, [8, 9, 11, 12]);
        assert_eq!(rows[1].offset_of(2, 0, true), 15);
    }

    #[test]
    fn row_over_the_bound_is_cut_and_the_next_one_read() {
        // spec: IMP-3
        let mut text = vec![b'x'; ROW_BYTES_MAX];
        text.extend(b"\r\n");
        text.extend(vec![b'y'; ROW_BYTES_MAX + 1]);
        text.extend(b"\nz");
        let rows = rows(&text);
        assert_eq!(rows[0].fault, None);
        assert_eq!(rows[1].fault, Some(Fault::TooLong));
        assert!(rows[1].bytes.len() <= ROW_BYTES_MAX + 1);
        assert_eq!(rows[2].bytes, b"z");
    }
}
