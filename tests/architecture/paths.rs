//! The paths a Rust source names, read from its tokens: comments and strings cannot fool it, and
//! macros and test code are seen too. Groups such as `crate::{a, b::C}` come out one by one.

use std::iter::Peekable;
use std::str::FromStr;

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// One path as written, such as `["crate", "money", "Pico"]`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) segments: Vec<String>,
    /// The line of its first segment.
    pub(crate) line: usize,
    /// Whether only a test build compiles it.
    pub(crate) in_test: bool,
    /// Modules declared inside the file around it: what `super` has to climb first.
    pub(crate) inline_depth: usize,
}

/// All paths of two or more segments, and every lone identifier.
pub(crate) fn paths(source: &str) -> Result<Vec<NamedPath>, String> {
    let tokens = TokenStream::from_str(source).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    let place = Place {
        in_test: false,
        inline_depth: 0,
    };
    walk(tokens, place, &[], &mut found);
    Ok(found)
}

#[derive(Clone, Copy)]
struct Place {
    in_test: bool,
    inline_depth: usize,
}

/// Reads one token list; `prefix` is what stands before the braces of a `use` group.
fn walk(tokens: TokenStream, place: Place, prefix: &[String], found: &mut Vec<NamedPath>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut item = Item::default();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) => {
                let (segments, group) = path_from(ident.to_string(), &mut tokens, prefix);
                item.is_module |= segments == ["mod"];
                let inner = item.place(place);
                if let Some(group) = group {
                    walk(group.stream(), inner, &segments, found);
                } else {
                    found.push(NamedPath {
                        segments,
                        line: ident.span().start().line,
                        in_test: inner.in_test,
                        inline_depth: inner.inline_depth,
                    });
                }
            }
            TokenTree::Group(group) => {
                let inner = item.body(&group, place);
                walk(group.stream(), inner, &[], found);
                if group.delimiter() == Delimiter::Brace {
                    item = Item::default();
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => item = Item::default(),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// What is known of the item being read, from its start to its braces or semicolon.
#[derive(Default)]
struct Item {
    is_test: bool,
    is_module: bool,
}

impl Item {
    fn place(&self, outer: Place) -> Place {
        Place {
            in_test: outer.in_test || self.is_test,
            inline_depth: outer.inline_depth,
        }
    }

    /// The place inside `group`; an attribute `#[cfg(test)]` marks the item it stands on.
    fn body(&mut self, group: &Group, outer: Place) -> Place {
        if group.delimiter() == Delimiter::Bracket {
            self.is_test |= is_cfg_test(group);
        }
        let opens_module = self.is_module && group.delimiter() == Delimiter::Brace;
        let mut inner = self.place(outer);
        inner.inline_depth += usize::from(opens_module);
        inner
    }
}

fn is_cfg_test(attribute: &Group) -> bool {
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    text == "cfg(test)" || text == "test" || text.ends_with("::test")
}

/// Follows `::` from `first`; ends at a `use` group, which is handed back to be read with the path.
fn path_from(
    first: String,
    tokens: &mut Peekable<IntoIter>,
    prefix: &[String],
) -> (Vec<String>, Option<Group>) {
    let mut segments = prefix.to_vec();
    segments.push(first);
    while takes_path_separator(tokens) {
        match tokens.peek() {
            Some(TokenTree::Ident(_)) => {
                segments.extend(tokens.next().map(|ident| ident.to_string()));
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let group = group.clone();
                tokens.next();
                return (segments, Some(group));
            }
            Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => {
                segments.push("*".to_owned());
                break;
            }
            _ => break,
        }
    }
    (segments, None)
}

/// Consumes `::` if it comes next.
fn takes_path_separator(tokens: &mut Peekable<IntoIter>) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ':');
    let joint = matches!(tokens.peek(), Some(TokenTree::Punct(p))
        if p.as_char() == ':' && p.spacing() == Spacing::Joint);
    joint && tokens.next().is_some() && tokens.next_if(is_colon).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[&str]) {
        let found: Vec<String> = paths(source)
            .unwrap()
            .iter()
            .filter(|path| path.segments.len() > 1)
            .map(|path| {
                let test = if path.in_test { " (test)" } else { "" };
                format!("{}{test}@{}", path.segments.join("::"), path.inline_depth)
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_use_group_is_read_path_by_path() {
        check(
            "use crate::{call::CallId, wire::{self, sse}, money::*};",
            &[
                "crate::call::CallId@0",
                "crate::wire::self@0",
                "crate::wire::sse@0",
                "crate::money::*@0",
            ],
        );
    }

    #[test]
    fn paths_in_macros_and_bodies_are_seen() {
        check(
            "fn f() { assert_eq!(crate::money::ZERO, x); }",
            &["crate::money::ZERO@0"],
        );
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        check(
            "/// crate::money\n// crate::wire\nconst A: &str = \"crate::call\";",
            &[],
        );
    }

    #[test]
    fn test_code_is_marked_and_what_follows_it_is_not() {
        check(
            "#[cfg(test)] mod tests { use super::super::a; } fn f() { std::fs::read(p); }",
            &["super::super::a (test)@1", "std::fs::read@0"],
        );
    }

    #[test]
    fn a_test_only_import_is_marked() {
        check(
            "#[cfg(test)] use crate::a::B; use crate::c::D;",
            &["crate::a::B (test)@0", "crate::c::D@0"],
        );
    }

    #[test]
    fn generics_and_turbofish_do_not_end_the_reading() {
        check(
            "fn f() -> crate::a::B<crate::c::D> { g::<std::net::IpAddr>() }",
            &["crate::a::B@0", "crate::c::D@0", "std::net::IpAddr@0"],
        );
    }
}
