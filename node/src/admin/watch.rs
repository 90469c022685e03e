//! A watch: states again and again, and what happened between two of them.

use std::sync::Arc;
use std::time::Duration;

use concordat_protocol::admin::{
    AdminError, AlarmView, Detail, ErrorCode, Event, EventKind, LinkCode, LogView, PeerBrief,
    Reply, StatusView, WatchAsk,
};
use concordat_protocol::log::Origin;
use tokio::sync::watch;

use crate::admin::desk::Office;
use crate::admin::link::{Receiver, Sender};
use crate::admin::server::{send, stopped};
use crate::admin::status;

/// The shortest time between two states.
const INTERVAL_MIN: Duration = Duration::from_millis(100);
/// The longest.
const INTERVAL_MAX: Duration = Duration::from_secs(3_600);

/// Serves a watch until the client ends it or the node stops.
pub(super) async fn serve(
    office: Arc<Office>,
    receiver: &mut Receiver,
    sender: &mut Sender,
    ask: &WatchAsk,
    stopping: &mut watch::Receiver<bool>,
) {
    let interval = Duration::from_millis(ask.interval_ms).clamp(INTERVAL_MIN, INTERVAL_MAX);
    let registry = office.node.genesis().registry_origin();
    let mut before: Option<StatusView> = None;
    let ended = receiver.next();
    tokio::pin!(ended);
    loop {
        let of = Arc::clone(&office);
        let state = tokio::task::spawn_blocking(move || status::view(&of)).await;
        let Ok(Ok(state)) = state else { return };
        let events = before
            .as_ref()
            .map_or_else(Vec::new, |before| between(before, &state, &registry));
        for event in events {
            if send(sender, Reply::Event(event)).await.is_err() {
                return;
            }
        }
        if send(sender, Reply::Status(Box::new(state.clone())))
            .await
            .is_err()
        {
            return;
        }
        before = Some(state);
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = stopped(stopping) => {
                let error = AdminError::new(ErrorCode::ShuttingDown);
                let _ = send(sender, Reply::Error(error)).await;
                return;
            }
            frame = &mut ended => {
                if matches!(frame, Ok(Some(_))) {
                    let error = AdminError::new(ErrorCode::OutOfTurn);
                    let _ = send(sender, Reply::Error(error)).await;
                }
                return;
            }
        }
    }
}

/// What happened between two states.
fn between(before: &StatusView, now: &StatusView, registry: &Origin) -> Vec<Event> {
    let event = |kind| Event {
        at: now.at,
        kind,
        member: None,
        origin: None,
        size: None,
        reference: None,
        class: None,
        details: Vec::new(),
    };
    let mut events = Vec::new();
    let connected = |peer: &PeerBrief| peer.link == LinkCode::Connected;
    for peer in &now.peers {
        let known = before
            .peers
            .iter()
            .find(|known| known.member == peer.member);
        let was = known.is_some_and(connected);
        if was != connected(peer) {
            let kind = match was {
                true => EventKind::PeerLost,
                false => EventKind::PeerConnected,
            };
            events.push(Event {
                member: Some(peer.member),
                ..event(kind)
            });
        }
    }
    let known_alarm = |alarm: &&AlarmView| {
        let mut known = before.alarms.iter();
        known.any(|known| known.name == alarm.name && known.details == alarm.details)
    };
    for alarm in now.alarms.iter().filter(|alarm| !known_alarm(alarm)) {
        let name = Detail {
            name: "alarm".to_owned(),
            value: alarm.name.to_string(),
        };
        events.push(Event {
            details: [name].into_iter().chain(alarm.details.clone()).collect(),
            ..event(EventKind::Alarm)
        });
    }
    let known_notice = |notice: &&AlarmView| before.notices.contains(notice);
    for notice in now.notices.iter().filter(|notice| !known_notice(notice)) {
        let name = Detail {
            name: "notice".to_owned(),
            value: notice.name.to_string(),
        };
        events.push(Event {
            details: [name].into_iter().chain(notice.details.clone()).collect(),
            ..event(EventKind::Notice)
        });
    }
    for log in &now.logs {
        let known: Option<&LogView> = before.logs.iter().find(|known| known.origin == log.origin);
        let on = |kind| Event {
            origin: Some(log.origin.clone()),
            size: Some(log.size),
            ..event(kind)
        };
        if known.is_none_or(|known| known.size < log.size) {
            let own = log.origin.member() == now.member.as_str();
            events.push(on(match (log.origin == *registry, own) {
                (true, _) => EventKind::RegistryChanged,
                (false, true) => EventKind::HeadPublished,
                (false, false) => EventKind::Received,
            }));
        }
        if known.is_none_or(|known| known.witnessed_size < log.witnessed_size) {
            let size = log.witnessed_size;
            events.push(Event {
                size,
                ..on(EventKind::HeadWitnessed)
            });
        }
    }
    events
}
