//! The region that an upstream's address is of: some providers have a host for each.

use super::Upstream;
use super::sign::region_of;

impl Upstream {
    /// The region its requests are signed for, else the one its address says: of Amazon Bedrock
    /// (`bedrock-runtime.eu-central-1.amazonaws.com`), Vertex AI
    /// (`us-central1-aiplatform.googleapis.com`). `OpenAI`'s hosts of a region have lists of their own.
    #[must_use]
    pub fn region(&self) -> Option<String> {
        if let Some(sign) = &self.sign {
            return Some(sign.region.clone());
        }
        let host = self.base_url.host()?;
        let of_mantle = || {
            host.strip_prefix("bedrock-mantle.")?
                .strip_suffix(".api.aws")
        };
        let of_vertex = || host.strip_suffix("-aiplatform.googleapis.com");
        let named = || of_mantle().or_else(of_vertex).map(str::to_owned);
        region_of(host).or_else(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::WireFormat;

    #[track_caller]
    fn check(base_url: &'static str, region: Option<&str>) {
        let base_url = http::Uri::from_static(base_url);
        let upstream = Upstream::new("u", WireFormat::Bedrock, base_url);
        assert_eq!(upstream.region().as_deref(), region);
    }

    #[test]
    fn an_address_says_its_region() {
        let frankfurt = Some("eu-central-1");
        check(
            "https://bedrock-runtime.eu-central-1.amazonaws.com",
            frankfurt,
        );
        check(
            "https://vpce-1.bedrock-runtime.eu-central-1.vpce.amazonaws.com",
            frankfurt,
        );
        check("https://bedrock-mantle.eu-central-1.api.aws", frankfurt);
        let vertex = "https://us-central1-aiplatform.googleapis.com";
        check(vertex, Some("us-central1"));
        for none in [
            "https://eu.api.openai.com/v1",
            "https://aiplatform.googleapis.com",
            "https://bedrock-runtime.example.com",
            "http://127.0.0.1:8000",
        ] {
            check(none, None);
        }
    }
}
