//! Where `try` takes its input from: files, plain or gzipped, and lines of standard input.

use flate2::read::MultiGzDecoder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::IsTerminal;
use std::io::Read;
use std::io::Write;
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

/// A line of standard input that is not what is expected.
#[derive(Debug, Serialize)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// The `id` that it gives, if it is an object at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// What is wrong with it.
    pub error: String,
}

/// The objects on the lines of standard input, and what is wrong with the lines that hold none. Empty lines are passed
/// over.
///
/// # Errors
/// When standard input cannot be read.
pub fn objects<T: DeserializeOwned>() -> impl Iterator<Item = io::Result<Result<T, BadLine>>> {
    if io::stdin().is_terminal() {
        // A hint that nobody hears does no harm.
        let _unheard = writeln!(io::stderr(), "atalaya: reading JSON lines from the terminal; end with Ctrl-D");
    }
    objects_of(io::stdin().lock())
}

/// As [`objects`], of anything that is read.
///
/// # Errors
/// When it cannot be read.
pub fn objects_of<T: DeserializeOwned>(reader: impl BufRead) -> impl Iterator<Item = io::Result<Result<T, BadLine>>> {
    reader.split(b'\n').enumerate().filter_map(|(index, bytes)| match bytes {
        Err(error) => Some(Err(error)),
        Ok(bytes) => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).trim_ascii();
            (!bytes.is_empty()).then(|| Ok(object(index + 1, bytes)))
        }
    })
}

fn object<T: DeserializeOwned>(line: usize, bytes: &[u8]) -> Result<T, BadLine> {
    serde_json::from_slice(bytes).map_err(|error| {
        let given = serde_json::from_slice::<Value>(bytes).ok();
        let id = given.and_then(|mut given| given.get_mut("id").map(Value::take));
        BadLine { line, id, error: format!("line {line} is not what is expected: {error}") }
    })
}
