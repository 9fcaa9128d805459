//! A row of numbers about a block → whether the block belongs to the article. The trees are data: `forest.tsv`, one tree
//! a line, written by `bench/articles-fit`; a node is `NAME<LIMIT` and its two branches, or a leaf's `=VALUE`. A block
//! is kept when the sum over all trees is above zero.

use super::features;
use super::traits;
use std::sync::LazyLock;

static FOREST: LazyLock<Vec<Vec<Node>>> =
    LazyLock::new(|| parse(include_str!("forest.tsv")).expect("the forest is a part of the program, and tested"));

#[derive(Clone, Copy, Debug)]
enum Node {
    /// The column, its limit, and where the branch of what is above the limit begins; the other one follows.
    Fork(usize, f32, usize),
    Leaf(f32),
}

/// How much speaks for a block, in log odds: it belongs to the article above zero. `row` has the columns of
/// [`features::NAMES`], then of [`traits::names`].
pub fn score(row: &[f32]) -> f32 {
    FOREST.iter().map(|tree| value(tree, row)).sum()
}

fn value(tree: &[Node], row: &[f32]) -> f32 {
    let mut at = 0;
    loop {
        match tree[at] {
            Node::Leaf(value) => return value,
            Node::Fork(column, limit, _) if row[column] <= limit => at += 1,
            Node::Fork(_, _, other) => at = other,
        }
    }
}

/// The names of all columns, in order.
pub fn columns() -> Vec<String> {
    let traits = traits::names().map(|name| format!("part {name}"));
    features::NAMES.iter().map(|name| (*name).to_owned()).chain(traits).collect()
}

fn parse(text: &str) -> Option<Vec<Vec<Node>>> {
    let columns = columns();
    let trees = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut tree = Vec::new();
        let mut words = line.split('\t');
        grow(&mut words, &columns, &mut tree)?;
        words.next().is_none().then_some(tree)
    });
    trees.collect()
}

fn grow<'a>(words: &mut impl Iterator<Item = &'a str>, columns: &[String], tree: &mut Vec<Node>) -> Option<()> {
    let word = words.next()?;
    if let Some(value) = word.strip_prefix('=') {
        tree.push(Node::Leaf(value.parse().ok()?));
        return Some(());
    }
    let (name, limit) = word.rsplit_once('<')?;
    let column = columns.iter().position(|column| column == name)?;
    let fork = tree.len();
    let limit = limit.parse().ok()?;
    tree.push(Node::Fork(column, limit, 0));
    grow(words, columns, tree)?;
    tree[fork] = Node::Fork(column, limit, tree.len());
    grow(words, columns, tree)
}

#[cfg(test)]
mod tests {
    use super::FOREST;
    use super::columns;
    use super::parse;
    use super::value;

    #[test]
    fn the_forest_is_whole() {
        assert!(FOREST.len() > 10);
        let mut names = columns();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), columns().len(), "no two columns have one name");
    }

    #[test]
    fn a_tree_is_walked_to_its_leaf() {
        let trees = parse("words<0.5\tp<0.5\t=-1\t=1\t=2").expect("a tree");
        let mut row = vec![0.0; columns().len()];
        assert!((value(&trees[0], &row) + 1.0).abs() < 1e-6);
        row[columns().iter().position(|name| name == "p").expect("a column")] = 1.0;
        assert!((value(&trees[0], &row) - 1.0).abs() < 1e-6);
        row[0] = 0.6;
        assert!((value(&trees[0], &row) - 2.0).abs() < 1e-6);
        assert!(parse("words<0.5\t=1").is_none() && parse("nothing<0.5\t=1\t=2").is_none());
    }
}
