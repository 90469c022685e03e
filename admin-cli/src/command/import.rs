//! `concordat import`: a file to the node, progress to the person, the report to both.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use concordat_protocol::admin::{
    CHUNK_BYTES_MAX, ExitCode, ImportAsk, ProfileChoice, Progress, Reply, Request, RowFilter,
    RowRefusal, Stage,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_bytes::ByteBuf;

use crate::args::Import;
use crate::client::{Client, unexpected};
use crate::command::{Context, files};
use crate::failure::Failure;
use crate::parse;
use crate::report::{self, Report, Words};

pub(super) fn run(args: &Import, context: &Context<'_>) -> Result<Report, Failure> {
    let ask = ask(args)?;
    let words = context.words;
    context.with_node(async |client| {
        let mut bar = Bar::new();
        let mut refused: Vec<RowRefusal> = Vec::new();
        client.send(&Request::Import(ask.clone())).await?;
        if ask.path.is_none()
            && let Err(failure) = send_file(client, &args.file, &mut bar, words).await
        {
            // The node may have said why before it closed the connection.
            return match failure.exit == ExitCode::Unreachable {
                true => match client.next().await {
                    Ok(Reply::Error(error)) => Err(error.into()),
                    Ok(_) | Err(_) => Err(failure),
                },
                // The file, not the node, is what failed.
                false => Err(failure),
            };
        }
        let last = client.rest(|reply| match reply {
            Reply::Progress(progress) => {
                bar.show(&progress, words);
                Ok(())
            }
            Reply::Refused(rows) => {
                refused.extend(rows.rows);
                Ok(())
            }
            other => Err(unexpected(&other)),
        });
        let last = last.await;
        bar.clear();
        match last? {
            Reply::Imported(view) => Ok(report::imported(&view, &refused, words)),
            other => Err(unexpected(&other)),
        }
    })
}

fn ask(args: &Import) -> Result<ImportAsk, Failure> {
    let profile_path = Path::new(&args.profile);
    let inline = profile_path
        .extension()
        .is_some_and(|extension| extension == "toml");
    let (profile_choice, profile) = match inline {
        true => (ProfileChoice::Inline, files::read_text(profile_path)?),
        false => (ProfileChoice::BuiltIn, args.profile.clone()),
    };
    let bytes = match args.on_node {
        true => None,
        false => {
            let metadata = args
                .file
                .metadata()
                .map_err(|error| files::io(&args.file, &error))?;
            if metadata.is_dir() {
                return Err(files::io(&args.file, &ErrorKind::IsADirectory.into()));
            }
            Some(metadata.len())
        }
    };
    let file_name = args
        .file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(ImportAsk {
        profile_choice,
        profile,
        path: args.on_node.then(|| args.file.display().to_string()),
        file_name,
        bytes,
        dry_run: args.dry_run,
        all_or_nothing: args.all_or_nothing,
        issuer: parse::optional_authority("--issuer", args.issuer.as_ref())?,
        filters: filters(&args.filter)?,
    })
}

fn filters(texts: &[String]) -> Result<Vec<RowFilter>, Failure> {
    let filter = |text: &String| {
        let (column, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::value("--where", text, "COLUMN=VALUE"))?;
        Ok(RowFilter {
            column: column.to_owned(),
            value: value.to_owned(),
        })
    };
    texts.iter().map(filter).collect()
}

// spec: ADM-3
async fn send_file(
    client: &mut Client,
    path: &Path,
    bar: &mut Bar,
    words: Words,
) -> Result<(), Failure> {
    let mut file = File::open(path).map_err(|error| files::io(path, &error))?;
    let metadata = file.metadata().map_err(|error| files::io(path, &error))?;
    if metadata.is_dir() {
        return Err(files::io(path, &ErrorKind::IsADirectory.into()));
    }
    let total = metadata.len();
    let mut buffer = vec![0; CHUNK_BYTES_MAX];
    let mut sent = 0;
    loop {
        let count = file
            .read(&mut buffer)
            .map_err(|error| files::io(path, &error))?;
        let Some(chunk) = buffer.get(..count).filter(|chunk| !chunk.is_empty()) else {
            break;
        };
        client
            .send(&Request::ImportChunk(ByteBuf::from(chunk.to_vec())))
            .await?;
        sent += count as u64;
        bar.draw(sent, total, &words.word("sending"));
    }
    client.send(&Request::ImportEnd).await
}

/// A progress bar on standard error; nothing where that is no terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {percent:>3}% {eta}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn show(&mut self, progress: &Progress, words: Words) {
        let stage: Stage = progress.stage;
        let (rows, refused) = (progress.rows.to_string(), progress.refused.to_string());
        let counts = words.fill("import_counts", &[("rows", &rows), ("refused", &refused)]);
        self.draw(
            progress.done,
            progress.total,
            &format!("{} {counts}", words.code(stage)),
        );
    }

    fn draw(&mut self, done: u64, total: u64, message: &str) {
        self.0.set_length(total);
        self.0.set_message(message.to_owned());
        self.0.set_position(done);
    }

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}
