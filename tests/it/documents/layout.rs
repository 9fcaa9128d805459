//! JSON on one line → the same laid out for reading, keys in their order.

/// The widest line.
const WIDTH: usize = 116;

enum Node<'a> {
    Leaf(&'a str),
    Many { open: char, close: char, parts: Vec<(Option<&'a str>, Node<'a>)> },
}

/// Lays out one value.
pub fn laid_out(json: &str) -> String {
    let mut at = 0;
    let node = node(json, &mut at);
    let mut out = String::new();
    write(&node, 0, 0, &mut out);
    out
}

fn node<'a>(json: &'a str, at: &mut usize) -> Node<'a> {
    let begins = json[*at..].chars().next().expect("a value");
    let close = match begins {
        '{' => '}',
        '[' => ']',
        _ => return Node::Leaf(leaf(json, at)),
    };
    *at += 1;
    let mut parts = Vec::new();
    loop {
        match json[*at..].chars().next().expect("an end") {
            it if it == close => break,
            ',' => *at += 1,
            _ if close == '}' => {
                let key = leaf(json, at);
                *at += 1;
                parts.push((Some(key), node(json, at)));
            }
            _ => parts.push((None, node(json, at))),
        }
    }
    *at += 1;
    Node::Many { open: begins, close, parts }
}

/// A string, number or word, as it stands.
fn leaf<'a>(json: &'a str, at: &mut usize) -> &'a str {
    let rest = &json[*at..];
    let mut escaped = false;
    let length = if let Some(inner) = rest.strip_prefix('"') {
        let end = inner.find(|it| {
            let ends = it == '"' && !escaped;
            escaped = it == '\\' && !escaped;
            ends
        });
        end.expect("a string ends") + 2
    } else {
        rest.find([',', '}', ']', ':']).unwrap_or(rest.len())
    };
    *at += length;
    &rest[..length]
}

fn write(node: &Node<'_>, indent: usize, used: usize, out: &mut String) {
    match node {
        Node::Leaf(text) => out.push_str(text),
        Node::Many { open, close, parts } => {
            let flat = flat(node);
            if flat.chars().count() + used <= WIDTH {
                out.push_str(&flat);
                return;
            }
            out.push(*open);
            for (index, (key, part)) in parts.iter().enumerate() {
                let head = key.map(|key| format!("{key}: ")).unwrap_or_default();
                out.push_str(if index > 0 { ",\n" } else { "\n" });
                out.push_str(&" ".repeat(indent + 2));
                out.push_str(&head);
                write(part, indent + 2, indent + 2 + head.chars().count(), out);
            }
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            out.push(*close);
        }
    }
}

fn flat(node: &Node<'_>) -> String {
    match node {
        Node::Leaf(text) => (*text).to_owned(),
        Node::Many { open, close, parts } => {
            let parts: Vec<String> = parts
                .iter()
                .map(|(key, part)| format!("{}{}", key.map(|key| format!("{key}: ")).unwrap_or_default(), flat(part)))
                .collect();
            let space = if *open == '{' && !parts.is_empty() { " " } else { "" };
            format!("{open}{space}{}{space}{close}", parts.join(", "))
        }
    }
}

mod tests {
    use super::laid_out;

    #[test]
    fn short_values_stay_on_their_line_and_long_ones_are_broken() {
        let short = r#"{"a":[1,"x, \"}"],"b":{},"c":null}"#;
        assert_eq!(laid_out(short), r#"{ "a": [1, "x, \"}"], "b": {}, "c": null }"#);
        let long = format!(r#"{{"a":"{}","b":[1,2]}}"#, "x".repeat(120));
        assert_eq!(laid_out(&long), format!("{{\n  \"a\": \"{}\",\n  \"b\": [1, 2]\n}}", "x".repeat(120)));
    }
}
