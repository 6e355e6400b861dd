#![expect(clippy::float_arithmetic, reason = "these tests are about projections")]

mod band;
mod endpoint;
mod evidence;
mod live;
mod made;
mod plan;
mod speed;
mod state;
mod words;
