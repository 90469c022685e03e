//! Processes of the benchmark: this program again, with a task; lines of JSON both ways.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Failure;
use super::task::Task;

/// A running child. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Child {
    /// Starts a process with a task.
    pub(crate) fn start(task: &Task) -> Result<Self, Failure> {
        let binary = own_binary()?;
        let spawned = Command::new(&binary)
            .arg("--child")
            .arg(serde_json::to_string(task)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = spawned.map_err(|error| format!("{}: {error}", binary.display()))?;
        let orders = process.stdin.take();
        let answers = process.stdout.take().ok_or("a child without output")?;
        Ok(Self {
            process,
            orders,
            answers: BufReader::new(answers),
        })
    }

    /// The next thing it says.
    pub(crate) fn hear<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("a child ended before it answered".into());
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Gives it an order; every task knows its own.
    pub(crate) fn tell(&mut self, order: &str) -> Result<(), Failure> {
        let orders = self.orders.as_mut().ok_or("a child without input")?;
        writeln!(orders, "{order}")?;
        Ok(orders.flush()?)
    }

    /// Gives it an order and waits for its answer.
    pub(crate) fn order<T: DeserializeOwned>(&mut self, order: &str) -> Result<T, Failure> {
        self.tell(order)?;
        self.hear()
    }

    /// Lets it stop cleanly and waits for its end.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        drop(self.orders.take());
        let status = self.process.wait()?;
        match status.success() {
            true => Ok(()),
            false => Err("a child failed".into()),
        }
    }

    /// Ends it as a loss of power would, as far as the process is concerned (SIGKILL).
    pub(crate) fn kill(mut self) -> Result<(), Failure> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Runs a task that answers once.
    pub(crate) fn once<T: DeserializeOwned>(task: &Task) -> Result<T, Failure> {
        let mut child = Self::start(task)?;
        let answer = child.hear()?;
        child.stop()?;
        Ok(answer)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Already gone after `stop` and `kill`.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a child says: one line.
pub(crate) fn say(what: &impl Serialize) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(what)?)?;
    out.flush()?;
    Ok(())
}

/// The next order of the parent; `None` when it is time to stop.
pub(crate) async fn next_order() -> Result<Option<String>, Failure> {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map(|bytes| (bytes > 0).then(|| line.trim().to_owned()))
    });
    Ok(line.await??)
}

/// Seconds since 1970, the same for every process of the machine.
pub(crate) fn clock() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
}

/// Resident memory now and at its highest, in KiB.
pub(crate) fn memory() -> Result<(f64, f64), Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| -> Result<f64, Failure> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib
            .ok_or("no such line in the status of a process")?
            .parse()?)
    };
    Ok((field("VmRSS:")?, field("VmHWM:")?))
}

/// Bytes that the files below a directory take on the disk.
pub(crate) fn disk_bytes(directory: &std::path::Path) -> Result<u64, Failure> {
    use std::os::unix::fs::MetadataExt as _;

    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        // The store may still be removing what it has rewritten.
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        bytes += match metadata.is_dir() {
            true => disk_bytes(&entry.path())?,
            false => metadata.len().max(metadata.blocks() * 512),
        };
    }
    Ok(bytes)
}

/// This very program, also when its file was built anew while it runs: by its path it would then be
/// another program, or none.
fn own_binary() -> Result<PathBuf, Failure> {
    let running = PathBuf::from("/proc/self/exe");
    match running.exists() {
        true => Ok(running),
        false => Ok(std::env::current_exe()?),
    }
}
