//! What the provider's own tools did for a response, as its output and `tool_usage` show it.
//!
//! Billed beside the tokens are searches of the web and of files, sessions of the code interpreter
//! and images (<https://platform.openai.com/docs/pricing>); functions and MCP are not.

use crate::usage::{SideUsage, Units};

use super::super::super::counts::{Counts, Usage};
use super::super::super::findings::Findings;
use super::super::super::named::Name;
use super::super::usage;
use crate::call::Flag;

/// More sessions in one response than its own bound on tool calls allows are counted as so many.
const CONTAINERS_MAX: usize = 64;

/// The tool's default where the response does not name its model
/// (<https://platform.openai.com/docs/guides/tools-image-generation>).
const IMAGE_MODEL: &str = "gpt-image-1";

/// The hosted tools of one response, as far as one text has shown them.
#[derive(Debug, Default)]
pub(in super::super) struct Tools {
    searches: u64,
    /// Steps of a search that open a page or look for words in one: the search itself is billed.
    steps: u64,
    file_searches: u64,
    images: u64,
    /// Code runs in containers; each is a session, however often it is used.
    containers: Vec<String>,
    pub(in super::super) image_model: Option<String>,
    /// `tool_usage` as it was said: requests to search, and the image model's tokens.
    requests: Option<u64>,
    image_usage: Option<SideUsage>,
}

impl Tools {
    pub(in super::super) fn item(&mut self, kind: &[u8]) {
        let count = match kind {
            b"\"web_search_call\"" => &mut self.searches,
            b"\"file_search_call\"" => &mut self.file_searches,
            b"\"image_generation_call\"" => &mut self.images,
            _ => return,
        };
        *count = count.saturating_add(1);
    }

    /// No other tool has actions of these names.
    pub(in super::super) fn action(&mut self, kind: &[u8]) {
        let is_step = matches!(kind, b"\"open_page\"" | b"\"find\"" | b"\"find_in_page\"");
        self.steps = self.steps.saturating_add(u64::from(is_step));
    }

    pub(in super::super) fn container(&mut self, id: &[u8]) {
        let known = |id: &String| !self.containers.contains(id);
        if let Some(id) = Name::owned(id).filter(known)
            && self.containers.len() < CONTAINERS_MAX
        {
            self.containers.push(id);
        }
    }

    pub(in super::super) fn reported(&mut self, raw: &[u8], findings: &mut Findings) {
        match Usage::read(raw) {
            Ok(Some(object)) => {
                let counts = object.counts();
                self.requests = counts.part("web_search").at("num_requests");
                self.image_usage = counts.object("image_gen").and_then(image_usage);
                if object.is_odd() {
                    findings.flag(Flag::Malformed);
                }
            }
            Ok(None) => {}
            Err(_) => findings.flag(Flag::Malformed),
        }
    }

    /// Puts what was used into the report; what `tool_usage` says wins over what is counted here.
    pub(in super::super) fn tell(&self, findings: &mut Findings) {
        if !findings.tools_are_told {
            self.tell_units(&mut findings.report.units);
        }
        let side = &mut findings.report.side;
        side.clear();
        if let Some(usage) = &self.image_usage {
            let model = self.image_model.as_deref().unwrap_or(IMAGE_MODEL);
            side.push(SideUsage {
                model: Some(model.to_owned()),
                ..usage.clone()
            });
        }
    }

    fn tell_units(&self, units: &mut Units) {
        let counted = self.searches.saturating_sub(self.steps);
        let sessions = u64::try_from(self.containers.len()).unwrap_or(u64::MAX);
        let images = if self.image_usage.is_some() {
            0
        } else {
            self.images
        };
        let used = |count: u64| (count > 0).then_some(count);
        for (unit, count) in [
            ("web_search", self.requests.or(used(counted))),
            ("file_search", used(self.file_searches)),
            ("code_interpreter", used(sessions)),
            ("images", used(images)),
        ] {
            match count {
                Some(count) => drop(units.insert(unit.to_owned(), count)),
                None => drop(units.remove(unit)),
            }
        }
    }
}

/// The tokens of the image tool; zeros say that it was not used.
fn image_usage(counts: Counts<'_>) -> Option<SideUsage> {
    let usage = usage::input(counts)?;
    let used = usage.input.unwrap_or(0) > 0 || usage.output.unwrap_or(0) > 0;
    used.then(|| SideUsage {
        kind: "image_gen".into(),
        model: None,
        input_tokens: usage.input,
        cached_input_tokens: usage.cache_read,
        cache_write_tokens: usage.cache_write,
        output_tokens: usage.output,
    })
}
