//! A bounded map that forgets what was not asked for lately.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Two generations of at most half the capacity: when the younger is full it becomes the older, and
/// the older is forgotten. Costs one lookup or two, and no list to keep in order.
pub(super) struct Cache<K, V> {
    half: usize,
    generations: Mutex<(HashMap<K, V>, HashMap<K, V>)>,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            half: (capacity / 2).max(1),
            generations: Mutex::new((HashMap::new(), HashMap::new())),
        }
    }

    pub(super) fn find(&self, key: &K) -> Option<V> {
        let mut generations = self.generations.lock();
        let (younger, older) = &mut **generations.as_mut().unwrap_or_else(PoisonError::get_mut);
        if let Some(value) = younger.get(key) {
            return Some(value.clone());
        }
        let value = older.get(key)?.clone();
        self.add(younger, older, key.clone(), value.clone());
        Some(value)
    }

    pub(super) fn keep(&self, key: K, value: V) {
        let mut generations = self.generations.lock();
        let (younger, older) = &mut **generations.as_mut().unwrap_or_else(PoisonError::get_mut);
        self.add(younger, older, key, value);
    }

    fn add(&self, younger: &mut HashMap<K, V>, older: &mut HashMap<K, V>, key: K, value: V) {
        if younger.len() >= self.half {
            *older = std::mem::take(younger);
        }
        younger.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_forgets_the_least_lately_asked_and_stays_bounded() {
        let cache = Cache::new(4);
        for key in 0..100 {
            cache.keep(key, key);
            assert_eq!(cache.find(&0), Some(0), "asked for all along");
        }
        assert_eq!(cache.find(&50), None);
        let generations = cache.generations.lock().unwrap();
        assert!(generations.0.len() + generations.1.len() <= 4);
    }
}
