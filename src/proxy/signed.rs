//! Requests that tollgate signs, with credentials of its own: held until they are whole, for a
//! signature is over a hash of the body.

use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use super::error::ProxyError;
use super::forward::Passage;
use super::held::{Came, RequestBody};
use crate::sign::Signer;

/// The longest request that is signed: Bedrock takes no longer one.
pub(super) const SIGN_BODY_BYTES_MAX: usize = 25_000_000;

/// So much of a longer one is read on before it is refused.
const DISCARDED_BYTES_MAX: usize = 4 * SIGN_BODY_BYTES_MAX;

/// What Amazon calls an error.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

impl Passage {
    /// The request, signed; its client's own authorization is gone by now.
    pub(super) async fn signed(
        &mut self,
        signer: &Signer,
        request: Request<RequestBody>,
    ) -> Result<Request<RequestBody>, ProxyError> {
        let (mut head, body) = request.into_parts();
        let body = self.whole(body).await?;
        // Until it is signed nothing of it is sent.
        self.is_held(true);
        let mut hash = Sha256::new();
        for piece in body.pieces() {
            hash.update(piece);
        }
        let sealed = signer.sign(&mut head, &hash.finalize().into()).await;
        sealed.map_err(|source| ProxyError::Unsigned {
            upstream: self.upstream.name().to_owned(),
            source,
        })?;
        self.is_held(false);
        Ok(Request::from_parts(head, body))
    }

    /// What tollgate signed may be refused: that is its own to mend, and not its caller's.
    pub(super) fn look_at_signed<B>(&self, response: &Response<B>) {
        let Some(signer) = self.upstream.signer() else {
            return;
        };
        let why = response.headers().get(ERROR_TYPE);
        let why = why.and_then(|why| why.to_str().ok()).unwrap_or_default();
        // That is of a role's rights, which other credentials of it would not have either.
        let is_denied = why.starts_with("AccessDenied");
        if response.status() == StatusCode::FORBIDDEN && !is_denied {
            signer.was_refused();
            tracing::warn!(
                upstream = self.upstream.name(),
                why,
                "AWS refused what tollgate signed; look at its credentials, region and clock"
            );
        }
    }

    async fn whole(&mut self, body: RequestBody) -> Result<RequestBody, ProxyError> {
        if body.is_whole() {
            return Ok(body);
        }
        let room = self.held.as_ref().map_or(0, |held| held.bytes_max);
        let may_fit =
            body.size_hint().lower() <= SIGN_BODY_BYTES_MAX.try_into().unwrap_or(u64::MAX);
        match self.hold(body, room).await? {
            Came::Whole(body) => Ok(RequestBody::whole(body)),
            Came::Partly(_) if room == 0 && may_fit => Err(ProxyError::NoRoom),
            Came::Partly(body) => {
                self.is_held(true);
                self.discard(body).await;
                Err(ProxyError::TooLongToSign {
                    limit: SIGN_BODY_BYTES_MAX,
                })
            }
        }
    }

    /// Reads what nobody gets: a client that still sends when its connection closes may never see why.
    async fn discard(&mut self, mut body: RequestBody) {
        let reading = async {
            let mut read = 0;
            while let Some(Ok(frame)) = body.frame().await
                && read < DISCARDED_BYTES_MAX
            {
                read += frame.data_ref().map_or(0, Bytes::len);
            }
        };
        self.upload.answered(&mut self.patience, reading).await;
    }
}
