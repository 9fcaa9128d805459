//! Diagnostics → text for people (with colour on a terminal, without in a pipe) or JSON lines for programs.

use super::diagnostic::Diagnostic;
use super::diagnostic::Diagnostics;
use super::diagnostic::Severity;
use super::place::Quote;
use miette::GraphicalReportHandler;
use miette::GraphicalTheme;
use miette::LabeledSpan;
use miette::MietteError;
use miette::MietteSpanContents;
use miette::SourceCode;
use miette::SourceSpan;
use miette::SpanContents;
use owo_colors::OwoColorize;
use std::fmt;

/// Where nobody says how wide the terminal is.
const WIDTH: usize = 100;

/// Each diagnostic as its one-line form, the quoted line with a label, and the remedy. `width` is the terminal's, in
/// columns; without `colour` it is drawn in ASCII, so that it can be piped, mailed and logged.
pub fn text(diagnostics: &[Diagnostic], colour: bool, width: usize) -> String {
    let mut theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
    // The one-line form begins its line and stands on one line, so that editors and `grep` find it.
    theme.characters.error = String::new();
    theme.characters.warning = String::new();
    theme.styles.error = owo_colors::Style::new();
    theme.styles.warning = owo_colors::Style::new();
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_wrap_lines(false)
        .with_context_lines(1)
        .with_links(false);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let shown = Shown::new(diagnostic, colour, width);
        let mut one = String::new();
        // Writing to a String cannot fail, and a quote is always within its line; the one-line form is the fallback.
        if handler.render_report(&mut one, &shown).is_err() {
            one = format!("{diagnostic}\n");
        }
        for line in one.trim_start().trim_end().lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

impl Diagnostic {
    /// The one-line form, the quoted line with a label, and the remedy, for a terminal of 100 columns.
    pub fn render(&self, colour: bool) -> String {
        text(std::slice::from_ref(self), colour, WIDTH)
    }

    /// `file`, `line`, `column` (null without a place), `message`, `help`, `severity`.
    pub fn to_json(&self) -> serde_json::Value {
        let position = self.position();
        serde_json::json!({
            "file": self.file,
            "line": position.map(|(line, _)| line),
            "column": position.map(|(_, column)| column),
            "message": self.message,
            "help": self.help,
            "severity": self.severity.as_str(),
        })
    }
}

impl Diagnostics {
    /// All of them, as [`Diagnostic::render`].
    pub fn render(&self, colour: bool) -> String {
        text(&self.0, colour, WIDTH)
    }
}

/// A diagnostic in the form that miette draws.
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    headline: String,
    help: String,
    quoted: Option<QuotedLine>,
}

impl<'a> Shown<'a> {
    fn new(diagnostic: &'a Diagnostic, colour: bool, width: usize) -> Self {
        let quoted = diagnostic.place.as_ref().map(|place| {
            let (line, column) = place.position();
            QuotedLine { name: diagnostic.file.clone(), line, column, quote: clipped(place.quote(), width) }
        });
        let headline = if colour { coloured(diagnostic) } else { diagnostic.to_string() };
        Self { diagnostic, headline, help: wrapped(&diagnostic.help, width.saturating_sub("  help: ".len())), quoted }
    }
}

/// The part of a long line that holds the place, so that no terminal breaks it.
fn clipped(quote: Quote, width: usize) -> Quote {
    const ELLIPSIS: &str = "...";
    let room = width.saturating_sub(10).max(40);
    let Quote { text, span } = quote;
    if text.chars().count() <= room {
        return Quote { text, span };
    }
    let before = text[..span.start].chars().count();
    let marked = text[span.clone()].chars().count().min(room);
    // What stands before explains more than what follows.
    let first = before.saturating_sub((room - marked) * 2 / 3);
    let byte = |letter: usize| text.char_indices().nth(letter).map_or(text.len(), |(at, _)| at);
    let (start, end) = (byte(first), byte(first + room));
    let head = if start > 0 { ELLIPSIS } else { "" };
    let tail = if end < text.len() { ELLIPSIS } else { "" };
    let moved = |at: usize| at.clamp(start, end) - start + head.len();
    Quote { span: moved(span.start)..moved(span.end), text: format!("{head}{}{tail}", &text[start..end]) }
}

fn coloured(diagnostic: &Diagnostic) -> String {
    let place = match diagnostic.position() {
        Some((line, column)) => format!("{}:{line}:{column}:", diagnostic.file),
        None => format!("{}:", diagnostic.file),
    };
    let severity = diagnostic.severity.as_str();
    match diagnostic.severity {
        Severity::Error => format!("{} {}: {}", place.bold(), severity.red().bold(), diagnostic.message),
        Severity::Warning => format!("{} {}: {}", place.bold(), severity.yellow().bold(), diagnostic.message),
    }
}

/// Breaks at spaces, so that no line has more than `width` characters where that is possible.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for (index, paragraph) in text.lines().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let mut length = 0;
        for word in paragraph.split(' ') {
            let word_length = word.chars().count();
            if length > 0 && length + 1 + word_length > width {
                out.push('\n');
                length = 0;
            } else if length > 0 {
                out.push(' ');
                length += 1;
            }
            out.push_str(word);
            length += word_length;
        }
    }
    out
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.diagnostic, formatter)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.headline)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.quoted.as_ref().map(|quoted| quoted as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = &self.quoted.as_ref()?.quote.span;
        let label = (!self.diagnostic.label.is_empty()).then(|| self.diagnostic.label.clone());
        Some(Box::new(std::iter::once(LabeledSpan::new(label, span.start, span.len()))))
    }
}

/// The one line that is shown. miette never sees the rest of the file, nor an unmasked secret.
struct QuotedLine {
    name: String,
    line: usize,
    column: usize,
    quote: Quote,
}

impl SourceCode for QuotedLine {
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        context_lines_before: usize,
        _context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // miette asks without context for the position in the frame's head, and with context for the lines to draw.
        let column = if context_lines_before == 0 { self.column - 1 } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.quote.text.as_bytes(),
            (0, self.quote.text.len()).into(),
            self.line - 1,
            column,
            1,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::Quote;
    use super::clipped;
    use super::wrapped;

    #[test]
    fn a_long_line_is_clipped_around_its_place() {
        let text = format!("{}HERE{}", "ñ".repeat(300), "x".repeat(300));
        for (width, length) in [(80, 76), (1000, 604)] {
            let quote = clipped(Quote { span: 600..604, text: text.clone() }, width);
            assert_eq!(&quote.text[quote.span.clone()], "HERE");
            assert_eq!(quote.text.chars().count(), length);
        }
        let all = clipped(Quote { span: 0..text.len(), text: text.clone() }, 80);
        assert_eq!(all.span, 0..all.text.len() - 3);
        let end = clipped(Quote { span: text.len()..text.len(), text }, 80);
        assert_eq!(end.span, end.text.len()..end.text.len());
    }

    #[test]
    fn help_is_broken_at_spaces() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("unbreakable words", 4), "unbreakable\nwords");
        assert_eq!(wrapped("a\nb", 4), "a\nb");
    }
}
