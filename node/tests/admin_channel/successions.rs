//! Whoever took over from an authority acts on what that one decided, in a log of its own.

use concordat_protocol::effect::Validity;
use concordat_protocol::statement::{BasisLevel, LegalBasis, Succession};

use super::late::withdrawal;
use super::*;

impl Pair {
    /// The hub takes over from the member.
    async fn succeed(&mut self) {
        let content = Content::Succession(Succession {
            member: self.member.node.member(),
            by: self.hub.node.member(),
            reasons: Text::new("机构改革，职责划入").unwrap(),
            basis: vec![LegalBasis {
                law: Text::new("某省机构改革方案").unwrap(),
                article: Text::new("第三条").unwrap(),
                level: BasisLevel::LocalRegulation,
            }],
        });
        self.network.append(content).unwrap();
        self.enter_last().await;
    }
}

// spec: EFF-243, TRU-113
#[tokio::test(flavor = "multi_thread")]
async fn successor_takes_back_what_its_predecessor_decided_and_nobody_did_before() {
    let mut pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        plan.hub.mandates = plan.members[0].mandates.clone();
    })
    .await;
    pair.import().await;
    let target = pair.first();
    let mut hub = Client::open(&pair.hub).await;
    let ask = withdrawal(&target).encode().unwrap();
    hub.send(&ask).await;
    let refused = hub.last().await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotTheIssuer, "{refused:?}");
    pair.succeed().await;
    hub.send(&ask).await;
    let recorded = match hub.last().await.unwrap().0 {
        Reply::Recorded(recorded) => recorded.reference.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(recorded.origin.member(), pair.hub.node.member().as_str());
    until(&pair.hub.node, |node| {
        let effect = node.effect_of(&target, clock::today()).unwrap();
        matches!(effect.validity, Validity::Withdrawn { by } if by == [recorded.clone()])
    })
    .await;
    pair.stop().await;
}
