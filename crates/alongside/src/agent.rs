//! How the program asks others over HTTP: where alerts go, and whether a server is there.

use std::time::Duration;

use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

/// An agent that waits at most `timeout` for all of an answer, and to which every status is one.
pub(crate) fn agent(timeout: Duration) -> ConfigBuilder<AgentScope> {
    let config =
        ureq::Agent::config_builder().timeout_global(Some(timeout)).http_status_as_error(false);
    // OpenSSL and those whom the system trusts, as for Kafka and ClickHouse. `ureq` takes neither by itself, and fails
    // at the first https:// where it is built with nothing else.
    #[cfg(feature = "tls")]
    let config = config.tls_config(
        ureq::tls::TlsConfig::builder()
            .provider(ureq::tls::TlsProvider::NativeTls)
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .build(),
    );
    config
}
