//! Maps that somebody broke, by chance or on purpose.

use super::*;

#[track_caller]
fn refused(text: &str, format: MapFormat, says: &str) {
    let failure = file::models("map.json", text, format, DAY).err();
    let said = failure
        .map(|failure| failure.to_string())
        .unwrap_or_default();
    assert!(
        said.contains("map.json") && said.contains(says),
        "{text:.60}: {said}"
    );
}

#[test]
fn what_is_no_map_is_refused_with_its_name_and_place() {
    let auto = MapFormat::Auto;
    refused("", auto, "is not JSON");
    refused("- id: openai\n  models: []\n", auto, "is not JSON");
    refused(
        "{\"a\": NaN}",
        auto,
        "is not JSON: expected value at line 1",
    );
    refused("{\"a\": {}", auto, "is not JSON");
    refused(&"[".repeat(100_000), auto, "is not JSON");
    refused(&"{\"a\":".repeat(100_000), auto, "is not JSON");
    refused("3", auto, "a number that does not look like any price map");
    refused("[1, 2]", auto, "a list that does not look like");
    refused("{}", auto, "an object that does not look like");
    refused(
        "{\"a\": {\"price\": 3}}",
        auto,
        "an object that does not look like",
    );
    refused(
        "{}",
        MapFormat::ModelsDev,
        "does not look like a map of models-dev",
    );
    refused(
        "{}",
        MapFormat::GenaiPrices,
        "does not look like a map of genai-prices",
    );
}

#[test]
fn a_file_beyond_the_bound_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.json");
    let large = std::fs::File::create(&path).unwrap();
    large.set_len(file::FILE_BYTES_MAX + 1).unwrap();
    let failure = file::read(&path, MapFormat::Auto, DAY)
        .unwrap_err()
        .to_string();
    assert!(
        failure.contains("is larger than 33554432 bytes"),
        "{failure}"
    );
}

/// Takes bytes out, puts others in, and says some twice.
fn broken(mut bytes: Vec<u8>, random: &mut fastrand::Rng) -> Vec<u8> {
    for _ in 0..random.usize(1..6) {
        let begin = random.usize(0..=bytes.len());
        let end = random.usize(begin..=bytes.len().min(begin + 40));
        let piece = bytes[begin..end].to_vec();
        match random.u8(0..5) {
            0 => drop(bytes.drain(begin..end)),
            1 => bytes.insert(begin, *random.choice(b"{}[]\",:\\-+.eE0189").unwrap()),
            2 => drop(bytes.splice(begin..begin, piece)),
            3 => drop(bytes.splice(begin..begin, *b"1e400")),
            _ => drop(bytes.splice(begin..begin, *b"null")),
        }
    }
    bytes
}

/// Whatever a map says, a model is brought over with usable prices, or the reason is told; and what is
/// brought over is a price book that can be written and read.
#[test]
fn a_broken_map_is_brought_over_or_told_and_never_more() {
    let mut random = fastrand::Rng::with_seed(4141);
    let mut read = 0;
    for name in ["litellm", "genai-prices", "models-dev"] {
        let whole = std::fs::read(fixture(&format!("{name}.json"))).unwrap();
        for _ in 0..400 {
            let text = String::from_utf8_lossy(&broken(whole.clone(), &mut random)).into_owned();
            let Ok((_, mut models)) = file::models("map.json", &text, MapFormat::Auto, DAY) else {
                continue;
            };
            read += 1;
            sift::sift(&mut models, random.bool());
            let book = book_of(&mut models).unwrap();
            for model in &models {
                assert!(is_brought(model) || !model.told.is_empty() || model.names.is_empty());
            }
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("overlay.toml");
            std::fs::write(&path, crate::config::written_prices(book.entries())).unwrap();
            let prices = crate::config::price_file(&path);
            let prices = prices
                .unwrap_or_else(|problems| panic!("{problems}\n{text}"))
                .prices;
            assert_eq!(prices, book.entries());
        }
    }
    assert!(read > 100, "only {read} of them were JSON");
}
