//! What servers that run say of themselves, as gauges; nothing has a series where none says.

use super::exposition::Exposition;
use super::family as f;

/// One upstream's servers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasuredGauges {
    /// The configured name of the upstream.
    pub upstream: String,
    /// Servers that answered the last time; absent where none is configured.
    pub servers: Option<u64>,
    /// Calls they work on.
    pub running: Option<f64>,
    /// Calls that wait for them.
    pub waiting: Option<f64>,
    /// How full their KV caches are, 0 to 1.
    pub cache_use: Option<f64>,
    /// The windows of the verdict.
    pub windows: Vec<MeasuredWindow>,
}

/// One window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasuredWindow {
    /// Such as `1d` or `14d`.
    pub window: &'static str,
    /// Compared time over the window's; absent where no server is configured.
    pub coverage_ratio: Option<f64>,
    /// Metered tokens over the servers'.
    pub capture_ratio: Option<f64>,
    /// Input found in prefix caches.
    pub cache_hit_ratio: Option<f64>,
    /// Dollars an hour.
    pub usd_per_hour: Option<f64>,
}

pub(super) fn show(out: &mut Exposition, all: &[MeasuredGauges]) {
    for at in all {
        let MeasuredGauges {
            upstream,
            servers,
            running,
            waiting,
            cache_use,
            windows,
        } = at;
        if let Some(servers) = servers {
            out.count(f::MEASURED_SERVERS, &[upstream], *servers);
        }
        for (family, value) in [
            (f::MEASURED_RUNNING, running),
            (f::MEASURED_WAITING, waiting),
            (f::MEASURED_CACHE_USE, cache_use),
        ] {
            if let Some(value) = value {
                out.number(family, &[upstream], *value);
            }
        }
        for window in windows {
            of_window(out, upstream, window);
        }
    }
}

fn of_window(out: &mut Exposition, upstream: &str, at: &MeasuredWindow) {
    let MeasuredWindow {
        window,
        coverage_ratio,
        capture_ratio,
        cache_hit_ratio,
        usd_per_hour,
    } = at;
    for (family, value) in [
        (f::MEASURED_COVERAGE, coverage_ratio),
        (f::MEASURED_CAPTURE, capture_ratio),
        (f::MEASURED_CACHE_HITS, cache_hit_ratio),
        (f::MEASURED_COST, usd_per_hour),
    ] {
        if let Some(value) = value {
            out.number(family, &[upstream, window], *value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Format, Metrics, Settings};

    #[test]
    fn what_servers_say_is_shown_and_what_none_says_is_not() {
        let metrics = Metrics::new(&Settings::default());
        let window = |window, capture_ratio| MeasuredWindow {
            window,
            coverage_ratio: Some(0.5),
            capture_ratio,
            ..MeasuredWindow::default()
        };
        metrics.set_measured(vec![MeasuredGauges {
            upstream: "own".into(),
            servers: Some(2),
            running: Some(3.0),
            windows: vec![window("1d", Some(0.75)), window("7d", None)],
            ..MeasuredGauges::default()
        }]);
        let text = metrics.render(Format::Text, jiff::Timestamp::UNIX_EPOCH);
        let lines = text.lines();
        let found: Vec<&str> = lines
            .filter(|it| it.starts_with("tollgate_hosting_measured"))
            .collect();
        let expected = [
            r#"tollgate_hosting_measured_capture_ratio{upstream="own",window="1d"} 0.75"#,
            r#"tollgate_hosting_measured_coverage_ratio{upstream="own",window="1d"} 0.5"#,
            r#"tollgate_hosting_measured_coverage_ratio{upstream="own",window="7d"} 0.5"#,
            r#"tollgate_hosting_measured_running_calls{upstream="own"} 3"#,
            r#"tollgate_hosting_measured_servers{upstream="own"} 2"#,
        ];
        assert_eq!(found, expected);
    }
}
