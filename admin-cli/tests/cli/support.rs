//! The binary under test, and a node that answers from a script.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread::{self, JoinHandle};

use concordat_net::SocketPath;
use concordat_protocol::admin::{Reply, Request, SOCKET_FILE};
use serde_json::Value;

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Standard output as the one JSON object that it must be.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{}", self.out);
        serde_json::from_str(&self.out).unwrap()
    }

    /// Asserts the exit code and shows what was printed when it is another.
    #[track_caller]
    pub(crate) fn exits(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "out: {}\nerr: {}", self.out, self.err);
        self
    }
}

/// Runs the binary without terminal and with an environment of its own.
pub(crate) fn concordat(arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concordat"));
    command.args(arguments).env_clear().env("COLUMNS", "100");
    finish(command.output().unwrap())
}

/// The same with one variable set.
pub(crate) fn concordat_in(variable: (&str, &str), arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concordat"));
    command
        .args(arguments)
        .env_clear()
        .env(variable.0, variable.1);
    finish(command.output().unwrap())
}

/// Runs the binary with a disk that is full in the place of standard output.
pub(crate) fn concordat_without_room(arguments: &[&str]) -> Ran {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_concordat"));
    command.args(arguments).env_clear().stdout(full);
    finish(command.output().unwrap())
}

fn finish(output: Output) -> Ran {
    Ran {
        exit: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A node at `directory/admin.sock` that takes one connection, answers each request with the replies
/// that `script` gives and returns the requests.
pub(crate) fn fake_node(
    directory: &Path,
    script: impl Fn(&Request) -> Vec<Reply> + Send + 'static,
) -> JoinHandle<Vec<Request>> {
    let socket = SocketPath::of(&directory.join(SOCKET_FILE)).unwrap();
    let listener = UnixListener::bind(socket.as_path()).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut requests = Vec::new();
        while let Some(request) = read(&mut stream) {
            for reply in script(&request) {
                write(&mut stream, &reply);
            }
            requests.push(request);
        }
        requests
    })
}

fn read(stream: &mut UnixStream) -> Option<Request> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut frame).unwrap();
    Some(Request::decode(&frame).unwrap())
}

fn write(stream: &mut UnixStream, reply: &Reply) {
    let frame = reply.encode().unwrap();
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    // A tool that ends early, as watch does, reads no further.
    let _ = stream
        .write_all(&length)
        .and_then(|()| stream.write_all(&frame));
}
