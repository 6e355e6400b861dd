//! Where credentials come from: the AWS SDK's own chain, asked anew each time, for files and roles
//! change while tollgate runs.

use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;

use super::Settings;
use super::keeper::Source;
use super::links::Links;

/// The chain, or one profile alone.
pub(super) struct Chain {
    links: Links,
    region: Region,
    profile: Option<String>,
}

impl Chain {
    pub(super) fn new(settings: &Settings) -> reqwest::Result<Self> {
        Ok(Self {
            links: Links::new(settings)?,
            region: Region::new(settings.region.clone()),
            profile: settings.profile.clone(),
        })
    }
}

impl Source for Chain {
    async fn fetch(&self) -> Result<Credentials, String> {
        let config = ProviderConfig::without_region()
            .with_region(Some(self.region.clone()))
            .with_http_client(self.links.clone());
        let fetched = if let Some(profile) = &self.profile {
            let profile = ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_name(profile)
                .build();
            profile.provide_credentials().await
        } else {
            let chain = DefaultCredentialsChain::builder()
                .configure(config)
                .region(self.region.clone())
                .build()
                .await;
            chain.provide_credentials().await
        };
        fetched.map_err(|error| words(&error))
    }
}

/// An error and its causes in their own words. Never as a dump: that shows whole answers, and one
/// that could not be read may have credentials in it.
fn words(error: &CredentialsError) -> String {
    let first: &dyn std::error::Error = error;
    let causes = std::iter::successors(Some(first), |&cause| cause.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}
