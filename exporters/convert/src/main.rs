//! `atelier-convert FILE --to FORMAT`: a recording as what other tools open. `cargo xtask convert` runs it.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use atelier_exporters::recording::{ConvertError, Converted, Format, convert};
use clap::Parser;

/// Converts a recording of Atelier, the file that `recording.stop()` gave.
#[derive(Parser)]
#[command(name = "cargo xtask convert", version)]
struct Options {
    /// The recording.
    file: PathBuf,
    /// Into what: `text` for people, `perfetto` for ui.perfetto.dev, `otlp` for collectors, `hlog` for HdrHistogram's tools.
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    to: Format,
    /// Where to; standard output when nothing is said.
    #[arg(short, long, value_name = "OUT")]
    out: Option<PathBuf>,
}

fn format(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        format!("there are {}", known.join(", "))
    })
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let Options { file, to, out } = options;
    let recording = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let converted = match out {
        None if *to != Format::Text && io::stdout().is_terminal() => {
            bail!("{} is not for reading on a terminal; say where it should go with -o OUT", to.name())
        }
        None => match convert(&recording, *to, &mut BufWriter::new(io::stdout().lock())) {
            // Who reads no more (`| head`) has what it wanted.
            Err(ConvertError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            converted => converted.with_context(|| file.display().to_string())?,
        },
        Some(out) => into_file(&recording, *to, out).with_context(|| file.display().to_string())?,
    };
    if converted.cut {
        eprintln!("warning: the recording was cut; what came after the cut is missing");
    }
    if converted.unknown > 0 {
        eprintln!("warning: {} items are of a newer Atelier and were passed over", converted.unknown);
    }
    Ok(())
}

/// Writes beside the file first, so that what was there stays when something goes wrong.
fn into_file(recording: &[u8], to: Format, out: &Path) -> Result<Converted> {
    let mut beside = out.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let cannot = || format!("cannot write {}", out.display());
    let mut writer = BufWriter::new(File::create(&beside).with_context(cannot)?);
    let written = convert(recording, to, &mut writer).map_err(anyhow::Error::from).and_then(|converted| {
        writer.flush().and_then(|()| std::fs::rename(&beside, out)).with_context(cannot).map(|()| converted)
    });
    if written.is_err() {
        // Whether it goes or stays, it is of no use.
        let _ = std::fs::remove_file(&beside);
    }
    written
}
