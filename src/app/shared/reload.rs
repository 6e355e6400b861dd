//! Takes another configuration over, whole or not at all.

use std::net::SocketAddr;
use std::sync::Arc;

use tracing::{error, info, warn};

use super::super::anew::Place;
use super::super::{arm_prices, measured, now, settings, show};
use super::{Shared, lock};
use crate::admin::Admin;
use crate::alerts::Alerts;
use crate::config::{Config, Files};

impl Shared {
    pub(in crate::app) fn reload(&self) -> Result<(), Vec<String>> {
        let admin = lock(&self.admin);
        let (files, taken) = match (self.load)() {
            Ok(config) => (config.files.clone(), self.take_over(config, admin.as_ref())),
            Err(problems) => {
                let lines = problems.lines();
                (problems.files, Err(lines))
            }
        };
        self.files.store(Arc::new(files));
        match &taken {
            Ok(()) => {
                self.sinks.metrics.config_loaded(now());
                info!("configuration taken over");
            }
            Err(problems) => {
                self.sinks.metrics.config_refused();
                for problem in problems {
                    error!(problem, "configuration refused; the old one stays");
                }
            }
        }
        taken
    }

    /// The files of the configuration as they were when it was last read; none if nobody is to look
    /// whether they change.
    pub(in crate::app) fn watched(&self) -> Option<Arc<Files>> {
        let watch = self.config.load().server.watch;
        watch.then(|| self.files.load_full())
    }

    fn take_over(
        &self,
        config: Config,
        admin: Option<&(Admin, SocketAddr)>,
    ) -> Result<(), Vec<String>> {
        let said = |error: &dyn std::error::Error| vec![error.to_string()];
        let proxy = settings::proxy(&config).map_err(|error| said(&error))?;
        let alerts = settings::alerts(&config).map_err(|error| said(&error))?;
        let place = Place::hold(&self.sinks);
        let is_other = settings::verdict(&config) != settings::verdict(&self.config.load());
        let verdict = is_other.then(|| place.judged_by(&config)).transpose();
        let verdict = verdict.map_err(|error| said(&error))?;
        let alerts = Alerts::links(&alerts).map_err(|error| said(&error))?;
        let measured =
            measured::prepare(&config, &self.sinks.ledger).map_err(|error| said(&error))?;
        // The last thing that can fail.
        self.proxy.reload(proxy).map_err(|error| said(&error))?;
        self.alerts.reload(alerts);
        self.measured.take(measured);
        self.tokenizers
            .store(Arc::new(settings::tokenizers(&config)));
        if let Some((admin, at)) = admin {
            admin.set_access(settings::access(&config, *at));
        }
        for key in show::needs_restart(&self.config.load(), &config) {
            warn!(key, "this change takes effect at the next start");
        }
        arm_prices::tell_of_slips(&config, now());
        self.sinks
            .metrics
            .preset(&settings::metrics(&config, Vec::new()));
        self.config.store(Arc::new(config));
        if let Some(verdict) = verdict {
            place.put(verdict);
        }
        Ok(())
    }
}
