//! (key, item) pairs → each key's items in one flat list: eight bytes an item where a list of its own would take forty.

/// For each key from 0 on the items that were given with it, in their order.
#[derive(Clone, Debug)]
pub struct Lists<T> {
    /// Where each key's items begin; one more than there are keys.
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy> Lists<T> {
    /// Of `keys` keys; pairs with another key are left out.
    pub fn of(keys: usize, mut pairs: Vec<(u32, T)>) -> Self {
        pairs.retain(|&(key, _)| (key as usize) < keys);
        pairs.sort_by_key(|&(key, _)| key);
        let mut starts = vec![0_u32; keys + 1];
        for &(key, _) in &pairs {
            starts[key as usize + 1] += 1;
        }
        for key in 0..keys {
            starts[key + 1] += starts[key];
        }
        Self { starts, items: pairs.iter().map(|&(_, item)| item).collect() }
    }

    /// The items of a key.
    pub fn get(&self, key: u32) -> &[T] {
        let key = key as usize;
        match (self.starts.get(key), self.starts.get(key + 1)) {
            (Some(&start), Some(&end)) => &self.items[start as usize..end as usize],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lists;

    #[test]
    fn each_key_has_its_items_in_their_order() {
        let lists = Lists::of(3, vec![(2, 'a'), (0, 'b'), (2, 'c'), (7, 'x')]);
        assert_eq!([lists.get(0), lists.get(1), lists.get(2), lists.get(3)], [&['b'][..], &[], &['a', 'c'], &[]]);
    }
}
