//! Frames as they arrive: whole, in order, bounded.

use std::time::Duration;

use concordat_net::{
    CloseCode, CloseReason, EndpointOptions, FrameError, FrameReceiver, FrameSender, Priority,
};
use concordat_protocol::limits::FRAME_BYTES_MAX;

use crate::strangers::raw_pair;
use crate::support::{Pair, pair, pair_with};

/// A request stream with its first frame sent and received.
async fn request(pair: &Pair) -> ((FrameSender, FrameReceiver), (FrameSender, FrameReceiver)) {
    let mut near = pair.near.connection.open_request().await.unwrap();
    near.0.send(b"request").await.unwrap();
    let mut far = pair.far.connection.accept_request().await.unwrap();
    let frame = far.1.next(16).await.unwrap();
    assert_eq!(frame.as_deref(), Some(&b"request"[..]));
    (near, far)
}

#[tokio::test]
async fn control_stream_carries_frames_both_ways_in_order() {
    let mut pair = pair().await;
    for number in 0..100u32 {
        let bytes = number.to_be_bytes();
        pair.near.sender.send(&bytes).await.unwrap();
        pair.far.sender.send(&bytes).await.unwrap();
    }
    for number in 0..100u32 {
        let expected = Ok(Some(number.to_be_bytes().to_vec()));
        assert_eq!(pair.near.receiver.next(4).await, expected);
        assert_eq!(pair.far.receiver.next(4).await, expected);
    }
}

#[tokio::test]
async fn stream_carries_the_largest_frame_by_every_way_of_sending() {
    let pair = pair().await;
    let ((mut sender, _answer), (_, mut receiver)) = request(&pair).await;
    let largest = vec![7; FRAME_BYTES_MAX];
    let sent = largest.clone();
    let sending = tokio::spawn(async move {
        sender.set_priority(Priority::Acts).unwrap();
        sender.send(&sent).await.unwrap();
        sender.send_owned(sent.clone()).await.unwrap();
        sender.send_all(&[&sent, b"x", &sent]).await.unwrap();
        sender.finish().unwrap();
        sender.delivered().await.unwrap();
    });
    let small = b"x".to_vec();
    for expected in [&largest, &largest, &largest, &small, &largest] {
        let frame = receiver.next(usize::MAX).await.unwrap().unwrap();
        assert!(frame == *expected);
    }
    assert_eq!(receiver.next(1).await, Ok(None));
    sending.await.unwrap();
}

// spec: TRN-15
// spec: TRN-16
#[tokio::test]
async fn sender_refuses_empty_and_oversize_frames() {
    let mut pair = pair().await;
    let sender = &mut pair.near.sender;
    let oversize = vec![0; FRAME_BYTES_MAX + 1];
    let too_long = FrameError::TooLong {
        bytes: FRAME_BYTES_MAX + 1,
        limit: FRAME_BYTES_MAX,
    };
    assert_eq!(sender.send(b"").await, Err(FrameError::Empty));
    assert_eq!(sender.send_owned(Vec::new()).await, Err(FrameError::Empty));
    assert_eq!(sender.send(&oversize).await, Err(too_long));
    assert_eq!(sender.send_owned(oversize.clone()).await, Err(too_long));
    assert_eq!(sender.send_all(&[b"a", &oversize]).await, Err(too_long));
    sender.send(b"still usable").await.unwrap();
    let frame = pair.far.receiver.next(64).await.unwrap();
    assert_eq!(frame.as_deref(), Some(&b"still usable"[..]));
}

/// The other end announces a frame and sends nothing of it: the announcement alone is refused.
// spec: TRN-15
#[tokio::test]
async fn receiver_refuses_an_oversize_length_before_reading() {
    for (announced, limit, expected) in [
        (u32::MAX, usize::MAX, FRAME_BYTES_MAX),
        (1 + (1 << 20), FRAME_BYTES_MAX, FRAME_BYTES_MAX),
        (65, 64, 64),
    ] {
        let (raw, _endpoint, far) = raw_pair().await;
        let (mut sending, _receiving) = raw.open_bi().await.unwrap();
        sending.write_all(&announced.to_be_bytes()).await.unwrap();
        let (_, mut receiver) = far.connection.accept_request().await.unwrap();
        let refused = Err(FrameError::TooLong {
            bytes: announced as usize,
            limit: expected,
        });
        assert_eq!(receiver.next(limit).await, refused);
        assert_eq!(receiver.next(limit).await, refused);
        let code = CloseCode::FRAMING.as_u32().into();
        assert_eq!(sending.stopped().await, Ok(Some(code)));
    }
}

// spec: TRN-16
#[tokio::test]
async fn receiver_refuses_a_frame_of_no_bytes() {
    let (raw, _endpoint, far) = raw_pair().await;
    let (mut sending, _receiving) = raw.open_bi().await.unwrap();
    sending.write_all(&[0; 4]).await.unwrap();
    let (_, mut receiver) = far.connection.accept_request().await.unwrap();
    assert_eq!(receiver.next(64).await, Err(FrameError::Empty));
}

// spec: TRN-16
#[tokio::test]
async fn receiver_refuses_a_stream_that_ends_inside_a_frame() {
    for cut in 1..7 {
        let (raw, _endpoint, far) = raw_pair().await;
        let (mut sending, _receiving) = raw.open_bi().await.unwrap();
        let frame = [0, 0, 0, 3, 1, 2, 3];
        sending.write_all(&frame[..cut]).await.unwrap();
        sending.finish().unwrap();
        let (_, mut receiver) = far.connection.accept_request().await.unwrap();
        assert_eq!(receiver.next(64).await, Err(FrameError::Truncated), "{cut}");
    }
}

// spec: TRN-17
#[tokio::test]
async fn receiver_gives_up_on_frames_that_do_not_arrive() {
    let options = EndpointOptions {
        header_deadline: Duration::from_millis(250),
        frame_rate_min: 1 << 20,
        ..EndpointOptions::default()
    };
    // Nothing of the length, some of it, all of it, and some of the frame. An open stream shows
    // itself with its first byte, or with that of a later stream.
    for begun in [&[][..], &[0], &[0, 0, 0, 3], &[0, 0, 0, 3, 1]] {
        let (raw, _endpoint, far) = crate::strangers::raw_pair_with(options.clone()).await;
        let (mut sending, _receiving) = raw.open_bi().await.unwrap();
        let (mut later, _) = raw.open_bi().await.unwrap();
        sending.write_all(begun).await.unwrap();
        later.write_all(&[0]).await.unwrap();
        let (_, mut receiver) = far.connection.accept_request().await.unwrap();
        assert_eq!(receiver.next(64).await, Err(FrameError::Deadline));
    }
}

/// On the control stream, and between the frames of any other, silence is no fault.
#[tokio::test]
async fn receiver_waits_between_frames_and_loses_nothing_when_dropped() {
    let options = EndpointOptions {
        header_deadline: Duration::from_millis(150),
        ..EndpointOptions::default()
    };
    let mut pair = pair_with(options).await;
    let wait = Duration::from_millis(300);
    let waited = tokio::time::timeout(wait, pair.far.receiver.next(8)).await;
    assert!(waited.is_err());
    pair.near.sender.send(b"late").await.unwrap();
    let frame = pair.far.receiver.next(8).await.unwrap();
    assert_eq!(frame.as_deref(), Some(&b"late"[..]));
}

/// The receiver is dropped and taken up again at every single byte.
#[tokio::test]
async fn receiver_goes_on_inside_a_frame_after_it_was_dropped() {
    let (raw, _endpoint, far) = raw_pair().await;
    let (mut sending, _receiving) = raw.open_bi().await.unwrap();
    let bytes = [0, 0, 0, 3, 1, 2, 3];
    sending.write_all(&bytes[..1]).await.unwrap();
    let (_, mut receiver) = far.connection.accept_request().await.unwrap();
    for byte in &bytes[1..] {
        let short = Duration::from_millis(3);
        let begun = tokio::time::timeout(short, receiver.next(64)).await;
        assert!(begun.is_err());
        sending.write_all(&[*byte]).await.unwrap();
    }
    assert_eq!(receiver.next(64).await, Ok(Some(vec![1, 2, 3])));
}

/// Far more is queued for the past than fits the first flight; what was queued last but weighs most
/// arrives first all the same.
// spec: TRN-18
#[tokio::test]
async fn priorities_let_the_urgent_overtake() {
    let pair = pair().await;
    let ((mut slow, _a), (_b, mut slow_far)) = request(&pair).await;
    let ((mut urgent, _c), (_d, mut urgent_far)) = request(&pair).await;
    slow.set_priority(Priority::CatchUp).unwrap();
    urgent.set_priority(Priority::ForkEvidence).unwrap();
    slow.send_owned(vec![0; FRAME_BYTES_MAX / 2]).await.unwrap();
    urgent.send(b"evidence").await.unwrap();
    tokio::select! {
        biased;
        _ = slow_far.next(FRAME_BYTES_MAX) => panic!("the past came first"),
        frame = urgent_far.next(8) => assert_eq!(frame, Ok(Some(b"evidence".to_vec()))),
    }
    assert!(slow_far.next(FRAME_BYTES_MAX).await.unwrap().is_some());
}

#[test]
fn priorities_are_ordered_as_specified() {
    let order = [
        Priority::CatchUp,
        Priority::LiveTail,
        Priority::Acts,
        Priority::Control,
        Priority::ForkEvidence,
    ];
    assert!(order.is_sorted());
}

#[tokio::test]
async fn send_dropped_half_way_ends_the_stream() {
    let pair = pair().await;
    let ((mut sender, _answer), (_, mut receiver)) = request(&pair).await;
    let frame = vec![0; FRAME_BYTES_MAX];
    // The other end reads nothing, so the stream's window closes inside a frame.
    let dropped = tokio::time::timeout(Duration::from_millis(20), async {
        loop {
            sender.send(&frame).await.unwrap();
        }
    })
    .await;
    assert!(dropped.is_err());
    assert_eq!(sender.send(b"next").await, Err(FrameError::Finished));
    let reset = loop {
        match receiver.next(FRAME_BYTES_MAX).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(reset, FrameError::Reset(CloseCode::FRAMING));
}

#[tokio::test]
async fn codes_of_streams_reach_the_other_end() {
    let pair = pair().await;
    let code = CloseCode::from_u32(77);
    let ((mut sender, mut answer), (mut far_sender, mut far_receiver)) = request(&pair).await;
    sender.reset(code);
    assert_eq!(far_receiver.next(8).await, Err(FrameError::Reset(code)));
    answer.stop(code);
    assert_eq!(far_sender.delivered().await, Err(FrameError::Stopped(code)));
    assert_eq!(
        far_sender.send(b"answer").await,
        Err(FrameError::Stopped(code))
    );
    assert_eq!(sender.send(b"more").await, Err(FrameError::Finished));
}

#[tokio::test]
async fn streams_end_with_the_connection_and_say_why() {
    let mut pair = pair().await;
    let code = CloseCode::from_u32(99);
    let ((mut sender, mut answer), (_, mut far_receiver)) = request(&pair).await;
    pair.near.connection.close(code, "enough");
    let there = CloseReason::There(code);
    let here = CloseReason::Here(code);
    assert_eq!(pair.far.connection.closed().await, there);
    assert_eq!(pair.near.connection.closed().await, here);
    assert_eq!(far_receiver.next(8).await, Err(FrameError::Lost(there)));
    assert_eq!(
        pair.far.receiver.next(8).await,
        Err(FrameError::Lost(there))
    );
    assert_eq!(answer.next(8).await, Err(FrameError::Lost(here)));
    assert_eq!(sender.send(b"x").await, Err(FrameError::Lost(here)));
    assert!(pair.far.connection.accept_request().await.is_none());
    let opened = pair.far.connection.open_request().await;
    assert_eq!(opened.err(), Some(FrameError::Lost(there)));
}

#[tokio::test]
async fn connection_ends_with_its_last_handle() {
    let pair = pair().await;
    let (near, _answer) = pair.near.connection.open_request().await.unwrap();
    drop((pair.near, _answer));
    assert_eq!(pair.dialer.connections().len(), 1);
    assert_eq!(pair.far.connection.close_reason(), None);
    drop(near);
    let done = CloseReason::There(CloseCode::DONE);
    assert_eq!(pair.far.connection.closed().await, done);
    assert!(pair.dialer.connections().is_empty());
}

#[tokio::test]
async fn many_streams_from_both_ends_are_answered() {
    const STREAMS: u32 = 200;
    let pair = pair().await;
    let ask = |connection: concordat_net::Connection| async move {
        for number in 0..STREAMS {
            let (mut sender, mut receiver) = connection.open_request().await.unwrap();
            sender.send(&number.to_be_bytes()).await.unwrap();
            sender.finish().unwrap();
            let answer = receiver.next(4).await.unwrap();
            assert_eq!(answer, Some((number + 1).to_be_bytes().to_vec()));
            assert_eq!(receiver.next(4).await, Ok(None));
        }
    };
    let answer = |connection: concordat_net::Connection| async move {
        for _ in 0..STREAMS {
            let (mut sender, mut receiver) = connection.accept_request().await.unwrap();
            tokio::spawn(async move {
                let question = receiver.next(4).await.unwrap().unwrap();
                let number = u32::from_be_bytes(question.try_into().unwrap());
                sender.send(&(number + 1).to_be_bytes()).await.unwrap();
                sender.finish().unwrap();
            });
        }
    };
    let (near, far) = (&pair.near.connection, &pair.far.connection);
    tokio::join!(
        ask(near.clone()),
        ask(far.clone()),
        answer(near.clone()),
        answer(far.clone()),
    );
}
