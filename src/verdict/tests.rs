#![expect(
    clippy::float_cmp,
    reason = "the made figures are exact in binary, or equal by construction"
)]

mod anew;
mod band;
mod endpoint;
mod evidence;
mod hosting;
mod leaving;
mod live;
mod made;
mod minute;
mod months;
mod optimised;
mod oracle;
mod outlook;
mod paid;
mod plan;
mod reserved;
mod restart;
mod rivals;
mod speed;
mod state;
mod stays;
mod touched;
mod words;
