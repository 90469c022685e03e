//! One node as a process of the system.

use std::fs::OpenOptions;
use std::future::ready;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use concordat_node::node::Layout;

use super::{Failure, PATIENCE, wait_until};

/// Where a process writes what it has to say, below the node's directory.
const LOG_FILE: &str = "node.log";

/// A running node. Killed and reaped when dropped, so that no test leaves one behind.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `<binary> run` for a node's directory, with more options. What it writes is appended to `node.log` there.
    ///
    /// # Errors
    /// The operating system's.
    pub fn spawn(binary: &Path, layout: &Layout, options: &[&str]) -> io::Result<Self> {
        Self::start(Command::new(binary), layout, options)
    }

    /// Starts it as [`Process::spawn`] does, to have no more than so many files open at once.
    ///
    /// # Errors
    /// The operating system's.
    pub fn spawn_within(binary: &Path, layout: &Layout, files: u64) -> io::Result<Self> {
        // The limit is set by the shell, whose place the node takes.
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        command.args(["-c", &limited]).arg(binary);
        Self::start(command, layout, &[])
    }

    fn start(mut command: Command, layout: &Layout, options: &[&str]) -> io::Result<Self> {
        let log = layout.root().join(LOG_FILE);
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let child = command
            .args(["run", "--directory"])
            .arg(layout.root())
            .args(options)
            .env("RUST_BACKTRACE", "1")
            .env_remove("CONCORDAT_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        Ok(Self(child))
    }

    /// Ends it at once with SIGKILL: it gets to do nothing more.
    ///
    /// # Errors
    /// The operating system's.
    pub fn kill(mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// The operating system's.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Asks it to end with SIGTERM and waits until it has.
    ///
    /// # Errors
    /// [`Failure`] when it does not end in time or not well.
    pub async fn stop(mut self) -> Result<(), Failure> {
        // The standard library sends SIGKILL only; every POSIX shell can send others.
        let signal = format!("kill -TERM {}", self.0.id());
        let sent = Command::new("sh").args(["-c", &signal]).status();
        sent.map_err(Failure::of("sending SIGTERM"))?;
        let status = wait_until(PATIENCE, "the end after SIGTERM", || {
            ready(self.ended().map_err(Failure::of("waiting for the end")))
        });
        let status = status.await?;
        match status.success() {
            true => Ok(()),
            false => Err(Failure::new(format!("ended with {status}"))),
        }
    }

    /// How many files it has open, sockets and the like included.
    ///
    /// # Errors
    /// When the system does not say, as outside Linux.
    pub fn open_files(&self) -> io::Result<u64> {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.0.id()))?;
        Ok(open.count() as u64)
    }

    /// Bytes of memory that it has in use (`VmRSS`).
    ///
    /// # Errors
    /// When the system does not say, as outside Linux.
    pub fn resident_bytes(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
        let kib: Option<u64> = kib.and_then(|number| number.trim().parse().ok());
        kib.map(|kib| kib << 10)
            .ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a node has written so far, over all its lives.
pub(super) fn log_of(layout: &Layout) -> String {
    let bytes = std::fs::read(layout.root().join(LOG_FILE)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
