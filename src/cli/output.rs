//! Where commands write: standard output for answers, standard error for complaints; colour only on a terminal.

use serde::Serialize;
use std::io;
use std::io::IsTerminal;
use std::io::Write;

/// The two streams of a command.
pub struct Output {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// Whether answers may be coloured.
    pub colour: bool,
    /// Whether complaints may be.
    pub colour_of_complaints: bool,
}

impl Output {
    /// Standard output and standard error. `NO_COLOR` switches colour off.
    pub fn standard() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            out: Box::new(io::BufWriter::new(io::stdout())),
            err: Box::new(io::stderr()),
            colour: wanted && io::stdout().is_terminal(),
            colour_of_complaints: wanted && io::stderr().is_terminal(),
        }
    }

    /// One line of an answer.
    ///
    /// # Errors
    /// When the reader is gone or the disk is full.
    pub fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.out.write_all(text.as_ref().as_bytes())?;
        self.out.write_all(b"\n")
    }

    /// One JSON object on one line.
    ///
    /// # Errors
    /// As for [`Output::line`].
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.out.write_all(b"\n")
    }

    /// Everything written so far reaches its reader.
    ///
    /// # Errors
    /// As for [`Output::line`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// A complaint, on standard error. Answers come before it.
    pub fn complain(&mut self, text: &str) {
        // Nobody is left to hear that standard error is closed.
        let _unheard = self.out.flush();
        let _unheard = writeln!(self.err, "atalaya: {text}");
    }

    /// A whole text on standard error as it is.
    pub fn complain_text(&mut self, text: &str) {
        let _unheard = self.out.flush();
        let _unheard = self.err.write_all(text.as_bytes());
    }

    /// The stream of answers itself.
    pub fn stream(&mut self) -> &mut dyn Write {
        &mut *self.out
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let _unheard = self.out.flush();
    }
}
