//! What a client needs: building frames and the replies they must get.

use alloc::vec::Vec;

use thiserror::Error;

use crate::bytes::{END, START};

/// Why a payload cannot be sent as one frame.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "payload byte {position} is '$', which would end the frame there; a payload may contain any byte but '$'"
)]
pub struct PayloadError {
    /// Index of the first `$`.
    pub position: usize,
}

/// Appends the frame that carries `payload`: [`START`], the payload, [`END`].
///
/// # Errors
/// [`PayloadError`] if the payload contains an [`END`] byte; `request` is then unchanged.
///
/// ```
/// let mut request = Vec::new();
/// protocol::append_frame(b"abc", &mut request)?;
/// assert_eq!(request, b"^abc$");
/// # Ok::<(), protocol::PayloadError>(())
/// ```
pub fn append_frame(payload: &[u8], request: &mut Vec<u8>) -> Result<(), PayloadError> {
    if let Some(position) = payload.iter().position(|&byte| byte == END) {
        return Err(PayloadError { position });
    }
    request.reserve(payload.len() + 2);
    request.push(START);
    request.extend_from_slice(payload);
    request.push(END);
    Ok(())
}

/// Appends the reply that a frame with this payload must get: each byte plus one, wrapping.
///
/// ```
/// let mut reply = Vec::new();
/// protocol::append_frame_reply(b"az\xff^", &mut reply);
/// assert_eq!(reply, b"b{\x00_");
/// ```
pub fn append_frame_reply(payload: &[u8], reply: &mut Vec<u8>) {
    reply.extend(payload.iter().map(|byte| byte.wrapping_add(1)));
}
