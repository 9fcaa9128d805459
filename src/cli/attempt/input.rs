//! Where `try` takes its input from: files, plain or gzipped, and lines of standard input.

use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::IsTerminal;
use std::io::Read;
use std::path::Path;

/// The longest input that is read, after decompression: more than any page that the daemon would take.
const LONGEST: u64 = 128 << 20;

/// A file's bytes, decompressed if they are gzip, whatever the file's name says; `-` is standard input.
///
/// # Errors
/// When the file cannot be read, or is longer than 128 MiB.
pub fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(LONGEST + 1).read_to_end(&mut raw)?;
    } else {
        File::open(file)?.take(LONGEST + 1).read_to_end(&mut raw)?;
    }
    if raw.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        MultiGzDecoder::new(raw.as_slice()).take(LONGEST + 1).read_to_end(&mut plain)?;
        raw = plain;
    }
    if raw.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 128 MiB"));
    }
    Ok(raw)
}

/// The objects on the lines of standard input, each with its line number from 1, and what is wrong with those that
/// are none. Empty lines are passed over.
///
/// # Errors
/// When standard input cannot be read.
pub fn objects<T: DeserializeOwned>() -> impl Iterator<Item = io::Result<(usize, Result<T, String>)>> {
    if io::stdin().is_terminal() {
        tracing::info!("reading JSON lines from the terminal; end with Ctrl-D");
    }
    io::stdin().lock().lines().enumerate().filter_map(|(index, line)| match line {
        Err(error) => Some(Err(error)),
        Ok(line) if line.trim().is_empty() => None,
        Ok(line) => Some(Ok((
            index + 1,
            serde_json::from_str(&line).map_err(|error| format!("line {} is not what is expected: {error}", index + 1)),
        ))),
    })
}
