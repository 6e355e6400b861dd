//! `[[alerts]]`: who is told of news, how, and of what.

use std::collections::HashSet;
use std::path::PathBuf;

use super::attribution::dollars;
use super::secret::Secret;
use super::section::Section;
use super::value::Value;
use crate::alerts::{Format, Language, Receiver, Topic, is_webhook};
use crate::money::Pico;

/// Receivers at most: each is a label of metrics and a way out.
const ALERTS_MAX: usize = 16;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 64;

/// One receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Its name in metrics, logs and `tollgate alerts test`.
    pub name: String,
    /// Where messages are posted: whoever knows it can write there.
    pub webhook: Secret,
    /// What it understands.
    pub format: Format,
    /// What messages are signed with.
    pub secret: Option<Secret>,
    /// What texts are written in.
    pub language: Language,
    /// What it is told of.
    pub on: Vec<Topic>,
    /// From how many times the usual spend on it is told of a spike; at least 1.
    pub spike_ratio: f64,
    /// How many dollars above the usual a spike must be.
    pub spike_usd_min: Pico,
    /// More certificates to trust, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The forward proxy to go through, with its credentials.
    pub egress_proxy: Option<Secret>,
}

/// The languages by their names.
const LANGUAGES: [(&str, Language); 2] = [
    (Language::English.label(), Language::English),
    (Language::Chinese.label(), Language::Chinese),
];

impl Alert {
    /// All of them; a name of two is a problem.
    pub(super) fn read_all(root: &mut Section<'_>) -> Vec<Self> {
        let sections = root.list("alerts");
        if let Some(beyond) = sections.get(ALERTS_MAX) {
            beyond.problem(&format!("at most {ALERTS_MAX} receivers"));
        }
        let mut names = HashSet::new();
        let read = |section| Self::read(section, &mut names);
        sections.into_iter().filter_map(read).collect()
    }

    fn read(mut section: Section<'_>, names: &mut HashSet<String>) -> Option<Self> {
        let s = &mut section;
        let name = s.require("name", "name = \"ops\"", |value| self::name(value, names));
        let webhook = s.require("webhook", "webhook = \"env:ALERT_WEBHOOK\"", address);
        let format = s.require("format", "format = \"slack\"", |value| {
            value.choice(&Format::ALL.map(|format| (format.label(), format)))
        });
        let secret = s.read("secret", Value::secret);
        let base = Receiver::new("", "", format.unwrap_or(Format::Json));
        let language = s.read("language", |value| value.choice(&LANGUAGES));
        let on = s.value("on").map(|value| topics(&value));
        let spike_ratio = s.read("spike_ratio", ratio);
        let spike_usd_min = s.read("spike_usd_min", dollars);
        let ca_file = s.read("ca_file", Value::path);
        let egress_proxy = s.read("egress_proxy", address);
        if let Some(format) = format.filter(|format| secret.is_some() && !format.signs()) {
            let format = format.label();
            s.problem_at(
                "secret",
                &format!("{format} has no signatures; take it out"),
            );
        }
        section.finish(&[]);
        Some(Self {
            name: name?,
            webhook: webhook?,
            format: format?,
            secret,
            language: language.unwrap_or(base.language),
            on: on.unwrap_or(base.on),
            spike_ratio: spike_ratio.unwrap_or(base.spike_ratio),
            spike_usd_min: spike_usd_min.unwrap_or(base.spike_usd_min),
            ca_file,
            egress_proxy,
        })
    }
}

fn name(value: &Value<'_>, names: &mut HashSet<String>) -> Option<String> {
    let name = value.text()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(plain) {
        return value.is_not("a name: 1 to 64 letters, digits, '-', '_' or '.'");
    }
    if !names.insert(name.to_owned()) {
        return value.is_not("free: a receiver has it already");
    }
    Some(name.to_owned())
}

/// A secret that is an address. It is not repeated.
fn address(value: &Value<'_>) -> Option<Secret> {
    let secret = value.secret()?;
    if !is_webhook(secret.expose()) {
        let source = secret.source();
        value.problem(&format!(
            "what {source} holds is not an address such as https://host/path"
        ));
        return None;
    }
    Some(secret)
}

fn topics(value: &Value<'_>) -> Vec<Topic> {
    let known = Topic::ALL.map(|topic| (topic.label(), topic));
    let texts = value.texts().into_iter();
    texts
        .filter_map(|(_, value)| value.choice(&known))
        .collect()
}

fn ratio(value: &Value<'_>) -> Option<f64> {
    let ratio = value.number()?;
    if ratio < 1.0 {
        return value.is_not("at least 1, such as 2.0");
    }
    Some(ratio)
}
