//! Bytes at random, text that is nearly JSON, and broken fixtures say the same in any pieces.

use proptest::prelude::*;

use super::hostile::sample;
use super::*;

/// A body cut into pieces at random.
fn pieces(body: &[u8], mut cuts: Vec<usize>) -> Vec<&[u8]> {
    cuts.retain(|cut| *cut <= body.len());
    cuts.extend([0, body.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|pair| &body[pair[0]..pair[1]])
        .collect()
}

fn any_format() -> impl Strategy<Value = WireFormat> {
    prop::sample::select(WireFormat::ALL.to_vec())
}

/// Text of the pieces our formats are made of, in any order.
fn near_json() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "\\",
        "\n",
        "\r",
        " ",
        "data:",
        "data: ",
        "[DONE]",
        "\"usage\"",
        "\"message\"",
        "\"choices\"",
        "\"delta\"",
        "\"content\"",
        "\"model\":\"m\"",
        "\"error\":{\"a\":1}",
        "null",
        "1",
        "-",
        "\\u0075",
        "{\"usage\":{\"prompt_tokens\":1}}",
        "{\"usage\":{\"input_tokens\":1}}",
        "\"type\":\"message_stop\"",
        "\u{feff}",
        "event: x\n",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..40)
        .prop_map(|words| words.concat().into_bytes())
}

fn mutated_fixture() -> impl Strategy<Value = (WireFormat, Vec<u8>)> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (prop::sample::select(all_fixtures()), edits).prop_map(|(sample, edits)| {
        let mut body = sample.body;
        for (place, byte) in edits {
            let place = place.index(body.len());
            match byte % 3 {
                0 => body[place] = byte,
                1 => body.insert(place, byte),
                _ => drop(body.remove(place)),
            }
        }
        (sample.format, body)
    })
}

fn same_in_pieces(
    format: WireFormat,
    body: Vec<u8>,
    cuts: Vec<usize>,
) -> Result<(), TestCaseError> {
    let sample = sample(format, body);
    prop_assert_eq!(
        sample.said_after(&pieces(&sample.body, cuts.clone())),
        sample.said()
    );
    let mut whole = RequestScanner::new(format);
    whole.feed(&sample.body);
    let mut split = RequestScanner::new(format);
    for piece in pieces(&sample.body, cuts) {
        split.feed(piece);
    }
    prop_assert_eq!(split.facts(), whole.facts());
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_say_the_same_in_any_pieces(
        format in any_format(),
        body in prop::collection::vec(any::<u8>(), 0..400),
        cuts in prop::collection::vec(0..400usize, 0..8),
    ) {
        same_in_pieces(format, body, cuts)?;
    }

    #[test]
    fn text_that_is_nearly_json_says_the_same_in_any_pieces(
        format in any_format(),
        body in near_json(),
        cuts in prop::collection::vec(0..400usize, 0..8),
    ) {
        same_in_pieces(format, body, cuts)?;
    }

    #[test]
    fn a_broken_fixture_says_the_same_in_any_pieces(
        (format, body) in mutated_fixture(),
        cuts in prop::collection::vec(0..2000usize, 0..8),
    ) {
        same_in_pieces(format, body, cuts)?;
    }
}
