//! Where text can be cut so that its parts count the same alone as together.
//!
//! Both encodings split text by a pattern before they merge bytes, and no merge crosses a split.
//! Some splits hold whatever stands before or after; only those are used. What is not known here
//! is never cut, which costs a longer segment and no accuracy.

/// What the patterns of both encodings agree on about a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    /// Punctuation, without the apostrophe: `'re` may join the word before it.
    Mark,
    Newline,
    Space,
    /// Nothing is assumed.
    Other,
}

/// Walks through text and says where it can be cut.
#[derive(Clone, Debug, Default)]
pub(super) struct Boundaries {
    before: Option<Class>,
}

impl Boundaries {
    /// Takes the next character; true when the text can be cut in front of it.
    pub(super) fn before(&mut self, next: char) -> bool {
        use Class::{Digit, Letter, Mark, Newline, Other, Space};
        let after = class(next);
        let Some(before) = self.before.replace(after) else {
            return false;
        };
        match (before, after) {
            // A run of white space belongs together, and never to the word before it.
            (Letter | Digit | Mark | Other, Space)
            | (Letter | Digit, Newline | Mark)
            | (Newline | Digit, Letter)
            | (Newline | Letter | Mark, Digit) => true,
            // A word takes one mark in front, a mark the newlines behind it.
            (Letter, Letter | Other)
            | (Digit, Digit | Other)
            | (Mark, Letter | Mark | Newline | Other)
            | (Newline, Mark | Newline | Space | Other)
            | (Space, _)
            | (Other, Letter | Digit | Mark | Newline | Other) => false,
        }
    }
}

fn class(c: char) -> Class {
    match c {
        '\r' | '\n' => Class::Newline,
        _ if c.is_whitespace() => Class::Space,
        'a'..='z' | 'A'..='Z' => Class::Letter,
        '0'..='9' => Class::Digit,
        '\'' => Class::Other,
        _ if c.is_ascii_punctuation() => Class::Mark,
        _ if is_mark(c) => Class::Mark,
        _ if is_letter(c) => Class::Letter,
        _ => Class::Other,
    }
}

/// Punctuation of Chinese, Japanese and typeset text.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301B}'
        | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}')
}

/// Letters of blocks that have nothing else: no mark that only one encoding takes for a letter.
fn is_letter(c: char) -> bool {
    matches!(c,
        '\u{4E00}'..='\u{9FA5}' | '\u{3400}'..='\u{4DB5}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{17F}'
        | '\u{391}'..='\u{3A1}' | '\u{3A3}'..='\u{3CE}'
        | '\u{400}'..='\u{481}' | '\u{48A}'..='\u{4FF}'
        | '\u{5D0}'..='\u{5EA}' | '\u{620}'..='\u{64A}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` has a `|` wherever it can be cut.
    #[track_caller]
    fn check(text: &str) {
        let plain = text.replace('|', "");
        let mut boundaries = Boundaries::default();
        let mut cut = String::new();
        for c in plain.chars() {
            if boundaries.before(c) {
                cut.push('|');
            }
            cut.push(c);
        }
        assert_eq!(cut, text);
    }

    #[test]
    fn a_word_is_cut_before_the_space_in_front_of_it() {
        check("one| two|  three");
    }

    #[test]
    fn an_apostrophe_is_never_beside_a_cut() {
        check("they're| we'LL|,| 1'2| a'b");
    }

    #[test]
    fn a_mark_stays_with_the_word_behind_it_and_the_newlines() {
        check("f|(x|);\n|a|.b");
    }

    #[test]
    fn digits_stay_together() {
        check("v|12|.|345|a|7");
    }

    #[test]
    fn white_space_that_may_meet_a_newline_stays_together() {
        check("a| \n \n|b| \u{3000}\n");
    }

    #[test]
    fn chinese_is_cut_at_its_punctuation() {
        check("你好|,世界|。");
        check("你好|\u{FF0C}世界");
    }
}
