//! From numbers to the text a scraper reads: the one place where integers become floats.
#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    reason = "Prometheus knows only floats; nothing written here is read back"
)]

use std::collections::BTreeMap;

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram as ProtoHistogram, LabelPair, Metric, MetricFamily,
    MetricType,
};

use super::family::{Family, Kind};
use super::histogram::{Buckets, Histogram};

/// The samples of one scrape, by family.
#[derive(Default)]
pub(super) struct Exposition {
    families: BTreeMap<&'static str, (Family, Vec<Metric>)>,
}

impl Exposition {
    /// Adds a number of things counted.
    pub(super) fn count(&mut self, family: Family, labels: &[&str], value: u64) {
        self.number(family, labels, value as f64);
    }

    /// Adds one sample; a value that is no number has no series.
    pub(super) fn number(&mut self, family: Family, labels: &[&str], value: f64) {
        if !value.is_finite() {
            return;
        }
        let mut metric = Metric::default();
        match family.kind {
            Kind::Counter => {
                let mut counter = Counter::default();
                counter.set_value(value);
                metric.set_counter(counter);
            }
            Kind::Gauge | Kind::Histogram => {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                metric.set_gauge(gauge);
            }
        }
        self.push(family, labels, metric);
    }

    /// Adds the buckets of one series.
    pub(super) fn histogram(&mut self, family: Family, labels: &[&str], observed: &Histogram) {
        let mut written = ProtoHistogram::default();
        written.set_sample_count(observed.count());
        written.set_sample_sum(in_units(observed.sum, observed.buckets));
        let buckets = observed.cumulative().map(|(bound, count)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(in_units(bound, observed.buckets));
            bucket.set_cumulative_count(count);
            bucket
        });
        written.set_bucket(buckets.collect());
        let mut metric = Metric::default();
        metric.set_histogram(written);
        self.push(family, labels, metric);
    }

    fn push(&mut self, family: Family, labels: &[&str], mut metric: Metric) {
        debug_assert_eq!(family.labels.len(), labels.len(), "{}", family.name);
        let pairs = family.labels.iter().zip(labels).map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pair
        });
        metric.set_label(pairs.collect());
        self.families
            .entry(family.name)
            .or_insert((family, Vec::new()))
            .1
            .push(metric);
    }

    /// The families with samples, by name; one without is not shown at all.
    pub(super) fn finish(self) -> Vec<MetricFamily> {
        let families = self.families.into_values().map(|(family, metrics)| {
            let mut written = MetricFamily::default();
            written.set_name(family.name.to_owned());
            written.set_help(family.help.to_owned());
            written.set_field_type(match family.kind {
                Kind::Counter => MetricType::COUNTER,
                Kind::Gauge => MetricType::GAUGE,
                Kind::Histogram => MetricType::HISTOGRAM,
            });
            written.set_metric(metrics);
            written
        });
        families.collect()
    }
}

/// An observed integer in the unit of the metric's name.
fn in_units(value: u64, buckets: &Buckets) -> f64 {
    value as f64 / buckets.per_unit as f64
}
