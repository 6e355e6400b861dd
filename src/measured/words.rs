#![expect(clippy::float_arithmetic, reason = "ratios are shown in per cent")]
//! What servers say of themselves, in plain English.

use std::fmt::{self, Write as _};

use super::seen::{CAPTURE_RATIO_MIN, Seen, Window};

/// The window people read: the one the verdict decides on.
const SHOWN: &str = "14d";

/// A paragraph about one upstream.
#[must_use]
pub fn words(seen: &Seen) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, seen);
    text
}

fn write(out: &mut String, seen: &Seen) -> fmt::Result {
    let (up, all) = (seen.up(), seen.servers.len());
    write!(out, "{}, measured: ", seen.upstreams.join(" and "))?;
    if all > 0 {
        write!(out, "{up} of {all} servers answer. ")?;
        for server in &seen.servers {
            if let Some(failure) = &server.failure {
                write!(out, "{}: {failure}. ", server.url)?;
            }
        }
    }
    if let Some(window) = seen.window(SHOWN) {
        if all > 0 {
            tokens(out, window)?;
            load(out, window)?;
        }
        cost(out, seen, window)?;
    }
    while out.ends_with(' ') {
        out.pop();
    }
    writeln!(out)
}

fn tokens(out: &mut String, window: &Window) -> fmt::Result {
    let Some(ratio) = window.capture_ratio() else {
        return write!(out, "Nothing they counted has been compared yet. ");
    };
    write!(
        out,
        "In {} % of the last {} days that could be compared they counted {} tokens in and {} out; \
         tollgate metered {} and {}, {} % of theirs. ",
        percent(window.coverage()),
        window.days,
        window.sums.server_input,
        window.sums.server_output,
        window.sums.metered_input,
        window.sums.metered_output,
        percent(ratio),
    )?;
    if window.passes_by().is_some() {
        write!(
            out,
            "Below {} % calls pass tollgate by: what is said of this hosting is of a part of its work. ",
            percent(CAPTURE_RATIO_MIN)
        )?;
    } else if ratio > 1.0 / CAPTURE_RATIO_MIN {
        write!(
            out,
            "That is more than they counted: a server may be missing in measured_by. "
        )?;
    }
    Ok(())
}

fn load(out: &mut String, window: &Window) -> fmt::Result {
    if let Some(running) = window.running() {
        write!(out, "On average they worked on {running:.1} calls")?;
        if let Some(waiting) = window.waiting() {
            write!(out, ", {waiting:.1} waited")?;
        }
        if let Some(full) = window.cache_use() {
            write!(out, ", the KV cache was {} % full", percent(full))?;
        }
        write!(out, ". ")?;
    }
    if let Some(hits) = window.cache_hit_ratio() {
        let cached = window.metered_cached_ratio().unwrap_or(0.0);
        write!(
            out,
            "Their prefix caches had {} % of the input; their answers called {} % of it cached, \
             which is what a projection knows of. ",
            percent(hits),
            percent(cached)
        )?;
    }
    match window.sums.restarts {
        0 => Ok(()),
        1 => write!(out, "A server began anew once. "),
        times => write!(out, "Servers began anew {times} times. "),
    }
}

fn cost(out: &mut String, seen: &Seen, window: &Window) -> fmt::Result {
    let Some(costs) = &seen.costs else {
        return Ok(());
    };
    if let Some(usd) = window.usd_per_hour() {
        let gpus = window.gpu_usd_per_hour().unwrap_or(0.0);
        write!(
            out,
            "The cluster's cost service says ${usd:.2} an hour for {}, ${gpus:.2} of it for GPUs, over \
             {} hours. ",
            costs.workload, window.sums.cost_hours
        )?;
    }
    match &costs.failure {
        Some(failure) => write!(out, "Its last answer: {failure}. "),
        None => Ok(()),
    }
}

/// Tenths of a per cent.
fn percent(ratio: f64) -> String {
    format!("{:.1}", ratio * 100.0)
}
