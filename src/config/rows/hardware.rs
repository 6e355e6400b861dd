//! `[[gpu]]` and `[[offer]]`.

use std::collections::BTreeMap;

use super::{above_zero, count, list, named, positive, words};
use crate::config::section::Section;
use crate::config::value::Value;
use crate::economics::Catalogue;
use crate::economics::catalogue::{Gpu, Offer, OfferKind};
use crate::economics::roofline::constants;

/// The rows of one file.
pub(super) fn read(root: &mut Section<'_>, catalogue: &mut Catalogue) {
    let Catalogue { gpus, offers, .. } = catalogue;
    list(root, "gpu", gpus, gpu);
    list(root, "offer", offers, |section| offer(section, gpus));
}

fn gpu(s: &mut Section<'_>) -> Option<Gpu> {
    let name = words(s, "name", "\"H100-SXM\"");
    let memory_gb = positive(s, "memory_gb", "80");
    let bandwidth_tb_s = positive(s, "bandwidth_tb_s", "3.35");
    let tflops = tflops(s);
    let tdp_w = positive(s, "tdp_w", "700");
    let as_of = s.require("as_of", "as_of = 2026-05-22", Value::as_of);
    let source = words(s, "source", "\"vendor data sheet\"");
    Some(Gpu {
        name: name?,
        memory_gb: memory_gb?,
        bandwidth_tb_s: bandwidth_tb_s?,
        tflops: tflops?,
        tdp_w: tdp_w?,
        as_of: as_of?,
        source: source?,
    })
}

fn tflops(s: &mut Section<'_>) -> Option<BTreeMap<String, f64>> {
    let written = s.pairs("tflops");
    if written.is_empty() {
        s.problem("tflops is missing; add a line such as tflops = { bf16 = 989, fp8 = 1979 }");
        return None;
    }
    let figures = written.into_iter().map(|(name, value)| {
        if constants::precision(name).is_none() {
            let known = constants::precisions();
            value.problem(&format!("{name} is no precision; write one of {known}"));
        }
        Some((name.to_owned(), above_zero(&value)?))
    });
    figures.collect()
}

fn offer(s: &mut Section<'_>, gpus: &[Gpu]) -> Option<Offer> {
    let gpu = named(s, "gpu", "\"H100-SXM\"", gpus);
    let provider = words(s, "provider", "\"runpod\"");
    let name = words(s, "offer", "\"secure SXM\"");
    let together = count(s, "gpus", "1");
    let usd_per_gpu_hour = positive(s, "usd_per_gpu_hour", "2.69");
    let kinds = OfferKind::ALL.map(|kind| (kind.label(), kind));
    let kind = s.require("kind", "kind = \"on-demand\"", |value| value.choice(&kinds));
    let as_of = s.require("as_of", "as_of = 2026-05-22", Value::as_of);
    let source = words(s, "source", "\"price page\"");
    let note = s.read("note", Value::text).map(str::to_owned);
    Some(Offer {
        gpu: gpu?,
        provider: provider?,
        offer: name?,
        gpus: together?,
        usd_per_gpu_hour: usd_per_gpu_hour?,
        kind: kind?,
        as_of: as_of?,
        source: source?,
        note,
    })
}
