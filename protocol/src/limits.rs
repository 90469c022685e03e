//! Every bound of the protocol, with its unit. Each has a test that crosses it.

mod token_bucket;

pub use token_bucket::{Rate, TokenBucket};

use crate::log::note::KEY_NAME_BYTES_MAX;

/// Bytes of one statement, envelope included.
// spec: STM-2
pub const STATEMENT_BYTES_MAX: usize = 64 << 10;
/// Bytes of one frame, its length prefix not counted.
// spec: EXC-3
pub const FRAME_BYTES_MAX: usize = 1 << 20;
/// Leaves or bodies in one block.
pub const BLOCK_LEAVES: u64 = 256;
/// Range answers that a peer may have in flight.
pub const RANGES_IN_FLIGHT_MAX: usize = 4;
/// Requests of one peer that may be under way here.
// spec: EXC-19
pub const REQUESTS_UNDER_WAY_MAX: usize = 2 * RANGES_IN_FLIGHT_MAX;
/// Bytes of one part of an answer: no more of it is made before the part has been sent. With
/// [`ANSWER_LARGE_BYTES_MAX`] this keeps what is in memory for one connection below 8 MiB.
// spec: EXC-28
pub const ANSWER_PART_BYTES_MAX: usize = 512 << 10;
/// Bytes of a part while few others are being sent: so much that a usual answer is one part.
// spec: EXC-28
pub const ANSWER_LARGE_BYTES_MAX: usize = 2 << 20;
/// Parts of that size that are sent to one peer at the same time.
pub const ANSWERS_LARGE_MAX: usize = 2;
/// Bytes of frames that wait between one connection and the node, each way: of what came in, until it has
/// been looked at; of what is to go out on the control stream, until the peer reads it.
// spec: EXC-32, EXC-33
pub const PEER_BYTES_WAITING_MAX: usize = 8 << 20;
/// Bytes of the frame that asks for something: an origin and a few numbers.
// spec: EXC-29
pub const REQUEST_BYTES_MAX: usize = 1 << 10;
/// Leaves that one range request may ask for.
pub const RANGE_LEAVES_MAX: u64 = 16_384;
/// Bodies that one request may ask for.
pub const RANGE_BODIES_MAX: u64 = 2_048;
/// Bytes of statements that a push carries inline.
pub const PUSH_INLINE_BYTES_MAX: usize = 64 << 10;
/// Invalid objects of one member, over all its connections, with the last of which it is disconnected;
/// one is forgotten every ten seconds.
// spec: EXC-12
pub const INVALID_OBJECTS: Rate = Rate {
    burst: 16,
    tokens: 1,
    period_ms: 10_000,
};
/// Positions of logs that one member may ask for at once, beside [`POSITIONS_ASKED_TIMES`] all that are
/// held, and how many more come with time. Of bodies of the usual size 4,096 are about 5 MB.
// spec: EXC-31
pub const POSITIONS_ASKED: Rate = Rate {
    burst: 65_536,
    tokens: 4_096,
    period_ms: 1_000,
};
/// How often a member may ask for everything that is held before it is slowed down: for leaves and
/// bodies once when it is new, and once more when it has lost its directory.
// spec: EXC-31
pub const POSITIONS_ASKED_TIMES: u64 = 4;
/// What a consistency proof counts for, in positions.
pub const POSITIONS_OF_A_PROOF: u64 = 64;
/// Approvals under one proposal.
pub const APPROVALS_MAX: usize = 16;
/// Bytes of the line of a cosignature: an em dash and a space, the longest key name, a space, and 76
/// bytes in Base64: key id, time and signature.
// spec: EXC-75
pub const COSIGNATURE_LINE_BYTES_MAX: usize =
    "\u{2014} ".len() + KEY_NAME_BYTES_MAX + 1 + (4 + 8 + 64usize).div_ceil(3) * 4;
/// The most milliseconds that count as presence of the hub from one head seen to the next; while a grace
/// runs, the hub logs one as often.
// spec: TRU-35, TRU-70
pub const HEAD_SEEN_STEP_MAX_MS: u64 = 4 * 60 * 60 * 1_000;
/// Milliseconds that the time of a cosignature may be ahead of the clock and count.
// spec: EXC-78
pub const COSIGNATURE_AHEAD_MAX_MS: u64 = 5 * 60 * 1_000;
/// Features that a greeting may name.
pub const FEATURES_MAX: usize = 64;
/// Logs that one frontier frame may list; a longer frontier takes several frames.
pub const FRONTIER_LOGS_MAX: usize = 4_096;
/// Milliseconds between cosignatures of an unchanged head, unless the policy says otherwise.
pub const HEARTBEAT_MS: u64 = 600_000;
/// The shortest that a policy can make that: cosigners sign every log each time.
pub const HEARTBEAT_MS_MIN: u64 = 1_000;
