//! Which models have refused to be asked for their usage.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Models remembered of one upstream. Names come from clients, so the oldest gives way: it is asked,
/// and refuses, once more.
const REFUSERS_MAX: usize = 256;

/// The models of one upstream, as clients name them.
#[derive(Default)]
pub(super) struct Refusers(Mutex<VecDeque<String>>);

impl Refusers {
    pub(super) fn has(&self, model: &str) -> bool {
        self.models().iter().any(|known| known == model)
    }

    pub(super) fn remember(&self, model: &str) {
        let mut models = self.models();
        if models.iter().any(|known| known == model) {
            return;
        }
        if models.len() == REFUSERS_MAX {
            models.pop_front();
        }
        models.push_back(model.to_owned());
    }

    fn models(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_model_gives_way_and_none_stands_twice() {
        let refusers = Refusers::default();
        for model in 0..=REFUSERS_MAX {
            refusers.remember(&model.to_string());
            refusers.remember(&model.to_string());
        }
        assert_eq!(refusers.models().len(), REFUSERS_MAX);
        assert!(!refusers.has("0"));
        assert!(refusers.has("1"));
    }
}
