//! `Egress` → how we speak TLS: whom we trust, and how many sites' sessions are kept to be resumed.
//!
//! A handshake that resumes a session saves the server its signature and us a quarter of the poll. By itself rustls keeps
//! the sessions of 256 sites at most, too few for a thousand, so the store here grows with the sources.

use super::transport::ClientError;
use crate::config::Egress;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::client::ClientSessionMemoryCache;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// rustls counts tickets, of which it keeps up to eight of each server.
const TICKETS_PER_SERVER: usize = 8;

/// How we speak TLS. Every client of one configuration shares it, so that a session is resumed by whatever way.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) config: ClientConfig,
    /// Why https cannot be asked: there is no certificate authority that could be trusted.
    pub(crate) no_authorities: Option<String>,
}

impl Tls {
    /// Reads `egress.extra_ca` and the system's certificate authorities. A machine without any is no error: it still
    /// asks over http.
    pub(crate) fn new(egress: &Egress, servers_remembered: usize) -> Result<Self, ClientError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| ClientError::Library(error.to_string()))?;
        let extra = extra_authorities(egress)?;
        let (mut config, no_authorities) = match Verifier::new_with_extra_roots(extra, provider) {
            Ok(verifier) => {
                let verifier = Arc::new(verifier);
                (builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth(), None)
            }
            Err(error) => match &egress.extra_ca {
                Some(path) => {
                    return Err(ClientError::ExtraCaMalformed { path: path.clone(), detail: error.to_string() });
                }
                // What fails here is the reading of the system's authorities: nobody is trusted.
                None => (
                    builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
                    Some(error.to_string()),
                ),
            },
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let tickets = servers_remembered.saturating_mul(TICKETS_PER_SERVER);
        config.resumption = Resumption::store(Arc::new(ClientSessionMemoryCache::new(tickets)));
        Ok(Self { config, no_authorities })
    }
}

fn extra_authorities(egress: &Egress) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let Some(path) = &egress.extra_ca else { return Ok(Vec::new()) };
    let pem = std::fs::read(path).map_err(|detail| ClientError::ExtraCaUnreadable { path: path.clone(), detail })?;
    let malformed = |detail: String| ClientError::ExtraCaMalformed { path: path.clone(), detail };
    let authorities: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let authorities = authorities.map_err(|error| malformed(error.to_string()))?;
    if authorities.is_empty() {
        return Err(malformed("it holds no certificate".to_owned()));
    }
    Ok(authorities)
}
