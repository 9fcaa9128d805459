//! The table of docs/polling.md: every line of the checklist has a row, and every test that it names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// (line, tests that it names, the row) of each row.
fn rows() -> Vec<(u32, Vec<String>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/polling.md")).expect("docs/polling.md");
    text.lines()
        .filter_map(|row| {
            let number = row.strip_prefix("| ")?.split(' ').next()?.parse().ok()?;
            let tests = row.split('`').skip(1).step_by(2).filter(|word| word.contains(".rs::"));
            Some((number, tests.map(str::to_owned).collect(), row.to_owned()))
        })
        .collect()
}

#[test]
fn every_line_of_the_checklist_has_one_row_and_a_test_or_a_not_yet() {
    let rows = rows();
    let lines: Vec<u32> = rows.iter().map(|(line, ..)| *line).collect();
    assert_eq!(lines, (1..=46).collect::<Vec<_>>());
    for (line, tests, row) in &rows {
        assert!(
            !tests.is_empty() || row.contains("not yet") || row.contains("see "),
            "line {line} shows nothing: {row}"
        );
        assert_eq!(row.matches(" | ").count(), 3, "line {line} has four cells: {row}");
    }
}

#[test]
fn every_test_that_the_table_names_exists_and_every_such_test_is_in_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = BTreeSet::new();
    for (line, tests, _) in rows() {
        for test in tests {
            let (file, name) = test.split_once("::").expect("file::name");
            let source = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(source.contains(&format!("fn {name}(")), "line {line}: {file} has no test {name}");
            let of_this_line = name.starts_with(&format!("line_{line:02}_"));
            assert!(of_this_line || !name.starts_with("line_"), "line {line} names {name}");
            named.insert(test);
        }
    }
    for folder in ["tests/it/polling", "src/poll", "src/net"] {
        for entry in fs::read_dir(root.join(folder)).expect(folder) {
            let path = entry.expect("an entry").path();
            let file = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            let source =
                if path.ends_with("table.rs") { String::new() } else { fs::read_to_string(&path).unwrap_or_default() };
            for name in source.split("fn line_").skip(1).filter_map(|rest| rest.split('(').next()) {
                let test = format!("{file}::line_{name}");
                assert!(named.contains(&test), "{test} is not in docs/polling.md");
            }
        }
    }
}
