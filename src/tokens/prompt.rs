//! Walks through what a request puts before a model, adding up as `OpenAI` frames it.
//!
//! For other vendors the same framing is the yardstick: what gpt-4o would have been charged.

use super::asked::Asked;
use super::counted::{Basis, Bound, Counted};
use super::encoding::Encoding;
use super::image;
use super::image_size;
use super::json::Json;
use super::model::{Generation, Rules};
use super::rendering;
use super::request::Family;
use super::tally::Tally;

/// What other vendors' requests are measured by.
const YARDSTICK: Rules = Rules {
    encoding: Encoding::O200k,
    generation: Generation::Omni,
};

/// One request, on its way through the count.
#[derive(Debug)]
pub(super) struct Prompt<'a> {
    pub(super) model: &'a str,
    own: bool,
    api: Family,
    pub(super) rules: Rules,
    pub(super) tally: Tally,
}

impl<'a> Prompt<'a> {
    pub(super) fn new(api: Family, model: &'a str) -> Self {
        let own = Rules::of(model);
        let rules = own.unwrap_or(YARDSTICK);
        Self {
            model,
            own: own.is_some(),
            api,
            rules,
            tally: Tally::new(rules.encoding),
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
        self.tally.add(if self.rules.reasons() { 2 } else { 3 });
    }

    /// A text that ends its line.
    pub(super) fn line(&mut self, text: &str) {
        self.tally.text(&format!("{text}\n"));
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

    /// Functions that an assistant called in one turn: of each the name and the arguments.
    pub(super) fn calls(&mut self, calls: &[(&str, &str)]) {
        for (name, arguments) in calls {
            self.tally.text(name);
            self.tally.text(arguments);
        }
        self.tally
            .add(match u64::try_from(calls.len()).unwrap_or(0) {
                0 => 0,
                1 => 7,
                calls => 18 + 6 * calls,
            });
    }

    /// The functions a request declares; `system` is whether a system message stands before them.
    pub(super) fn functions(&mut self, functions: &[&Json<'_>], system: bool) {
        if functions.is_empty() {
            return;
        }
        self.tally.text(&rendering::namespace(functions));
        match (self.api, self.rules.generation) {
            (Family::Responses, Generation::Early | Generation::Omni | Generation::Reasoning) => {
                self.tally.add(3);
            }
            (Family::Responses, Generation::Five) => self.tally.add(9),
            (_, Generation::Five) => {
                self.tally.add(90);
                return;
            }
            (_, Generation::Early | Generation::Omni | Generation::Reasoning) => {
                self.tally.add(if system { 5 } else { 9 });
            }
        }
        let undescribed = |function: &&Json<'_>| {
            let description = function.text_of("description");
            u64::from(description.unwrap_or_default().is_empty())
        };
        self.tally.less(functions.iter().map(undescribed).sum());
    }

    /// What a request says about which function to call.
    pub(super) fn choice(&mut self, asked: Asked, choice: Option<&Json<'_>>) {
        let Some(choice) = choice else { return };
        if choice.text() == Some("none") {
            self.tally.add(1);
        }
        if asked.named_tool && self.rules.generation != Generation::Five {
            let name = choice.get("function").unwrap_or(choice).text_of("name");
            self.tally.add(4);
            self.tally.text(name.unwrap_or_default());
        }
    }

    /// The schema an answer has to follow.
    pub(super) fn schema(&mut self, schema: Option<&Json<'_>>) {
        if let Some(schema) = schema {
            self.tally.text(&schema.compact());
        }
    }
}
