//! Walks through what a request puts before a model, adding up as `OpenAI` frames it.
//!
//! For other vendors the same framing is the yardstick: what gpt-4o would have been charged.

use std::mem;

use super::answer_format::AnswerFormat;
use super::asked::Asked;
use super::counted::{Basis, Bound, Counted};
use super::encoding::Encoding;
use super::image;
use super::image_size;
use super::json::Json;
use super::model::{Generation, Rules};
use super::rendering;
use super::request::{Family, Request};
use super::tally::Tally;

/// What other vendors' requests are measured by.
const YARDSTICK: Rules = Rules {
    encoding: Encoding::O200k,
    generation: Generation::Omni,
    thinks_unasked: false,
};

/// One request, on its way through the count.
#[derive(Debug)]
pub(super) struct Prompt<'a> {
    pub(super) model: &'a str,
    own: bool,
    api: Family,
    pub(super) rules: Rules,
    pub(super) tally: Tally<'a>,
    /// What has to stand behind a system message, and has not come to one.
    sections: Vec<String>,
    /// Tokens that it comes to less than its text.
    short: u64,
    /// The format whose name heads every answer.
    format: Option<AnswerFormat<'a>>,
}

impl<'a> Prompt<'a> {
    pub(super) fn new(request: &Request<'a>) -> Self {
        let own = request.model.rules();
        let rules = own.unwrap_or(YARDSTICK);
        Self {
            model: request.model.name,
            own: own.is_some(),
            api: request.family,
            rules,
            tally: Tally::new(request.model.vocabulary),
            sections: Vec::new(),
            short: 0,
            format: None,
        }
    }

    /// What it came to.
    pub(super) fn counted(&self, plain: bool) -> Counted {
        let Tally {
            tokens,
            beside,
            bound,
            ..
        } = self.tally;
        Counted {
            tokens,
            basis: if self.own {
                Basis::Rule
            } else {
                let plain = plain && beside == 0 && bound == Bound::Whole;
                Basis::Yardstick { beside, plain }
            },
            bound,
        }
    }

    /// The framing of one message and its role.
    pub(super) fn role(&mut self, role: &str) {
        self.tally.add(3);
        self.tally.text(role);
    }

    /// A name beside the role.
    pub(super) fn name(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.tally.text(name);
            self.tally
                .add(u64::from(self.rules.generation == Generation::Early));
        }
    }

    /// What closes a request.
    pub(super) fn close(&mut self) {
        self.heading();
        self.tally.add(if self.rules.reasons() { 2 } else { 3 });
    }

    /// A text, or a list of texts and other parts.
    pub(super) fn content(&mut self, content: Option<&Json<'_>>) {
        let Some(content) = content else { return };
        if let Some(text) = content.text() {
            self.tally.text(text);
        }
        for part in content.items() {
            self.part(part);
        }
    }

    fn part(&mut self, part: &Json<'_>) {
        match part.text_of("type") {
            Some("text" | "input_text" | "output_text") | None => {
                self.tally
                    .text(part.text_of("text").or(part.text()).unwrap_or_default());
            }
            Some("refusal") => self.tally.text(part.text_of("refusal").unwrap_or_default()),
            Some("image_url" | "input_image") => {
                let image = part.get("image_url");
                let url = image.and_then(|image| image.text().or(image.text_of("url")));
                let detail = image.and_then(|image| image.text_of("detail"));
                let low = detail.or(part.text_of("detail")) == Some("low");
                let size = url.and_then(image_size::of_data_url);
                self.tally.image(image::tokens(self.model, low, size));
            }
            // Audio, files, and what comes next.
            Some(_) => self.tally.unseen(),
        }
    }

    /// An image in base64, as Anthropic takes it.
    pub(super) fn image(&mut self, source: Option<&Json<'_>>) {
        let data = source.and_then(|source| source.text_of("data"));
        let size = data.and_then(image_size::of_base64);
        self.tally.image(image::tokens(self.model, false, size));
    }

    /// Declared functions and the answer's format, which a chat puts behind its first system
    /// message, and into one of its own where there is none.
    pub(super) fn preamble(&mut self, functions: &[&Json<'_>], format: Option<AnswerFormat<'a>>) {
        let declared = (!functions.is_empty()).then(|| rendering::section(functions));
        if let Some(section) = declared {
            self.declared(functions, section);
        }
        self.sections.extend(format.map(AnswerFormat::section));
        self.format = format.filter(|_| functions.is_empty());
    }

    /// What a section of functions comes to beside its text was found by comparing; why it is less
    /// in some places is not known.
    fn declared(&mut self, functions: &[&Json<'_>], section: String) {
        let five = self.rules.generation == Generation::Five;
        if self.api != Family::Responses && !five {
            self.sections.push(section);
            self.short = 1;
            return;
        }
        self.tally.text(&section);
        match (self.api, five) {
            (Family::Responses, true) => self.tally.add(3),
            (Family::Responses, false) => self.tally.less(3),
            (_, _) => self.tally.add(85),
        }
        if five {
            let undescribed = |function: &&Json<'_>| {
                let description = function.text_of("description");
                u64::from(description.unwrap_or_default().is_empty())
            };
            self.tally.less(functions.iter().map(undescribed).sum());
        }
    }

    /// Whether a call counts the mark that its arguments are JSON.
    pub(super) fn counts_json_mark(&self) -> bool {
        self.api != Family::Responses || self.rules.generation == Generation::Five
    }

    /// Whether something has to be put behind a system message.
    pub(super) fn has_sections(&self) -> bool {
        !self.sections.is_empty()
    }

    /// Adds a system message with all that has to stand behind it.
    pub(super) fn with_sections(&mut self, text: &str) {
        self.sections.insert(0, text.to_owned());
        self.sections();
    }

    /// Adds what found no system message to stand behind.
    pub(super) fn remaining_sections(&mut self) {
        if self.sections.is_empty() {
            return;
        }
        if self.api == Family::Responses {
            // It has a message for them already.
            self.sections.insert(0, String::new());
        } else {
            self.role("system");
        }
        self.sections();
    }

    fn sections(&mut self) {
        let parts = mem::take(&mut self.sections);
        self.tally.text(&parts.join("\n\n"));
        self.tally.less(mem::take(&mut self.short));
    }

    /// An answer that has to follow a format is headed by its name, unless there are functions:
    /// then the model writes that itself. Found on names of one to five tokens, and on earlier
    /// answers, which are headed in the same way.
    pub(super) fn heading(&mut self) {
        if let Some(name) = self.format.map(AnswerFormat::name) {
            self.tally.add(2);
            self.tally.text(name);
        }
    }

    /// What a request says about which function to call.
    pub(super) fn choice(&mut self, asked: Asked, choice: Option<&Json<'_>>) {
        let Some(choice) = choice else { return };
        if choice.text() == Some("none") {
            self.tally.add(1);
        }
        if asked.named_tool && self.rules.generation != Generation::Five {
            // The answer's head is then the request's: `to=functions.NAME`, and what is around it.
            let name = choice.get("function").unwrap_or(choice).text_of("name");
            self.tally.add(7);
            self.tally.text(name.unwrap_or_default());
        }
    }
}
