//! A backtest for a terminal: tables and two charts.

use comfy_table::{CellAlignment, Table, presets};

use super::sheets::{self, Sheet};
use super::{PricedTrace, Study, Traced, chart, facts};
use crate::cli::output::wrapped;
use crate::economics::HostPlan;
use crate::economics::backtest::Hosting;

/// Everything, for so many columns.
pub(super) fn render(study: &Study<'_>, width: usize) -> String {
    let mut out = String::new();
    for traced in &study.traces {
        trace(study, traced, width, &mut out);
    }
    out.push('\n');
    for line in facts::LEGEND {
        out.push_str(&wrapped(line, "  "));
    }
    out
}

fn trace(study: &Study<'_>, traced: &Traced, width: usize, out: &mut String) {
    out.extend([format!("\n{}\n", traced.trace.name)]);
    say(&facts::of_trace(traced), out);
    say(&facts::of_latency(study, traced), out);
    for (tariff, priced) in study.tariffs.iter().zip(&traced.priced) {
        out.extend([format!("\n{} {}\n\n", tariff.id, tariff.on(study.at))]);
        table(&sheets::ways(study, priced, &tariff.model), out);
        out.push('\n');
        table(&sheets::fleets(study, priced), out);
        say(&facts::of_price(study, priced, &tariff.model), out);
        charts(study, priced, width, out);
    }
    out.push_str("\nWhat a calculator of averages says\n\n");
    table(&sheets::averages(study, traced), out);
}

/// The plan with the largest saving, if any can be hosted.
fn cheapest<'a>(
    study: &'a Study<'_>,
    priced: &'a PricedTrace,
) -> Option<(&'a HostPlan, &'a Hosting)> {
    let saving = |hosting: &Hosting| {
        let scored = hosting.hindsight.as_ref()?;
        Some(scored.hosted.band.expected.savings_usd)
    };
    let plans = study.known.plans.iter().zip(&priced.comparison.plans);
    let scored = plans.filter_map(|pair| Some((saving(pair.1)?, pair)));
    let best = scored.max_by(|x, y| x.0.total_cmp(&y.0));
    best.map(|(_, pair)| pair)
}

/// The charts of the plan that costs least.
fn charts(study: &Study<'_>, priced: &PricedTrace, width: usize, out: &mut String) {
    let Some((plan, hosting)) = cheapest(study, priced) else {
        return;
    };
    let title = format!(
        "\n{}: load in replicas filled to their target, and the fleet (─)\n\n",
        plan.name
    );
    out.push_str(&title);
    out.push_str(&chart::load(plan, &priced.traffic, width));
    out.push_str("\nCost a month against volume: API (·), plan (*), break-even (^)\n\n");
    out.push_str(&chart::volume(plan, hosting, priced, width));
}

fn say(lines: &[String], out: &mut String) {
    for line in lines {
        out.push_str(&wrapped(line, "  "));
    }
}

fn table(sheet: &Sheet, out: &mut String) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(sheet.header);
    for row in &sheet.rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in table.lines() {
        out.extend([format!(" {}\n", line.trim_end())]);
    }
}
