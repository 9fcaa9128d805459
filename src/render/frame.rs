//! The templates of all mails, and the frame that they share: its colours, its dark mode, its width.

use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::Output;
use minijinja::State;
use minijinja::Value;
use minijinja::syntax::SyntaxConfig;
use std::fmt::Write;

/// All templates, ready to be rendered.
///
/// # Errors
/// When one of them is not well formed.
pub(super) fn templates() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    templates
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    templates.set_formatter(escaped);
    for (name, text) in [
        ("digest.html", include_str!("templates/digest.html")),
        ("digest.txt", include_str!("templates/digest.txt")),
        ("frame.html", include_str!("templates/frame.html")),
        ("mail.html", include_str!("templates/mail.html")),
        ("mail.txt", include_str!("templates/mail.txt")),
        ("earlier.html", include_str!("templates/earlier.html")),
        ("earlier.txt", include_str!("templates/earlier.txt")),
        ("notice.html", include_str!("templates/notice.html")),
        ("notice.txt", include_str!("templates/notice.txt")),
    ] {
        templates.add_template(name, text)?;
    }
    Ok(templates)
}

/// What an expression of a template becomes. minijinja's own also turns each `/` into six characters, which is safe but
/// makes addresses long and hard to check by eye.
fn escaped(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let text = value.to_string();
    if matches!(state.auto_escape(), AutoEscape::None) || value.is_safe() {
        return out.write_str(&text).map_err(minijinja::Error::from);
    }
    for character in text.chars() {
        match character {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            other => out.write_char(other),
        }?;
    }
    Ok(())
}
