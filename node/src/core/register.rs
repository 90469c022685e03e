//! The home register: the hub's notices of acts on other logs' statements.

use concordat_protocol::codec::Ext;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize, hash};
use concordat_protocol::statement::{
    Body, Content, KeyUse, Kind, Leaf, Notice, Objection, Payload, Restart, Statement,
    StatementRef, sign,
};
use concordat_protocol::trust::LogNumber;

use crate::core::Core;
use crate::core::types::{Durable, Entry, Fatal, Signing};
use crate::disk::Disk;

impl<D: Disk> Core<D> {
    /// Enters a notice for every durable act that lies in another log than its target.
    // spec: EXC-22
    pub(super) fn write_notices(&mut self, durable: &[Durable]) -> Result<(), Fatal> {
        if !self.is_hub() {
            return Ok(());
        }
        let acts = durable
            .iter()
            .filter(|d| d.leaf.kind == Kind::Act && d.verified);
        self.unnoticed
            .extend(acts.map(|act| (act.origin.clone(), act.index)));
        let register = self.genesis.register_origin();
        for entry in durable.iter().filter(|d| d.origin == register) {
            let body = Body::decode(&entry.body).ok();
            let statement = body.and_then(|body| Statement::decode(body.statement()).ok());
            let content = statement.as_ref().map(|s| &s.payload().content);
            if let Some(Content::Notice(Notice { act, .. })) = content {
                self.noticed.insert((act.origin.clone(), act.index));
            }
        }
        // A notice that cannot be read may be of one of these acts.
        let unreadable = self.shared.damage.first_of(&register).is_some();
        if self.signing != Signing::Open || unreadable {
            return Ok(());
        }
        self.open_register()?;
        let mut entries: Vec<Entry> = Vec::new();
        for place in std::mem::take(&mut self.unnoticed) {
            if self.noticed.contains(&place) {
                continue;
            }
            if let Some(entry) = self.notice(&place.0, place.1) {
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

    /// Opens the register with an entry that says nothing came before it. Without a head nobody could
    /// tell an empty register from one that is withheld, and every measure would read as unknown. Before the
    /// registry has an entry there is nobody who could, and nothing is signed that could not be given up.
    // spec: EXC-40, STO-81
    fn open_register(&mut self) -> Result<(), Fatal> {
        let origin = self.genesis.register_origin();
        let is_empty = {
            let logs = self.shared.logs();
            logs.get(&origin)
                .is_none_or(|log| log.size() == TreeSize::ZERO)
        };
        if !is_empty || self.registry.size() == TreeSize::ZERO {
            return Ok(());
        }
        let opening = Content::Restart(Restart {
            size: TreeSize::ZERO,
            root: hash::empty_root(),
        });
        if let Some(entry) = self.sign_for(&origin, opening) {
            self.append(&origin, vec![entry])?;
        }
        Ok(())
    }

    /// The notice of an act; `None` for one on its own log, and for one whose body is still to come.
    /// A ruling gets one in any case: whether an objection came after it shows in the register alone.
    fn notice(&mut self, origin: &Origin, index: LeafIndex) -> Option<Entry> {
        let leaf = Leaf::decode(&self.shared.leaf(origin, index)?).ok()?;
        let body = Body::decode(&self.shared.body(origin, index)?).ok()?;
        let statement = Statement::decode(body.statement()).ok()?;
        let payload = statement.payload();
        let rules = matches!(payload.content, Content::Ruling(_));
        let target = payload.target.clone();
        let target = target.filter(|target| rules || target.origin != *origin)?;
        let objection = payload.content.objection();
        let over_cap = objection.is_some_and(Objection::over_cap).then_some(true);
        let ground = objection.map(Objection::ground);
        let reference = StatementRef {
            origin: origin.clone(),
            index,
            leaf_hash: leaf.hash(),
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
    pub(super) fn sign_own(&mut self, content: Content) -> Option<Entry> {
        let log = match content.class().kind() {
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
        self.sign_for(&origin, content)
    }

    /// Signs a statement for one of the node's own logs; `None` with a key that the registry has come to
    /// take away: nobody would take what it says.
    // spec: STO-44
    pub(super) fn sign_for(&mut self, origin: &Origin, content: Content) -> Option<Entry> {
        if self.foreign_keys().contains(&KeyUse::Statement) {
            return None;
        }
        let payload = Payload {
            issued_at: self.clock,
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
        self.entry(origin, &statement, None).ok()
    }
}
