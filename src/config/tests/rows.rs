//! Facts about the embedded rows: all of the reference data is in them, to the digit.

use super::catalogue::shared;
use super::*;
use crate::economics::catalogue::{OfferKind, Row};

/// The rows of a reference file, by column.
fn reference(file: &str) -> Option<Vec<std::collections::BTreeMap<String, String>>> {
    let path = shared()?.join("reference-data").join(file);
    let mut rows = csv::Reader::from_path(path).unwrap();
    Some(rows.deserialize().map(Result::unwrap).collect())
}

#[track_caller]
fn same(ours: f64, theirs: &str) {
    let theirs: f64 = theirs.parse().unwrap();
    assert_eq!(ours.to_string(), theirs.to_string());
}

#[test]
fn every_data_sheet_is_a_row() {
    let Some(reference) = reference("gpu-specs.csv") else {
        return;
    };
    let rows = defaults().rows;
    assert_eq!(rows.gpus.len(), reference.len());
    for theirs in reference {
        let ours = rows.gpus.iter().find(|gpu| gpu.name == theirs["gpu"]);
        let ours = ours.unwrap();
        same(ours.memory_gb, &theirs["memory_gb"]);
        same(ours.bandwidth_tb_s, &theirs["mem_bw_tb_s"]);
        same(ours.tdp_w, &theirs["tdp_w"]);
        for precision in ["bf16", "fp8", "fp4"] {
            let theirs = &theirs[&format!("{precision}_dense_tflops")];
            match ours.tflops.get(precision) {
                Some(ours) => same(*ours, theirs),
                None => assert_eq!(theirs, ""),
            }
        }
        checked_or_equal(&ours.source, &theirs["source"]);
    }
}

/// A row from memory may have been checked against a source since.
fn checked_or_equal(ours: &str, theirs: &str) {
    assert!(ours == theirs || theirs.contains("from memory"), "{ours}");
}

#[test]
fn every_price_of_a_gpu_hour_is_a_row_with_its_contradictions() {
    let Some(reference) = reference("gpu-prices.csv") else {
        return;
    };
    let rows = defaults().rows;
    // Machines without a GPU, and bills that name none.
    let of_a_gpu = |row: &&std::collections::BTreeMap<String, String>| {
        rows.gpus.iter().any(|gpu| gpu.name == row["gpu"])
    };
    let reference: Vec<_> = reference.iter().filter(of_a_gpu).collect();
    assert_eq!(rows.offers.len(), reference.len());
    for (ours, theirs) in rows.offers.iter().zip(reference) {
        assert_eq!(ours.gpu, theirs["gpu"]);
        let name = format!("{}/{}", theirs["provider"], theirs["offer"]);
        let owner = ours.kind == OfferKind::Ownership;
        assert!(ours.label() == name || owner && ours.label().replace('/', " ") + "/" == name);
        assert_eq!(ours.gpus.to_string(), theirs["gpus"]);
        same(ours.usd_per_gpu_hour, &theirs["usd_per_gpu_hour"]);
        assert_eq!(ours.kind.label(), theirs["kind"]);
        assert_eq!(ours.as_of.to_string(), theirs["as_of"]);
        assert_eq!(ours.source, theirs["source"]);
        assert_eq!(ours.note.clone().unwrap_or_default(), theirs["note"]);
    }
}

#[test]
fn every_shape_of_a_decoder_is_a_row() {
    let Some(reference) = reference("model-shapes.csv") else {
        return;
    };
    let rows = defaults().rows;
    // Encoders, and models of which only rumours are known, have none.
    let decoders = reference
        .iter()
        .filter(|row| !row["kv_elements_per_token"].is_empty());
    let decoders: Vec<_> = decoders.collect();
    assert_eq!(rows.models.len(), decoders.len());
    for (ours, theirs) in rows.models.iter().zip(decoders) {
        assert_eq!(ours.name, theirs["model"]);
        same(ours.total_params_b, &theirs["total_params_b"]);
        same(ours.active_params_b, &theirs["active_params_b"]);
        same(ours.kv_elements_per_token, &theirs["kv_elements_per_token"]);
        checked_or_equal(&ours.source, &theirs["source"]);
        assert_eq!(ours.note.as_deref().unwrap_or("dense"), theirs["kind"]);
    }
}

#[test]
fn every_published_fit_is_a_row() {
    let Some(reference) = reference("throughput-coefficients.csv") else {
        return;
    };
    let rows = defaults().rows;
    assert_eq!(rows.published.len(), reference.len());
    for (ours, theirs) in rows.published.iter().zip(reference) {
        let of = |key: &str| &theirs[key];
        let (model, gpu, gpus) = (of("model"), of("gpu"), of("gpus"));
        let key = format!("{model} on {gpus} x {gpu} at {}", of("precision"));
        assert_eq!(ours.key(), key);
        same(ours.a, of("a_s_per_input_token"));
        same(ours.b, of("b_s_per_output_token"));
        same(ours.c, of("c_s_per_output_token_context_token"));
        assert_eq!(&ours.points.to_string(), of("points"));
        for (ours, theirs) in [
            (ours.fit, "fit"),
            (ours.left_out, "loo"),
            (ours.single_figure, "single_figure"),
        ] {
            same(ours.mean, of(&format!("{theirs}_mean_abs_rel_err")));
            same(ours.largest, of(&format!("{theirs}_max_abs_rel_err")));
        }
    }
}
