//! Facts about `[tokenizers.NAME]`; the problems people see are in `tests/golden/config-tokenizers.txt`.

use std::fs;

use super::*;
use crate::tokens::TOKENIZER_FILE_BYTES_MAX;

const TINY: &str = include_str!("../../../tests/fixtures/tokenizers/tiny.json");

/// A folder with a configuration and the tokenizers that the tests name.
fn stage(text: &str) -> tempfile::TempDir {
    let folder = folder(text);
    let put = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("own")).unwrap();
    put("own/tiny.json", TINY.as_bytes());
    put("empty.json", b"");
    put("words.json", br#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":null,"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"[UNK]"}}"#);
    let long = fs::File::create(folder.path().join("long.json")).unwrap();
    long.set_len(TOKENIZER_FILE_BYTES_MAX + 1).unwrap();
    folder
}

#[cfg(feature = "tokenizers")]
#[test]
fn a_file_is_read_from_the_configurations_folder_and_printed_as_it_is_read() {
    let folder =
        stage("[tokenizers.tiny]\nmatch = [\"llama-3*\", \"ours\"]\nfile = \"own/tiny.json\"\n");
    let path = folder.path().join("tollgate.toml");
    let load = || load_with(Some(&path), &Overrides::default(), &env);
    let config = load().unwrap();
    let [tiny] = config.tokenizers.as_slice() else {
        panic!("{:?}", config.tokenizers)
    };
    assert_eq!(tiny.models, ["llama-3*", "ours"]);
    assert_eq!((tiny.name.as_str(), tiny.file.name()), ("tiny", "tiny"));
    fs::write(&path, config.print()).unwrap();
    let again = load().unwrap();
    assert_eq!(again.print(), config.print());
    // A change of it is a change of the configuration.
    fs::write(folder.path().join("own/tiny.json"), "").unwrap();
    assert_eq!(again.files.again().changed(&again.files).count(), 1);
}

#[cfg(feature = "tokenizers")]
#[test]
fn what_is_wrong_with_tokenizers_is_told_with_a_remedy() {
    let text = r#"[tokenizers.a]
file = "own/tiny.json"
[tokenizers.b]
match = ["llama-3*", "ours"]
file = "gone.json"
models = ["m"]
[tokenizers.c]
match = "m"
file = "empty.json"
[tokenizers.d]
match = "n"
file = "words.json"
[tokenizers.e]
match = "o"
file = "long.json"
[tokenizers.f]
match = "p"
file = "own"
[tokenizers.g]
match = ["ours", "q"]
file = "own/tiny.json"
[tokenizers.h]
match = ["q", "*q", "x*y*"]
file = 7
[tokenizers.i]
match = ["q", "r*"]
file = "own/tiny.json"
[tokenizers.o200k_base]
match = "s"
file = "own/tiny.json"
"#;
    golden::compare_problems("config-tokenizers.txt", text, &stage(text));
}

#[cfg(not(feature = "tokenizers"))]
#[test]
fn a_build_that_cannot_read_them_says_so() {
    let folder = stage("[tokenizers.tiny]\nmatch = \"m\"\nfile = \"own/tiny.json\"\n");
    let path = folder.path().join("tollgate.toml");
    let problems = load_with(Some(&path), &Overrides::default(), &env).unwrap_err();
    let said = problems.to_string();
    let place = "tollgate.toml: line 3: tokenizers.tiny.file: \"own/tiny.json\" is not";
    let remedy = "something this build can read; build tollgate with its default features";
    assert!(said.contains(place) && said.contains(remedy), "{said}");
}
