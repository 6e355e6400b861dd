//! What is known of GPUs, of the price of their hours, and of models: dated rows that plans name.

mod nearest;
mod rows;

pub use nearest::nearest;
pub use rows::{Gpu, Misfit, Offer, OfferKind, Published, Replica, Row, Shape};

/// All rows, ours and the user's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// Data sheets.
    pub gpus: Vec<Gpu>,
    /// Prices of GPU hours.
    pub offers: Vec<Offer>,
    /// Shapes of models.
    pub models: Vec<Shape>,
    /// Throughput somebody measured and published.
    pub published: Vec<Published>,
}

/// Adds a row; one of the same key gives way to it.
pub fn put<R: Row>(rows: &mut Vec<R>, row: R) {
    match rows.iter_mut().find(|known| known.key() == row.key()) {
        Some(known) => *known = row,
        None => rows.push(row),
    }
}

/// The row of a key, or the keys that look most like it, best first.
///
/// # Errors
/// The nearest keys, at most three; none if nothing is alike.
pub fn find<'r, R: Row>(rows: &'r [R], key: &str) -> Result<&'r R, Vec<String>> {
    let found = rows.iter().find(|row| row.key() == key);
    found.ok_or_else(|| nearest(key, rows.iter().map(Row::key)))
}

impl Catalogue {
    /// The offers for a GPU.
    pub fn offers_of(&self, gpu: &str) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(move |offer| offer.gpu == gpu)
    }

    /// What is published of a model, whatever it ran on.
    pub fn published_of(&self, model: &str) -> impl Iterator<Item = &Published> {
        let rows = self.published.iter();
        rows.filter(move |row| row.replica.model == model)
    }
}
