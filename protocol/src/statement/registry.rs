//! Contents of the registry log: members, keys, mandates, the catalogue, policy.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{Truth, code_enum, integer_map};
use crate::key::PublicKey;
use crate::log::{Hash, LeafIndex, TreeSize};
use crate::region::RegionCode;
use crate::screen::find_personal;
use crate::statement::class::Class;
use crate::statement::decision::{ActType, BasisLevel, Code, LegalBasis};
use crate::statement::leaf::Vis;
use crate::statement::measure::Measure;
use crate::subject::AuthorityCode;
use crate::text::Text;
use crate::time::Day;

code_enum! {
    /// What a member is in the network.
    pub enum Role {
        /// A city or department with a node.
        Member = 1,
        /// The provincial hub: registry, home register, relay.
        Hub = 2,
        /// A department that publishes through a member's node; it has no log of its own.
        Issuer = 3,
    }
}

code_enum! {
    /// 行政层级: the level of an authority.
    pub enum Level {
        /// 国家级
        National = 1,
        /// 省级
        Provincial = 2,
        /// 设区的市级
        Prefectural = 3,
        /// 县级
        County = 4,
    }
}

code_enum! {
    /// What a key is for. No key has two uses.
    pub enum KeyUse {
        /// Signs statements.
        Statement = 1,
        /// Signs checkpoints.
        Log = 2,
        /// Identifies the node in TLS.
        Node = 3,
        /// Cosigns foreign checkpoints.
        Witness = 4,
        /// Identifies an administrator in TLS.
        Administrator = 5,
        /// Approves changes of the registry.
        Approver = 6,
        /// Unfreezes a log and opens sealed copies.
        Recovery = 7,
    }
}

code_enum! {
    /// Whether a member takes part in the exchange.
    pub enum Standing {
        /// Takes part.
        Active = 1,
        /// Is refused everything but acts.
        Suspended = 2,
        /// Has left; is refused everything but acts.
        Left = 3,
    }
}

code_enum! {
    /// Who may receive bodies of a visibility class.
    pub enum Audience {
        /// Every member, and the public.
        Public = 1,
        /// Every member.
        Members = 2,
        /// The issuer, the hub and the members named.
        Named = 3,
    }
}

code_enum! {
    /// 名单层级: whose list it is. What may found one differs (HS-5.2).
    pub enum ListScope {
        /// 国家统一的名单
        National = 1,
        /// 地方名单
        Local = 2,
    }
}

impl ListScope {
    /// Whether an act of this level may found such a list, or be the ground of an entry in it: a list of
    /// the whole country rests on a law, an administrative regulation or a central policy, or on a
    /// ministerial rule meanwhile; a local one on a local regulation alone (HS-5.2).
    #[must_use]
    pub const fn is_founded_by(self, level: BasisLevel) -> bool {
        match self {
            Self::Local => matches!(level, BasisLevel::LocalRegulation),
            Self::National => matches!(
                level,
                BasisLevel::Law
                    | BasisLevel::AdministrativeRegulation
                    | BasisLevel::CentralPolicy
                    | BasisLevel::MinisterialRule
            ),
        }
    }
}

/// Where a node listens: a host name or IP address and a port, as `host:port`, at most 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(String);

impl Address {
    /// Takes an address. The name is not resolved here.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b);
        let plain = !host.is_empty() && host.bytes().all(allowed) && text.len() <= 255;
        // `parse` alone would take a sign and leading zeros: one address, several texts.
        let number = port.parse::<u16>().ok().filter(|number| *number != 0);
        let exact = number.is_some_and(|number| number.to_string() == port);
        // spec: ID-37
        let free = || find_personal(text).is_none();
        (plain && exact && free()).then(|| Self(text.to_owned()))
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("an address is host:port"))
    }
}

integer_map! {
    /// 职权: what an authority may say, about what, from when until when. Days are those of the
    /// decision.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Mandate {
        /// Classes of statement.
        1 => classes: list(Class),
        /// Types of act, for decisions; none named means every type.
        2 => act_types: list(ActType),
        /// Items of the catalogue; none named means every item.
        3 => items: list(Code),
        /// First day.
        4 => from: req(Day),
        /// Last day.
        5 => until: opt(Day),
        /// Objections that may be received a day without being marked as over the cap.
        6 => objections_daily_cap: opt(u32),
        /// There when it reaches every authority's statements, as a supervisor's does.
        7 => supervises: opt(Truth),
    }
}

integer_map! {
    /// 入网: a member of the network, or an issuer under one.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Enrolment {
        /// The authority.
        1 => member: req(AuthorityCode),
        /// Its name.
        2 => name: req(Text<200>),
        /// Its region.
        3 => region: req(RegionCode),
        /// Its level.
        4 => level: req(Level),
        /// Its role.
        5 => role: req(Role),
        /// Its mandates.
        6 => mandates: list(Mandate),
        /// Keys that sign its statements, ascending.
        7 => statement_keys: list(PublicKey),
        /// The key of its log; absent for an issuer.
        8 => log_key: opt(PublicKey),
        /// The key of its node; absent for an issuer.
        9 => node_key: opt(PublicKey),
        /// The key with which it cosigns; absent for an issuer.
        10 => witness_key: opt(PublicKey),
        /// Keys of its administrators, ascending.
        11 => administrator_keys: list(PublicKey),
        /// SHA-256 of the next keys, by use: `[use, digest]`.
        12 => next_keys: list((KeyUse, Hash)),
        /// Where its node listens.
        13 => addresses: list(Address),
        /// The member through whose node an issuer publishes.
        14 => publishes_through: opt(AuthorityCode),
        /// The key to which sole copies are sealed.
        15 => recovery_key: opt(PublicKey),
        /// Digest suite of its log; 1 is SHA-256.
        16 => suite: req(u64),
    }
}

integer_map! {
    /// Rotation to another key of the same use.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Rotation {
        /// The member.
        1 => member: req(AuthorityCode),
        /// The use.
        2 => key_use: req(KeyUse),
        /// The key that ends.
        3 => old: req(PublicKey),
        /// The key that takes over; its digest was committed where one was.
        4 => new: req(PublicKey),
        /// SHA-256 of the key after it.
        5 => next: opt(Hash),
    }
}

integer_map! {
    /// A change of a member's standing.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Suspension {
        /// The member.
        1 => member: req(AuthorityCode),
        /// Its standing from here on.
        2 => standing: req(Standing),
        /// Why.
        3 => reasons: req(Text<4000>),
    }
}

integer_map! {
    /// Cut-off of a key. A log is never shortened: the new key continues from `continues`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CutOff {
        /// The member.
        1 => member: req(AuthorityCode),
        /// The use of the key.
        2 => key_use: req(KeyUse),
        /// The key.
        3 => key: req(PublicKey),
        /// Statements at or after this position of the member's log are touched. For a witness key
        /// the position is one of the hub's log; for node and administrator keys it is left out.
        4 => from: opt(LeafIndex),
        /// The highest cosigned head of the member's log: size and root.
        5 => continues: opt((TreeSize, Hash)),
        /// The key that continues; its digest was committed where one was, unless the recovery quorum
        /// signs too.
        6 => replacement: opt(PublicKey),
        /// SHA-256 of the key after the replacement; only with one.
        7 => next: opt(Hash),
    }
}

integer_map! {
    /// 失联认定: a member that does not take part is declared lost as a holder: nobody waits for it any more.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Loss {
        /// The member.
        1 => member: req(AuthorityCode),
        /// Why.
        2 => reasons: req(Text<4000>),
        /// The articles that it rests on; at least one.
        3 => basis: list(LegalBasis),
    }
}

integer_map! {
    /// 职能承继: an authority is dissolved or merged, and another takes over its log and its duties.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Succession {
        /// The authority that ends.
        1 => member: req(AuthorityCode),
        /// The authority that takes over; another one.
        2 => by: req(AuthorityCode),
        /// Why.
        3 => reasons: req(Text<4000>),
        /// The articles that it rests on; at least one.
        4 => basis: list(LegalBasis),
    }
}

integer_map! {
    /// 信息目录条目: an item of the catalogue.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CatalogueItem {
        /// Its code.
        1 => code: req(Code),
        /// Its title.
        2 => title: req(Text<200>),
        /// The types of act that it may be used for.
        3 => act_types: list(ActType),
        /// The visibility class of its statements.
        4 => vis: req(Vis),
        /// The longest publication, in days from the decision.
        5 => publication_days_max: req(u32),
        /// The articles it rests on.
        6 => basis: list(LegalBasis),
        /// The first day of decisions under it.
        7 => valid_from: req(Day),
        /// The last day of decisions under it.
        8 => valid_until: opt(Day),
        /// Days after which an unreachable issuer's record reads unknown; 10 when absent.
        9 => freshness_days: opt(u32),
        /// Measures that decisions under it may bring.
        10 => measures: list(Measure),
        /// Whose list it is; exactly with the types of act that list.
        11 => list_scope: opt(ListScope),
        /// The classes that it is for, ascending; decisions and entries in lists where none is named.
        12 => classes: list(Class),
        /// The article by which decisions under it are beyond repair; absent where they are not.
        13 => beyond_repair: opt(LegalBasis),
    }
}

impl CatalogueItem {
    /// Whether statements of a class may be made under it.
    // spec: STM-101
    #[must_use]
    pub fn is_for(&self, class: Class) -> bool {
        match self.classes.is_empty() {
            true => class.is_decision(),
            false => self.classes.contains(&class),
        }
    }

    /// Whether it is in force on a day.
    #[must_use]
    pub fn is_in_force(&self, day: Day) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|until| day <= until)
    }
}

integer_map! {
    /// A visibility class and who may receive its bodies.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct VisibilityClass {
        /// Its code in leaves.
        1 => code: req(Vis),
        /// Who may receive.
        2 => audience: req(Audience),
        /// Members named, ascending; only with [`Audience::Named`].
        3 => members: list(AuthorityCode),
    }
}

integer_map! {
    /// 信息目录: the catalogue of items, as a whole. The newest at `ctx` decides.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ItemCatalogue {
        /// Items, ascending by code.
        1 => items: list(CatalogueItem),
        /// Visibility classes, ascending by code.
        2 => classes: list(VisibilityClass),
        /// The class for near-personal subjects, whatever the item says.
        3 => near_personal: req(Vis),
    }
}

integer_map! {
    /// Cosigners and the numbers that every node obeys. A local file may only be stricter.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Policy {
        /// Members whose witness keys count, ascending.
        1 => cosigners: list(AuthorityCode),
        /// How many of them make a head witnessed.
        2 => quorum: req(u64),
        /// How many of them may be dishonest.
        3 => faults: req(u64),
        /// Milliseconds between cosignatures of an unchanged head.
        4 => heartbeat_ms: req(u64),
        /// Milliseconds that a statement's `ctx` may lag behind.
        5 => ctx_grace_ms: req(u64),
    }
}
