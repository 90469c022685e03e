//! The home register: the hub's notices of acts on other logs' statements.

use concordat_protocol::codec::Ext;
use concordat_protocol::log::TreeSize;
use concordat_protocol::statement::{
    Body, Content, Kind, Notice, Payload, Statement, StatementRef, sign,
};
use concordat_protocol::trust::LogNumber;

use crate::core::Core;
use crate::core::types::{Durable, Entry, Fatal, Signing};
use crate::disk::Disk;

impl<D: Disk> Core<D> {
    /// Enters a notice for every durable act that lies in another log than its target.
    // spec: TRU-20
    pub(super) fn write_notices(&mut self, durable: &[Durable]) -> Result<(), Fatal> {
        if !self.is_hub() || self.signing != Signing::Open {
            return Ok(());
        }
        let mut entries: Vec<(Entry, TreeSize)> = Vec::new();
        for act in durable
            .iter()
            .filter(|d| d.leaf.kind == Kind::Act && d.verified)
        {
            let place = (act.origin.clone(), act.index);
            if self.noticed.contains(&place) {
                continue;
            }
            if let Some(entry) = self.notice(act) {
                self.noticed.insert(place);
                entries.push(entry);
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        let origin = self.genesis.register_origin();
        self.append(&origin, entries)?;
        Ok(())
    }

    fn notice(&mut self, act: &Durable) -> Option<(Entry, TreeSize)> {
        let body = Body::decode(&act.body).ok()?;
        let statement = Statement::decode(body.statement()).ok()?;
        let payload = statement.payload();
        let target = payload
            .target
            .clone()
            .filter(|target| target.origin != act.origin)?;
        let (ground, over_cap) = match &payload.content {
            Content::Objection(objection) => (
                Some(objection.ground()),
                objection.over_cap().then_some(true),
            ),
            _ => (None, None),
        };
        let (origin, index) = (act.origin.clone(), act.index);
        let reference = StatementRef {
            origin,
            index,
            leaf_hash: act.leaf.hash(),
        };
        let class = payload.class();
        let notice = Notice {
            target,
            act: reference,
            class,
            ground,
            over_cap,
        };
        self.sign_own(Content::Notice(notice))
    }

    /// Signs a statement that the node makes by itself, for one of its own logs.
    pub(super) fn sign_own(&mut self, content: Content) -> Option<(Entry, TreeSize)> {
        let payload = Payload {
            issued_at: self.now,
            target: None,
            register_size: None,
            batch: None,
            content,
            ext: Ext::default(),
        };
        let ctx = self.registry.ctx();
        let bytes = sign(
            &*self.keys.statement,
            self.me,
            self.me.code(),
            ctx,
            &payload,
        )
        .ok()?;
        let statement = Statement::decode(&bytes).ok()?;
        let log = match payload.class().kind() {
            Kind::Notice => LogNumber::Register,
            Kind::Registry => LogNumber::Registry,
            Kind::Data
            | Kind::Act
            | Kind::ActsMap
            | Kind::Receipts
            | Kind::Holdings
            | Kind::Deliveries
            | Kind::Agreement
            | Kind::HeadSeen
            | Kind::QueryRoot
            | Kind::Restart => LogNumber::Statements,
        };
        let origin = self.genesis.origin(self.me, log);
        let entry = self.entry(&origin, &statement).ok()?;
        Some((entry, ctx.size))
    }
}
