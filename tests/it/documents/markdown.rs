//! Markdown → its fenced blocks, its code, its links and the names of its headings. As much of Markdown as these
//! documents use.

/// A fenced block.
pub struct Block<'a> {
    /// What stands behind the fence, such as `toml atalaya.toml`.
    pub info: &'a str,
    /// What stands between the fences.
    pub text: &'a str,
    /// The line of the opening fence, from 1.
    pub line: usize,
    /// The bytes of `text` in the document.
    pub span: std::ops::Range<usize>,
}

impl Block<'_> {
    /// The first word behind the fence.
    pub fn language(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or_default()
    }

    /// The second one: the file that the block is.
    pub fn file(&self) -> Option<&str> {
        self.info.split_whitespace().nth(1)
    }
}

/// The fenced blocks of a document, in order.
pub fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize, usize)> = None;
    let mut at = 0;
    for (number, line) in document.split_inclusive('\n').enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            open = match open {
                None => Some((info.trim(), number + 1, at + line.len())),
                Some((info, line, start)) => {
                    blocks.push(Block { info, text: &document[start..at], line, span: start..at });
                    None
                }
            };
        }
        at += line.len();
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

/// Everything in code, with its line: the lines of fenced and of indented blocks, and what stands between backticks.
pub fn code(document: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in document.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            found.push((number + 1, line.trim().to_owned()));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(|code| (number + 1, code.to_owned())));
        }
    }
    found
}

/// The targets of links and images, with their lines.
pub fn links(document: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in document.lines().enumerate() {
        fenced ^= line.starts_with("```");
        if fenced {
            continue;
        }
        for behind in line.split("](").skip(1) {
            found.extend(behind.split(')').next().map(|target| (number + 1, target.to_owned())));
        }
    }
    found
}

/// The anchors of the headings: lower case, spaces as hyphens, without other signs.
pub fn anchors(document: &str) -> Vec<String> {
    let headings = document
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    headings
        .map(|heading| {
            heading
                .to_lowercase()
                .chars()
                .filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'))
                .map(|it| if it == ' ' { '-' } else { it })
                .collect()
        })
        .collect()
}

mod tests {
    use super::*;

    #[test]
    fn blocks_code_links_and_headings_are_found() {
        let document = "# A `b` c\n\n```toml x.toml\na = 1\n```\n[d](e.md#f) and `g h`\n\n    i j\n";
        let blocks = blocks(document);
        assert_eq!((blocks[0].language(), blocks[0].file(), blocks[0].text), ("toml", Some("x.toml"), "a = 1\n"));
        assert_eq!(blocks[0].line, 3);
        let code: Vec<String> = code(document).into_iter().map(|(_, code)| code).collect();
        assert_eq!(code, ["b", "a = 1", "g h", "i j"]);
        assert_eq!(links(document), [(6, "e.md#f".to_owned())]);
        assert_eq!(anchors(document), ["a-b-c"]);
    }
}
