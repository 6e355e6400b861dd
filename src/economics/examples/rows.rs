//! The rows the example plans refer to.

use toml::{Table, Value};

use super::{parsed, text};
use crate::economics::Catalogue;
use crate::economics::calibrate::Errors;
use crate::economics::catalogue::{Gpu, Offer, OfferKind, Published, Replica, Shape};

/// The catalogue of the repository.
pub(super) fn read() -> Catalogue {
    let hardware: Table = include_str!("../../../config/hardware.toml")
        .parse()
        .unwrap();
    let throughput: Table = include_str!("../../../config/throughput.toml")
        .parse()
        .unwrap();
    Catalogue {
        gpus: rows(&hardware, "gpu", gpu),
        offers: rows(&hardware, "offer", offer),
        models: rows(&throughput, "model", shape),
        published: rows(&throughput, "published", published),
    }
}

fn rows<R>(file: &Table, key: &str, row: fn(&Table) -> R) -> Vec<R> {
    let tables = file[key].as_array().unwrap().iter();
    tables.map(|table| row(table.as_table().unwrap())).collect()
}

fn number(value: &Value) -> f64 {
    value.to_string().parse().unwrap()
}

fn gpu(table: &Table) -> Gpu {
    let tflops = table["tflops"].as_table().unwrap().iter();
    Gpu {
        name: text(table, "name").unwrap(),
        memory_gb: number(&table["memory_gb"]),
        bandwidth_tb_s: number(&table["bandwidth_tb_s"]),
        tflops: tflops
            .map(|(name, value)| (name.clone(), number(value)))
            .collect(),
        tdp_w: number(&table["tdp_w"]),
        as_of: parsed(table, "as_of").unwrap(),
        source: text(table, "source").unwrap(),
    }
}

fn offer(table: &Table) -> Offer {
    let kind = text(table, "kind").unwrap();
    let mut kinds = OfferKind::ALL.into_iter();
    Offer {
        gpu: text(table, "gpu").unwrap(),
        provider: text(table, "provider").unwrap(),
        offer: text(table, "offer").unwrap(),
        gpus: parsed(table, "gpus").unwrap(),
        usd_per_gpu_hour: number(&table["usd_per_gpu_hour"]),
        kind: kinds.find(|known| known.label() == kind).unwrap(),
        as_of: parsed(table, "as_of").unwrap(),
        source: text(table, "source").unwrap(),
        note: text(table, "note"),
    }
}

fn shape(table: &Table) -> Shape {
    Shape {
        name: text(table, "name").unwrap(),
        total_params_b: number(&table["total_params_b"]),
        active_params_b: number(&table["active_params_b"]),
        kv_elements_per_token: number(&table["kv_elements_per_token"]),
        as_of: parsed(table, "as_of").unwrap(),
        source: text(table, "source").unwrap(),
        note: text(table, "note"),
    }
}

fn published(table: &Table) -> Published {
    let errors = |key: &str| match table[key].as_array().unwrap().as_slice() {
        [mean, largest] => Errors {
            mean: number(mean),
            largest: number(largest),
        },
        other => panic!("{other:?}"),
    };
    Published {
        replica: Replica {
            model: text(table, "model").unwrap(),
            gpu: text(table, "gpu").unwrap(),
            gpus: parsed(table, "gpus").unwrap(),
            precision: text(table, "precision").unwrap(),
        },
        a: number(&table["a"]),
        b: number(&table["b"]),
        c: number(&table["c"]),
        points: parsed(table, "points").unwrap(),
        fit: errors("fit_error"),
        left_out: errors("left_out_error"),
        single_figure: errors("single_figure_error"),
        as_of: parsed(table, "as_of").unwrap(),
        cite: text(table, "cite").unwrap(),
    }
}
