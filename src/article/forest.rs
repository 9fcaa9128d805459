//! A row of numbers about a block → whether the block belongs to the article. The trees are data: `forest.tsv`, one tree
//! a line, written by `bench/articles-fit`; a node is `NAME<LIMIT` and its two branches, or a leaf's `=VALUE`. A block
//! is kept when the sum over all trees is above zero.

use super::features;
use super::traits;
use std::sync::LazyLock;

static FOREST: LazyLock<Forest> =
    LazyLock::new(|| parse(include_str!("forest.tsv")).expect("the forest is a part of the program, and tested"));

/// All trees behind each other.
struct Forest {
    nodes: Vec<Node>,
    /// Where each tree begins.
    roots: Vec<u32>,
}

/// A fork, or a leaf.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The limit of a fork, the value of a leaf.
    value: f32,
    /// Of a fork; [`LEAF`] of a leaf.
    column: u16,
    /// Where the branch of what is above the limit begins; the other one follows the fork.
    above: u16,
}

const LEAF: u16 = u16::MAX;

/// How much speaks for a block, in log odds: it belongs to the article above zero. `row` has the columns of
/// [`features::NAMES`], then of [`traits::names`].
pub fn score(row: &[f32]) -> f32 {
    FOREST.roots.iter().map(|root| value(&FOREST.nodes[*root as usize..], row)).sum()
}

fn value(tree: &[Node], row: &[f32]) -> f32 {
    let mut at = 0;
    loop {
        let node = tree[at];
        if node.column == LEAF {
            return node.value;
        }
        at = if row[usize::from(node.column)] <= node.value { at + 1 } else { usize::from(node.above) };
    }
}

/// The names of all columns, in order.
pub fn columns() -> Vec<String> {
    let traits = traits::names().map(|name| format!("part {name}"));
    features::NAMES.iter().map(|name| (*name).to_owned()).chain(traits).collect()
}

fn parse(text: &str) -> Option<Forest> {
    let columns = columns();
    let mut forest = Forest { nodes: Vec::new(), roots: Vec::new() };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut tree = Vec::new();
        let mut words = line.split('\t');
        grow(&mut words, &columns, &mut tree)?;
        if words.next().is_some() {
            return None;
        }
        forest.roots.push(u32::try_from(forest.nodes.len()).ok()?);
        forest.nodes.append(&mut tree);
    }
    Some(forest)
}

fn grow<'a>(words: &mut impl Iterator<Item = &'a str>, columns: &[String], tree: &mut Vec<Node>) -> Option<()> {
    let word = words.next()?;
    if let Some(value) = word.strip_prefix('=') {
        tree.push(Node { value: value.parse().ok()?, column: LEAF, above: 0 });
        return Some(());
    }
    let (name, limit) = word.rsplit_once('<')?;
    let column = columns.iter().position(|column| column == name)?;
    let fork = tree.len();
    tree.push(Node { value: limit.parse().ok()?, column: u16::try_from(column).ok()?, above: 0 });
    grow(words, columns, tree)?;
    tree[fork].above = u16::try_from(tree.len()).ok()?;
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
        assert!(FOREST.roots.len() > 10);
        let mut names = columns();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), columns().len(), "no two columns have one name");
    }

    #[test]
    fn a_tree_is_walked_to_its_leaf() {
        let tree = parse("words<0.5\tp<0.5\t=-1\t=1\t=2").expect("a tree").nodes;
        let mut row = vec![0.0; columns().len()];
        assert!((value(&tree, &row) + 1.0).abs() < 1e-6);
        row[columns().iter().position(|name| name == "p").expect("a column")] = 1.0;
        assert!((value(&tree, &row) - 1.0).abs() < 1e-6);
        row[0] = 0.6;
        assert!((value(&tree, &row) - 2.0).abs() < 1e-6);
        assert!(parse("words<0.5\t=1").is_none() && parse("nothing<0.5\t=1\t=2").is_none());
    }
}
