//! `alerts test`: whether a webhook works, before there is news.

use super::args::AlertsVerb;
use super::house::{House, Options};
use super::{Failure, now, output};
use crate::alerts::{Answer, Settings, Tested};
use crate::app;

/// Sends one made message to each receiver, and prints what it says.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    verb: &AlertsVerb,
) -> Result<(), Failure> {
    let AlertsVerb::Test { name } = verb;
    let config = house.config(options)?;
    let settings = app::alert_settings(&config).map_err(super::real::failed)?;
    let tested = crate::alerts::test(&settings, name.as_deref(), now()).await;
    let tested = tested.map_err(|error| Failure::work("cannot send").because(error))?;
    if tested.is_empty() {
        return Err(nobody(&settings, name.as_deref()));
    }
    for Tested {
        receiver,
        answer,
        said,
    } in &tested
    {
        output::print(format!("{receiver}: {}: {said}\n", word(answer)))?;
    }
    let refused = tested.iter().filter(|at| at.answer != Answer::Delivered);
    let names: Vec<&str> = refused.map(|at| at.receiver.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let failure = Failure::work(format!("not taken by {}", names.join(", ")));
    Err(failure.remedy("look at what it said; check webhook, format and secret of its [[alerts]]"))
}

const fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Delivered => "delivered",
        Answer::Later { .. } => "not now",
        Answer::Refused { .. } => "refused",
    }
}

fn nobody(settings: &Settings, name: Option<&str>) -> Failure {
    let names = settings.receivers.iter().map(|to| to.name.as_str());
    let names: Vec<&str> = names.collect();
    match name {
        Some(name) if !names.is_empty() => {
            Failure::use_or_config(format!("no receiver of [[alerts]] is called {name}"))
                .remedy(format!("there are {}", names.join(", ")))
        }
        _ => Failure::use_or_config("no receiver of alerts is configured")
            .remedy("add [[alerts]] with name, webhook and format; name the file with -c"),
    }
}
