//! Where keys and salts come from: the operating system, or a seed where a test must repeat itself.

#[cfg(any(test, feature = "test-util"))]
use sha2::{Digest, Sha256};

/// A source of bytes that nobody else can guess.
pub trait Randomness {
    /// Fills the buffer.
    ///
    /// # Errors
    /// [`RandomnessError`] when the source has failed; the buffer must not be used then.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandomness;

impl Randomness for OsRandomness {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::fill(buffer).map_err(|_| RandomnessError)
    }
}

/// Bytes that follow from a seed: SHA-256 of seed and counter. Whoever knows the seed knows every
/// key, so this exists in tests only.
#[cfg(any(test, feature = "test-util"))]
#[derive(Clone, Debug)]
pub struct SeededRandomness {
    seed: u64,
    blocks: u64,
}

#[cfg(any(test, feature = "test-util"))]
impl SeededRandomness {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, blocks: 0 }
    }
}

#[cfg(any(test, feature = "test-util"))]
impl Randomness for SeededRandomness {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        for chunk in buffer.chunks_mut(32) {
            let block = Sha256::new()
                .chain_update(b"concordat/test-randomness/1\0")
                .chain_update(self.seed.to_be_bytes())
                .chain_update(self.blocks.to_be_bytes())
                .finalize();
            self.blocks += 1;
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
        Ok(())
    }
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub struct RandomnessError;
