//! What the figures of a decision come down to.

use super::{Figures, Rest};

impl Rest {
    pub(super) fn of(figures: &Figures) -> Self {
        let burden_from = figures.from.max(figures.served);
        Self {
            same: (figures.subject, figures.item, figures.penalty),
            lifted: false,
            fine: figures.fine,
            classes: figures.classes.clone(),
            duties: figures.duties.clone(),
            from: if figures.penalty {
                burden_from
            } else {
                figures.from
            },
            until: figures.until,
            burden_from,
            burden_until: figures.until,
            publication: figures.publication,
        }
    }

    /// Whether anything of it burdens.
    pub(super) fn burdens(&self) -> bool {
        let sums = self.fine > 0 || !self.classes.is_empty() || !self.duties.is_empty();
        !self.lifted && (self.same.2 || sums)
    }

    pub(super) fn lift(&mut self) {
        self.lifted = true;
        self.fine = 0;
        self.classes.clear();
        self.duties.clear();
    }

    pub(super) fn meet(&mut self, other: &Self) {
        if self.same != other.same {
            return self.lift();
        }
        if other.lifted {
            self.lift();
        }
        self.fine = self.fine.min(other.fine);
        self.classes = &self.classes & &other.classes;
        let both = |(measure, until): (&u8, &i32)| {
            let theirs = other.duties.get(measure)?;
            Some((*measure, *until.min(theirs)))
        };
        self.duties = self.duties.iter().filter_map(both).collect();
        self.publication = self.publication.min(other.publication);
        self.burden_from = self.burden_from.max(other.burden_from);
        self.burden_until = match (self.burden_until, other.burden_until) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        if self.same.2 {
            (self.from, self.until) = (self.burden_from, self.burden_until);
        } else {
            let unending = self.until.is_none() || other.until.is_none();
            self.from = self.from.min(other.from);
            self.until = if unending {
                None
            } else {
                self.until.max(other.until)
            };
        }
    }
}
