//! Whose price list the calls of an upstream are priced by.

use http::Uri;

use crate::config::value::{Value, hint};
use crate::pricing::PriceBook;

/// The lists of known addresses: only hosts whose prices the lists have.
const LISTS: [(&str, &str); 24] = [
    // And with a region before it.
    ("aiplatform.googleapis.com", "google"),
    ("api.anthropic.com", "anthropic"),
    ("api.cohere.ai", "cohere"),
    ("api.cohere.com", "cohere"),
    ("api.deepseek.com", "deepseek"),
    ("api.groq.com", "groq"),
    ("api.minimax.cn", "minimax-cn"),
    ("api.minimax.io", "minimax"),
    ("api.minimaxi.com", "minimax-cn"),
    ("api.mistral.ai", "mistral"),
    ("api.moonshot.ai", "moonshotai"),
    ("api.moonshot.cn", "moonshotai-cn"),
    ("api.openai.com", "openai"),
    ("api.together.ai", "together"),
    ("api.together.xyz", "together"),
    ("api.voyageai.com", "voyageai"),
    ("api.x.ai", "x-ai"),
    ("api.z.ai", "zai"),
    ("ark.cn-beijing.volces.com", "bytedance"),
    ("dashscope-intl.aliyuncs.com", "alibaba"),
    ("dashscope.aliyuncs.com", "alibaba-cn"),
    ("generativelanguage.googleapis.com", "google"),
    ("open.bigmodel.cn", "zhipuai"),
    ("qianfan.baidubce.com", "baidu"),
];

/// A list that is named must have prices; the upstream's own name may be without.
pub(super) fn named(value: &Value<'_>, book: Option<&PriceBook>) -> Option<String> {
    let name = value.text()?;
    let Some(book) = book.filter(|book| !book.has_list(name)) else {
        return Some(name.to_owned());
    };
    is_no_list(value, name, book)
}

/// Tells which lists there are.
pub(super) fn is_no_list<T>(value: &Value<'_>, name: &str, book: &PriceBook) -> Option<T> {
    let mut lists: Vec<&str> = book.entries().iter().map(|e| e.list.as_str()).collect();
    lists.sort_unstable();
    lists.dedup();
    let known = lists.join(", ");
    value.is_not(&format!(
        "a price list; there are {known}{}",
        hint(name, &lists)
    ))
}

/// What the hosts of a region end in, such as `eu.api.openai.com`: models of 2026-03-05 and later cost
/// a tenth more there (<https://developers.openai.com/api/docs/pricing>), and calls do not show it.
const REGIONAL: (&str, &str) = (".api.openai.com", "openai");

/// Vendors with a host for each currency: their lists in dollars and in yuan. `DeepSeek` bills both
/// currencies at one host.
const PAIRS: [(&str, &str); 4] = [
    ("alibaba", "alibaba-cn"),
    ("minimax", "minimax-cn"),
    ("moonshotai", "moonshotai-cn"),
    ("zai", "zhipuai"),
];

/// Where none is named: the list of the upstream's own name; if there is none, that of its address.
/// Of a vendor's two lists the address decides. A region with prices of its own has the list that is
/// called as its host, which only the user can write.
pub(super) fn unnamed(name: &str, base_url: Option<&Uri>, book: Option<&PriceBook>) -> String {
    let has = |list: &str| book.is_some_and(|book| book.has_list(list));
    let Some(host) = base_url.and_then(Uri::host).map(str::to_ascii_lowercase) else {
        return name.to_owned();
    };
    let (ending, vendor) = REGIONAL;
    if host.ends_with(ending) && name == vendor {
        return host;
    }
    let is_at = |at: &str| {
        let region = host.strip_suffix(at);
        region.is_some_and(|region| region.is_empty() || region.ends_with('-'))
    };
    let known = LISTS.iter().find(|(at, _)| is_at(at));
    let pair = |list: &str| PAIRS.iter().find(|pair| pair.0 == list || pair.1 == list);
    let fits = |list: &&str| {
        has(list) && (!has(name) || (pair(list).is_some() && pair(list) == pair(name)))
    };
    let list = known.map(|(_, list)| *list).filter(fits);
    list.unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::LISTS;
    use crate::config::{Overrides, load_with};

    #[test]
    fn every_known_address_has_a_list_of_the_catalogue() {
        let config = load_with(None, &Overrides::default(), &|_| None).unwrap();
        for (host, list) in LISTS {
            assert!(config.prices.has_list(list), "{host}: {list}");
        }
    }
}
