//! Floating point in a source, read from its tokens. What has no name, arithmetic and conversions of
//! inferred types, clippy sees by type; here it is held that nobody asks clippy to look away.

use std::str::FromStr;

use proc_macro2::{Literal, TokenStream, TokenTree};

/// Each place that names floating point, with its line.
pub(crate) fn floats(source: &str) -> Result<Vec<(usize, String)>, String> {
    let tokens = TokenStream::from_str(source).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    walk(tokens, &mut found);
    Ok(found)
}

fn walk(tokens: TokenStream, found: &mut Vec<(usize, String)>) {
    for token in tokens {
        let is_float = match &token {
            TokenTree::Group(group) => {
                walk(group.stream(), found);
                false
            }
            TokenTree::Ident(ident) => is_float(&ident.to_string()),
            TokenTree::Literal(literal) => is_decimal(literal),
            TokenTree::Punct(_) => false,
        };
        if is_float {
            let line = token.span().start().line;
            found.push((line, token.to_string()));
        }
    }
}

/// A type, what is called after one, such as `to_f64`, or the lint that forbids its arithmetic.
fn is_float(name: &str) -> bool {
    let after = |float| name == float || name.ends_with(&format!("_{float}"));
    after("f32") || after("f64") || name == "float_arithmetic"
}

/// `0.5`, `1e9` or `1_f64`, and no text, character or whole number.
fn is_decimal(literal: &Literal) -> bool {
    let text = literal.to_string();
    let is_number = text.starts_with(|first: char| first.is_ascii_digit());
    let number = text.trim_end_matches("usize").trim_end_matches("isize");
    let has_float =
        number.contains(['.', 'e', 'E']) || number.ends_with("f32") || number.ends_with("f64");
    is_number && !number.starts_with("0x") && has_float
}
