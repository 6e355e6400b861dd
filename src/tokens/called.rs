//! Functions that were called in a conversation: the calls and their results.

use std::collections::BTreeMap;

use super::json::Json;
use super::model::Generation;
use super::prompt::Prompt;

/// A called function's name and arguments.
pub(super) type Call<'j> = (&'j str, &'j str);

/// The calls so far, by the id that their results name.
#[derive(Debug, Default)]
pub(super) struct Called<'j> {
    by_id: BTreeMap<&'j str, Place<'j>>,
}

/// Where a result goes.
#[derive(Clone, Copy, Debug)]
enum Place<'j> {
    /// Into a message of its own, which names the function.
    Own(&'j str),
    /// Into one message with those of the same turn.
    Shared,
}

impl<'j> Called<'j> {
    /// Adds the calls of one turn of the assistant, each with its id.
    pub(super) fn turn(&mut self, calls: &[(&'j str, Call<'j>)], prompt: &mut Prompt<'_>) {
        let five = prompt.rules.generation == Generation::Five;
        let parallel = calls.len() > 1 && !five;
        for (id, (name, _)) in calls {
            let place = if parallel {
                Place::Shared
            } else {
                Place::Own(name)
            };
            self.by_id.insert(id, place);
        }
        if parallel {
            return together(calls, prompt);
        }
        for (_, (name, arguments)) in calls {
            single(name, arguments, prompt);
        }
        // gpt-5 puts something before what it calls, however much that is: found on one call and
        // on three.
        prompt
            .tally
            .add(if five && !calls.is_empty() { 6 } else { 0 });
    }

    /// Adds the result of the call `id`; `name` is the function's, where the result says it.
    pub(super) fn result(
        &self,
        id: &str,
        name: Option<&str>,
        content: Option<&Json<'_>>,
        prompt: &mut Prompt<'_>,
    ) {
        match self.by_id.get(id) {
            Some(Place::Shared) => {}
            Some(Place::Own(name)) => headed(name, prompt),
            None => headed(name.unwrap_or_default(), prompt),
        }
        prompt.content(content);
    }
}

/// A result's own message is by the function. Found on names of two to seven tokens, each of which
/// counts in the call and in the result.
fn headed(name: &str, prompt: &mut Prompt<'_>) {
    prompt.role(&format!("functions.{name}"));
}

/// `assistant to=functions.NAME`, and two tokens more, which `responses` counts for gpt-5 only.
fn single(name: &str, arguments: &str, prompt: &mut Prompt<'_>) {
    prompt.role("assistant");
    prompt.tally.text(" to=functions");
    prompt.tally.text(name);
    prompt.tally.text(&compact(arguments));
    prompt
        .tally
        .add(if prompt.counts_json_mark() { 2 } else { 0 });
}

/// Calls of one turn go to a tool that takes a list of them, and that has one result. The frame of
/// call and result together is 14 for two calls as for three.
fn together(calls: &[(&str, Call<'_>)], prompt: &mut Prompt<'_>) {
    prompt.role("assistant");
    prompt.tally.text(" to=multi_tool_use.parallel");
    let one = |(_, (name, arguments)): &(&str, Call<'_>)| {
        let arguments = compact(arguments);
        format!("{{\"recipient_name\":\"functions.{name}\",\"parameters\":{arguments}}}")
    };
    let all: Vec<String> = calls.iter().map(one).collect();
    let list = format!("{{\"tool_uses\":[{}]}}", all.join(","));
    prompt.tally.text(&list);
    prompt.tally.add(14);
}

/// Arguments are read and written anew, without white space: found on some that had it.
fn compact(arguments: &str) -> String {
    let read = Json::parse(arguments.as_bytes());
    read.map_or_else(|| arguments.to_owned(), |read| read.compact())
}
