//! A map bounded by number and weight that forgets what was not asked for lately.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Two generations of at most half the capacity and, but for the last thing added, half the weight: when
/// the younger is full it becomes the older, and the older is forgotten. Costs one lookup or two, and no
/// list to keep in order.
pub(super) struct Cache<K, V> {
    half: usize,
    half_weight: usize,
    generations: Mutex<(Generation<K, V>, Generation<K, V>)>,
}

/// Values with their weights, and the sum of these.
struct Generation<K, V> {
    values: HashMap<K, (V, usize)>,
    weight: usize,
}

impl<K, V> Default for Generation<K, V> {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            weight: 0,
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    pub(super) fn new(capacity: usize, weight: usize) -> Self {
        Self {
            half: (capacity / 2).max(1),
            half_weight: weight / 2,
            generations: Mutex::default(),
        }
    }

    pub(super) fn find(&self, key: &K) -> Option<V> {
        let mut generations = self.generations.lock();
        let (younger, older) = &mut **generations.as_mut().unwrap_or_else(PoisonError::get_mut);
        if let Some((value, _)) = younger.values.get(key) {
            return Some(value.clone());
        }
        let (value, weight) = older.values.get(key)?.clone();
        self.add(younger, older, key.clone(), (value.clone(), weight));
        Some(value)
    }

    pub(super) fn keep(&self, key: K, value: V, weight: usize) {
        let mut generations = self.generations.lock();
        let (younger, older) = &mut **generations.as_mut().unwrap_or_else(PoisonError::get_mut);
        self.add(younger, older, key, (value, weight));
    }

    fn add(
        &self,
        younger: &mut Generation<K, V>,
        older: &mut Generation<K, V>,
        key: K,
        (value, weight): (V, usize),
    ) {
        if younger.values.len() >= self.half || younger.weight + weight > self.half_weight {
            *older = std::mem::take(younger);
        }
        younger.weight += weight;
        if let Some((_, before)) = younger.values.insert(key, (value, weight)) {
            younger.weight -= before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_forgets_the_least_lately_asked_and_stays_bounded() {
        let cache = Cache::new(4, 4_000);
        for key in 0..100 {
            cache.keep(key, key, 1);
            assert_eq!(cache.find(&0), Some(0), "asked for all along");
        }
        assert_eq!(cache.find(&50), None);
        let generations = cache.generations.lock().unwrap();
        let (younger, older) = &*generations;
        assert!(younger.values.len() + older.values.len() <= 4);
    }

    /// Thousands of long statements of one organisation stayed in memory after one question.
    // spec: IDX-31
    #[test]
    fn cache_is_bounded_by_the_weight_of_what_it_keeps() {
        let cache = Cache::new(1_000, 400);
        for key in 0..100 {
            cache.keep(key, key, 40);
            cache.keep(key, key, 50);
        }
        let generations = cache.generations.lock().unwrap();
        let (younger, older) = &*generations;
        for generation in [younger, older] {
            let sum: usize = generation.values.values().map(|(_, weight)| weight).sum();
            assert_eq!(sum, generation.weight);
            assert!(sum <= 200, "{sum}");
        }
    }
}
